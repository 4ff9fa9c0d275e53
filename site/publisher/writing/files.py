"""Files of the site, written so that a reader sees the old one or the new one, whole."""

import ctypes
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from eventlog.crash_points import CrashPoint, reached
from eventlog.files import flush

# What Linux calls them (renameat2(2)).
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_TEMPORARY = re.compile(r"\..+\.\d+")


def read(path: Path) -> bytes | None:
    """What stands in a file, or None where there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def put(
    target: Path, data: bytes, copies: Mapping[str, bytes] | None = None, *, flushed: bool = True
) -> None:
    """Puts `data` at `target`, and beside it, under its name and each suffix, the `copies` of it.

    All are written and flushed to the disk under other names. Then the old copies go, the file is
    moved to its place, and the new copies after it: at no moment, a crash included, does a copy
    stand beside a file that it is no copy of. In a folder that nobody reads yet, and that is
    flushed as a whole, all this is not needed (`flushed`).
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    made = {target: data}
    for suffix, copy in (copies or {}).items():
        made[target.with_name(target.name + suffix)] = copy
    if not flushed:
        for path, content in made.items():
            _write_anew(path, content)
        return
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in made}
    try:
        for path, content in made.items():
            temporary[path].write_bytes(content)
        for path in temporary.values():
            flush(path)
        reached(CrashPoint.PAGE_WRITTEN)
        for path in made:
            if path != target:
                path.unlink(missing_ok=True)
        for path in made:
            temporary[path].replace(path)
            reached(CrashPoint.PAGE_RENAMED)
    except BaseException:
        for path in temporary.values():
            path.unlink(missing_ok=True)
        raise
    flush(target.parent)


def _write_anew(path: Path, content: bytes) -> None:
    """Writes a file that is there mostly not, and then in no way shared with another."""
    try:
        file = path.open("xb")
    except FileExistsError:
        # A picture may be shared with the site before, and is not to be written into.
        path.unlink()
        file = path.open("xb")
    with file:
        file.write(content)


def append(path: Path, line: bytes) -> None:
    """Adds a line to a file and flushes it to the disk; a crash may leave a part of the line."""
    with path.open("ab") as file:
        file.write(line)
    flush(path)


def remove(folder: Path) -> None:
    """Removes a page's folder with what is in it; copies of its page go first, then its page."""
    for copy in folder.glob("index.html.*"):
        copy.unlink(missing_ok=True)
    (folder / "index.html").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def sweep(root: Path) -> None:
    """Removes what `put` leaves in a folder, and below it, when it is killed."""
    for folder, _, names in os.walk(root):
        for name in names:
            if _TEMPORARY.fullmatch(name):
                Path(folder, name).unlink(missing_ok=True)


def swap(fresh: Path, out: Path) -> None:
    """Puts the folder `fresh` in the place of `out`, both being on one disk, in one step.

    What was written is flushed to the disk before. Where the system can't exchange two folders,
    `out` is missing for an instant between two renames; `recover` puts back what a crash left.
    """
    os.sync()
    old = out.with_name(f"{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    reached(CrashPoint.SITE_BUILT)
    if out.exists():
        if _exchange(fresh, out):
            fresh.rename(old)
        else:
            out.rename(old)
            fresh.rename(out)
    else:
        fresh.rename(out)
    reached(CrashPoint.SITE_SWAPPED)
    flush(out.parent)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchanges two folders in one step; False where the system or its disk can't."""
    try:
        done = ctypes.CDLL(None).renameat2(
            _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
        )
    except AttributeError:
        return False
    return bool(done == 0)


def recover(out: Path) -> None:
    """Finishes a swap that a crash cut short: the old pages come back if the new are not there."""
    old = out.with_name(f"{out.name}.old")
    if old.exists() and not out.exists():
        old.rename(out)
    for left in (old, out.with_name(f"{out.name}.new")):
        shutil.rmtree(left, ignore_errors=True)
