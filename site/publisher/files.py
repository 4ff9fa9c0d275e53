"""Files of the site, written so that a reader sees the old one or the new one, whole."""

import os
import shutil
from pathlib import Path

from eventlog.files import flush


def read(path: Path) -> bytes | None:
    """What stands in a file, or None where there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def put(target: Path, data: bytes, *, flushed: bool = True) -> None:
    """Puts `data` at `target`: written and flushed to the disk under another name, then moved.

    In a folder that nobody reads yet it needs not be `flushed` each time.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            if flushed:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    if flushed:
        flush(target.parent)


def remove(folder: Path) -> None:
    """Removes a page's folder with what is in it; its page goes first."""
    (folder / "index.html").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def swap(fresh: Path, out: Path) -> None:
    """Puts the folder `fresh` in the place of `out`, both being on one disk.

    What was written is flushed to the disk before.
    Between the two renames `out` is missing for an instant; `recover` puts back what a crash
    left there.
    """
    os.sync()
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
