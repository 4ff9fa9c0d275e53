"""A small site at a hub, and the line over which a copy of it is kept."""

from collections.abc import Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # It ships no types.

from eventlog.files import write_atomically
from sync.mirror.manifest import Change, Manifest, Page
from sync.mirror.mirror import Cursor, Fetched, Mirror, NotThere
from sync.mirror.parts import BROTLI, PLAIN, Begun
from sync.mirror.progress import Progress

COPIES = (".br", ".gz")
SITE = {
    "pictures/0123-face.webp": "RIFF" * 20,
    "notices/1/index.html": "one to:index.html to:pictures/0123-face.webp",
    "notices/index.html": "all to:notices/1/index.html",
    "index.html": "home to:notices/index.html",
    "sitemap.xml": "to:index.html to:notices/1/index.html",
    "empty.txt": "",
}


class LineCut(Exception):
    """The line was cut."""


class Hub:
    """A folder with its manifest; `room` is how many bytes go over the line before it is cut."""

    def __init__(self, home: Path) -> None:
        self.site = home / "hub"
        self.home = home
        self.manifest = Manifest(self.site, home / "manifest.db", copies=COPIES)
        self.room: float = float("inf")
        self.at = 1000
        self.asked: list[tuple[str, int]] = []
        self.sent = 0

    def put(self, **changed: str | None) -> None:
        """Write or remove files; `__` stands for a slash, `_` for a dot."""
        self.write({name.replace("__", "/").replace("_", "."): to for name, to in changed.items()})

    def write(self, files: dict[str, str] | dict[str, str | None]) -> None:
        for name, text in files.items():
            path = self.site / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
        self.manifest.scan()

    def page(self, cursor: Cursor, most: int = 100) -> Page:
        return self.manifest.changes(*cursor, most, at_ms=self.at)

    def fetch(self, change: Change, begun: Begun, dictionary: bytes | None) -> Fetched:
        self.asked.append((change.path, begun.offset))
        path = self.site / change.path
        if not path.exists():
            raise NotThere
        data = path.read_bytes()
        coding = begun.coding or (BROTLI if path.suffix == ".html" else PLAIN)
        coded = brotli.compress(data) if coding == BROTLI else data
        return Fetched(coding, begun.offset, self.over_the_line(coded[begun.offset :]))

    def over_the_line(self, data: bytes) -> Iterator[bytes]:
        for byte in data:
            if self.room <= 0:
                raise LineCut
            self.room -= 1
            self.sent += 1
            yield bytes([byte])


def place(target: Path, data: bytes, coded: bytes | None) -> None:
    """Put a file and its copies in place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, data)
    if coded is not None:
        write_atomically(target.with_name(target.name + ".br"), coded)


def round_of(mirror: Mirror, hub: Hub, most: int = 100) -> Progress:
    """Do one whole round."""
    while True:
        page = hub.page(mirror.listed, most)
        mirror.take(page)
        if not page.more:
            return mirror.work(hub.fetch)


def files(folder: Path) -> dict[str, str]:
    """Every file of a folder that is no copy, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in COPIES
    }
