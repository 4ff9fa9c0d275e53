"""What a quick build left for later: brotli copies as small as they get.

A whole site of a small county is built in a second, and squeezed in three. So a node that people
wait for builds it quickly and squeezes it when nothing else is to be done, a page at a time. A
file beside the site says that there is work left, and outlives a process that is killed.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from publisher.writing import files
from publisher.writing.compressed import brotlied, one_of_many, suffixes


def mark(out: Path) -> Path:
    """The file that stands beside a site as long as it is to be squeezed."""
    return out.with_name(f"{out.name}.unsqueezed")


def squeeze(out: Path) -> Iterator[Path]:
    """Squeezes the pages of the site at `out`, one at each step; the last step takes the mark.

    Whoever also writes to the site does so between two steps, in the same thread.
    """
    if not mark(out).exists():
        return
    for path in list(_few(out)):
        data = files.read(out / path)
        copy = out / f"{path}.br"
        if data is None or not copy.exists():
            continue
        small = brotlied(path, data)
        if small != files.read(copy):
            files.put(copy, small)
            yield copy
    mark(out).unlink(missing_ok=True)


def _few(out: Path) -> Iterator[str]:
    """The paths of the files that have copies and are not of a kind with many."""
    for folder, below, names in os.walk(out):
        root = Path(folder).relative_to(out).as_posix()
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = name if root == "." else f"{root}/{name}"
            if suffixes(path) and not one_of_many(path):
                yield path
