"""Which pages a change touches."""

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from matters.public.notices import ListKind
from publisher import addresses
from publisher.content import Content
from publisher.pages.notice_lists import NoticeList
from publisher.writing import files


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changed since the last publish.

    `notices` are numbers that were published, edited or withdrawn. `deputies` and `stations`
    are ids that were added, edited or removed; `registers` means that anything about them,
    or the duty days, may have changed. `pages`: those that the county writes itself, which
    stations and the front page link to. `everything` is for what stands on every page: the
    county, areas, categories and units. `edited` are (noun, id) of deputies and stations whose
    own pages are written before all others, for somebody is looking at them.
    """

    notices: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    registers: bool = False
    pages: bool = False
    everything: bool = False
    edited: tuple[tuple[str, str], ...] = ()

    @property
    def in_registers(self) -> bool:
        """Whether pages of deputies, stations and areas are touched by more than notices."""
        return bool(self.registers or self.deputies or self.stations)


_LINK = re.compile(
    r'href="\.\./(?:\.\./(areas|stations|deputies)/|(category)/|(?=\d{4}-\d\d/))([^/"]+)/'
)
_KINDS = {
    "areas": ListKind.AREA,
    "stations": ListKind.STATION,
    "deputies": ListKind.DEPUTY,
    "category": ListKind.CATEGORY,
    "": ListKind.MONTH,
}
_HEADING = re.compile(rb"<h1[^>]*>(.*?)</h1>", re.DOTALL)


def shown_on(out: Path, number: str) -> set[NoticeList]:
    """The lists that the page on disk of a notice links to: where it was shown until now."""
    page = files.read(out / addresses.notice(number) / "index.html") or b""
    _, _, article = page.decode("utf-8").partition("<article")
    return {
        NoticeList(_KINDS[above or below], unquote(key))
        for above, below, key in _LINK.findall(article)
    }


def heading(out: Path, path: str) -> str | None:
    """The heading of a page on disk, or None where there is none."""
    found = _HEADING.search(files.read(out / path / "index.html") or b"")
    return unescape(found[1].decode("utf-8")) if found else None


def renamed(content: Content, out: Path) -> set[NoticeList]:
    """The lists of deputies and stations who came, left, or are called something else now."""
    found = set()
    for kind, folder, names in (
        (ListKind.DEPUTY, "deputies", {d.id: d.name for d in content.deputies.values()}),
        (ListKind.STATION, "stations", {s.id: s.name for s in content.stations.values()}),
    ):
        there = {p.parent.name for p in (out / folder).glob("*/index.html")}
        for id in there | names.keys():
            if heading(out, addresses.folder(folder, id)) != names.get(id):
                found.add(NoticeList(kind, id))
    return found
