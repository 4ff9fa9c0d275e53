"""What a site's folder notes of itself: where each notice stands, and who is called what.

A later publish reads it, for by then nobody may know any more where a notice stood. It is one
hidden file in the folder, so that it comes and goes with the pages that it tells of.
"""

from pathlib import Path

import msgspec

from matters.public.notices import ListKind, Notice
from publisher.content import Content
from publisher.pages.notice_lists import KINDS, NoticeList
from publisher.writing import files

NAME = ".record"


class SiteRecord(msgspec.Struct):
    """`notices` has the keys of each notice's lists in the order of `KINDS`, "" where in none.

    `names` has what each deputy and station is called on their pages, by kind and id.
    """

    notices: dict[str, list[str]] = {}
    names: dict[str, dict[str, str]] = {}

    def lists_of(self, number: str) -> set[NoticeList]:
        """The lists that may show a notice."""
        keys = self.notices.get(number, [])
        return {NoticeList(kind, key) for kind, key in zip(KINDS, keys, strict=False) if key}

    def note(self, number: str, notice: Notice | None) -> None:
        """Takes down where a notice stands now; None: nowhere."""
        if notice is None:
            self.notices.pop(number, None)
        else:
            self.notices[number] = [notice.key(kind) for kind in KINDS]

    def note_names(self, content: Content) -> None:
        """Takes down what deputies and stations are called now."""
        self.names = _names(content)

    def renamed(self, content: Content) -> set[NoticeList]:
        """The lists of deputies and stations who came, left, or are called something else now."""
        return {
            NoticeList(ListKind(kind), id)
            for kind, names in _names(content).items()
            for id in names.keys() | self.names.get(kind, {}).keys()
            if names.get(id) != self.names.get(kind, {}).get(id)
        }

    def write(self, root: Path, *, flushed: bool = True) -> None:
        """Writes it into the site at `root`, where it is not there already."""
        data = msgspec.json.encode(self, order="deterministic")
        if data != files.read(root / NAME):
            files.put(root / NAME, data, flushed=flushed)


def read(root: Path) -> SiteRecord | None:
    """The record of the site at `root`; None where there is none that can be read."""
    try:
        return msgspec.json.decode(files.read(root / NAME) or b"", type=SiteRecord)
    except msgspec.DecodeError:
        return None


def _names(content: Content) -> dict[str, dict[str, str]]:
    return {
        ListKind.DEPUTY.value: {one.id: one.name for one in content.deputies.values()},
        ListKind.STATION.value: {one.id: one.name for one in content.stations.values()},
    }
