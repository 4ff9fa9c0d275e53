"""The folder that a site is written into, page by page, with what belongs to each page."""

import logging
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from publisher.machinery import Machinery
from publisher.sources import PageSource
from publisher.writing import files
from publisher.writing.album import Album, names_in
from publisher.writing.budgets import MOST_BYTES, most_bytes
from publisher.writing.compressed import brotlied, copies, suffixes

logger = logging.getLogger("huiyin.site")


class Tree:
    """The site's files at `root`. `picture` gives uploaded pictures by their SHA-256.

    A `fresh` one is not read yet, and flushed to the disk as a whole when it is done. In a `quick`
    one only what would weigh too much is compressed as well as it can be (`squeezing.py`).
    """

    def __init__(
        self,
        root: Path,
        machinery: Machinery,
        picture: Callable[[str], bytes | None],
        *,
        fresh: bool = False,
        quick: bool = False,
    ) -> None:
        self.root = root
        self._machinery = machinery
        self._fresh = fresh
        self._quick = quick
        self.album = Album(root, picture, flushed=not fresh)

    def write(self, source: PageSource) -> bool:
        """Writes a page, its pictures before it; takes away what only it named until now.

        False where it stood there as it is.
        """
        path = f"{source.path}index.html"
        before, after = self._standing(path), self._machinery.data(source)
        names = names_in(after)
        self.album.name(source.path, names, source.pictures)
        most = most_bytes(source.template)
        size_bytes = self._put(path, before, after, most)
        if size_bytes > most:
            logger.warning("page /%s has %d bytes, budget %d", source.path, size_bytes, most)
        self.album.forget(source.path, names_in(before) - names)
        return before != after

    def write_hand_written(self, path: str) -> None:
        """Writes a page of site/docs."""
        self.write_file(f"{path}index.html", self._machinery.data_hand_written(path))

    def write_file(self, path: str, data: bytes) -> None:
        """Writes what is no generated page."""
        self._put(path, self._standing(path), data)

    def remove(self, path: str) -> None:
        """Removes a page with its folder, empty ones above it, and what only it named."""
        page = files.read(self.root / path / "index.html")
        files.remove(self.root / path)
        for above in PurePosixPath(path).parents:
            folder = self.root / above
            if above.name and folder.exists() and not any(folder.iterdir()):
                folder.rmdir()
        self.album.forget(path, names_in(page))

    def remove_file(self, path: str) -> bool:
        """Removes what is no page with its copies, the copies first; False where it is not."""
        target = self.root / path
        for suffix in suffixes(path):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        stood = target.exists()
        target.unlink(missing_ok=True)
        return stood

    def sweep(self) -> None:
        """Takes away what nobody shows, after a publish that was cut short."""
        files.sweep(self.root)
        self.album.sweep()

    def _standing(self, path: str) -> bytes | None:
        """What stands at a path; in a fresh tree that is nothing."""
        return None if self._fresh else files.read(self.root / path)

    def _put(self, path: str, before: bytes | None, after: bytes, most: int = MOST_BYTES) -> int:
        """Puts a file with its copies there; returns the size of a brotli copy just made.

        One of more than `most` bytes is not made quickly.
        """
        target = self.root / path
        if before == after and all(
            target.with_name(target.name + suffix).exists() for suffix in suffixes(path)
        ):
            return 0
        beside = copies(path, after, quick=self._quick)
        if self._quick and len(beside.get(".br", b"")) > most:
            beside[".br"] = brotlied(path, after)
        files.put(target, after, beside, flushed=not self._fresh)
        return len(beside.get(".br", b""))
