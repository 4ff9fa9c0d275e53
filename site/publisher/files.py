"""Files of the site, written so that a reader sees the old one or the new one, whole."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from eventlog.files import flush


def replace(target: Path, write: Callable[[Path], object]) -> bool:
    """Has `write` fill a file beside `target` and moves it there; False where nothing changed.

    The folder is made; the file is flushed to the disk before the move, its folder after.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        write(temporary)
        if target.exists() and target.read_bytes() == temporary.read_bytes():
            return False
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    flush(target.parent)
    return True


def remove(folder: Path) -> None:
    """Removes a page's folder with what is in it; its page goes first."""
    (folder / "index.html").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def swap(fresh: Path, out: Path) -> None:
    """Puts the folder `fresh` in the place of `out`, both being on one disk.

    Between the two renames `out` is missing for an instant; `recover` puts back what a crash
    left there.
    """
    old = out.with_name(f"{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    flush(out.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover(out: Path) -> None:
    """Finishes a swap that a crash cut short: the old pages come back."""
    old = out.with_name(f"{out.name}.old")
    if old.exists() and not out.exists():
        old.rename(out)
