"""What a site's folder notes of itself: where each notice stands, and who is called what.

A later publish reads it, for by then nobody may know any more where a notice stood. It is one
hidden file in the folder, so that it comes and goes with the pages that it tells of: a line of
JSON for all that was built, and one more for what each publish changed.
"""

from pathlib import Path
from sys import intern

import msgspec

from matters.public.notices import ListKind, Notice
from publisher.content import Content
from publisher.pages.notice_lists import KINDS, NoticeList
from publisher.writing import files

NAME = ".record"


class _Line(msgspec.Struct):
    """`notices` has the keys of each notice's lists in the order of `KINDS`, "" where in none.

    Of a notice that stands nowhere any more it has no keys. `names` has what each deputy and
    station is called on their pages, by kind and id; it is empty where a line tells of notices.
    """

    notices: dict[str, list[str]] = {}
    names: dict[str, dict[str, str]] = {}


class SiteRecord:
    """The record of one site, held in memory; `write` keeps its file in step."""

    def __init__(self) -> None:
        self.notices: dict[str, tuple[str, ...]] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._unwritten = _Line()
        self._file: tuple[int, ...] = ()
        # What a crash left of a last line is not to be written on.
        self._torn = False

    @classmethod
    def read(cls, root: Path) -> "SiteRecord | None":
        """The record of the site at `root`; None where there is none that can be read."""
        record = cls()
        record._written(root)
        *lines, rest = (files.read(root / NAME) or b"").split(b"\n")
        record._torn = bool(rest)
        try:
            for line in lines:
                record._take(msgspec.json.decode(line, type=_Line))
        except msgspec.DecodeError:
            return None
        return record if lines else None

    def lists_of(self, number: str) -> set[NoticeList]:
        """The lists that may show a notice."""
        keys = self.notices.get(number, ())
        return {NoticeList(kind, key) for kind, key in zip(KINDS, keys, strict=False) if key}

    def note(self, number: str, notice: Notice | None) -> None:
        """Takes down where a notice stands now; None: nowhere."""
        keys = [] if notice is None else [notice.key(kind) for kind in KINDS]
        if tuple(keys) != self.notices.get(number, ()):
            self._take(_Line({number: keys}))
            self._unwritten.notices[number] = keys

    def note_names(self, content: Content) -> None:
        """Takes down what deputies and stations are called now."""
        names = _names(content)
        if names != self._names:
            self._names = self._unwritten.names = names

    def renamed(self, content: Content) -> set[NoticeList]:
        """The lists of deputies and stations who came, left, or are called something else now."""
        return {
            NoticeList(ListKind(kind), id)
            for kind, names in _names(content).items()
            for id in names.keys() | self._names.get(kind, {}).keys()
            if names.get(id) != self._names.get(kind, {}).get(id)
        }

    def whole(self) -> bytes:
        """All of it in one line."""
        notices = {number: list(keys) for number, keys in self.notices.items()}
        return _encoded(_Line(notices, self._names))

    def write_whole(self, root: Path, *, flushed: bool = True) -> None:
        """Writes all of it into the site at `root`, as a build from nothing would."""
        files.put(root / NAME, self.whole(), flushed=flushed)
        self._written(root)

    def write(self, root: Path) -> None:
        """Adds to the record of the site at `root` what was noted since it was last written."""
        if self._torn:
            self.write_whole(root)
        elif self._unwritten != _Line():
            files.append(root / NAME, _encoded(self._unwritten))
            self._written(root)

    def is_of(self, root: Path) -> bool:
        """Whether the file of the site at `root` is the one that was last read or written here."""
        return self._file == _mark(root)

    def _written(self, root: Path) -> None:
        self._file, self._unwritten, self._torn = _mark(root), _Line(), False

    def _take(self, line: _Line) -> None:
        for number, keys in line.notices.items():
            if keys:
                # Many notices stand in few lists.
                self.notices[number] = tuple(map(intern, keys))
            else:
                self.notices.pop(number, None)
        self._names = line.names or self._names


def _encoded(line: _Line) -> bytes:
    return msgspec.json.encode(line, order="deterministic") + b"\n"


def _mark(root: Path) -> tuple[int, ...]:
    """What tells the record's file from any other that may come to stand in its place."""
    try:
        stat = (root / NAME).stat()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _names(content: Content) -> dict[str, dict[str, str]]:
    return {
        ListKind.DEPUTY.value: {one.id: one.name for one in content.deputies.values()},
        ListKind.STATION.value: {one.id: one.name for one in content.stations.values()},
    }
