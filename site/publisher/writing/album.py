"""The pictures of a site's folder, and who names each: what no page names any more goes at once.

Beside a picture's files lies `.{name}`, a line for each page that names it. It is written before
the page and shortened after it; what a crash leaves in between, `sweep` finds.
"""

import os
import re
from collections.abc import Callable, Iterable, Set
from pathlib import Path

from publisher.writing import files
from publisher.writing.pictures import EXTENSIONS, FOLDER, PictureKind, name, renditions

_NAMED = re.compile(rf"{FOLDER}([0-9A-Za-z]{{1,16}}-(?:{'|'.join(PictureKind)}))\.")


def names_in(page: bytes | None) -> set[str]:
    """The names of the pictures that a page shows."""
    if not page or FOLDER.encode() not in page:
        return set()
    return set(_NAMED.findall(page.decode("utf-8", "replace")))


class Album:
    """The folder `pictures/` of the site at `root`. `picture` gives what was uploaded."""

    def __init__(
        self, root: Path, picture: Callable[[str], bytes | None], *, flushed: bool = True
    ) -> None:
        self._flushed = flushed
        self._root = root
        self._folder = root / FOLDER
        self._picture = picture

    def name(self, path: str, names: Set[str], pictures: Iterable[tuple[str, PictureKind]]) -> None:
        """Puts the pictures there that the page `path` is about to name."""
        for sha256, kind in pictures:
            called = name(sha256, kind)
            if called not in names:
                continue
            if not all(self._file(called, extension).exists() for extension in EXTENSIONS):
                data = self._picture(sha256)
                made = renditions(data, kind) if data is not None else None
                for extension, body in (made or {}).items():
                    files.put(self._file(called, extension), body, flushed=self._flushed)
            self._tell(called, self._pages(called) | {path})

    def forget(self, path: str, names: Set[str]) -> None:
        """Takes note that the page `path` names these no more; removes those that none names."""
        for called in names:
            self._tell(called, self._pages(called) - {path})
        if names and self._folder.exists() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def adopt(self, other: Path) -> None:
        """Takes over the pictures' files of another site, without who names them."""
        for extension in EXTENSIONS:
            for file in (other / FOLDER).glob(f"*.{extension}"):
                self._folder.mkdir(parents=True, exist_ok=True)
                # Never written in place, so that both sites may share the file.
                os.link(file, self._folder / file.name)

    def sweep(self) -> None:
        """Drops what no page names, by looking at each page that is said to name a picture."""
        called = {file.stem for file in self._folder.glob("[!.]*")}
        called |= {file.name[1:] for file in self._folder.glob(".*")}
        shown: dict[str, set[str]] = {}
        for one in sorted(called):
            for path in self._pages(one) - shown.keys():
                page = self._root / path / "index.html"
                shown[path] = names_in(page.read_bytes() if page.exists() else None)
            self._tell(one, {path for path in self._pages(one) if one in shown[path]})
        if self._folder.exists() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _file(self, called: str, extension: str) -> Path:
        return self._folder / f"{called}.{extension}"

    def _pages(self, called: str) -> set[str]:
        note = self._folder / f".{called}"
        return set(note.read_text("utf-8").splitlines()) if note.exists() else set()

    def _tell(self, called: str, pages: set[str]) -> None:
        note = self._folder / f".{called}"
        if pages:
            lines = "".join(f"{path}\n" for path in sorted(pages))
            files.put(note, lines.encode(), flushed=self._flushed)
            return
        for extension in EXTENSIONS:
            self._file(called, extension).unlink(missing_ok=True)
        note.unlink(missing_ok=True)
