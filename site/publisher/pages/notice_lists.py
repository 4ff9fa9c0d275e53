"""Lists of notices, cut so that one notice more or less touches one page of them.

Every notice keeps its place (`matters.public.notices.ListKind`). The oldest places, twenty at a
time, have pages of their own from `2/` on, which tell nothing of how many there are; what is left
is on the list's own page, the newest on top, which is where everyone comes in.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from matters.public.notices import Extent, ListKind, Notice
from publisher import addresses
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.words import wording

PER_PAGE = 20
# So many stay on the list's own page when others get a page of their own.
FRONT_LEAST = 10
# The page of a deputy, a station or an area shows so many itself.
SHOWN_THERE = 5
FRONT = 1
_OF_PLACES = (ListKind.AREA, ListKind.STATION, ListKind.DEPUTY)
KINDS = (ListKind.MONTH, ListKind.CATEGORY, *_OF_PLACES)


class NoticeList(NamedTuple):
    """A list that has pages."""

    kind: ListKind
    key: str

    @property
    def path(self) -> str:
        """Where its own page stands."""
        if self.kind is ListKind.MONTH:
            return addresses.month(self.key)
        if self.kind is ListKind.CATEGORY:
            return addresses.folder("notices", "category", self.key)
        folder = {ListKind.AREA: "areas", ListKind.STATION: "stations", ListKind.DEPUTY: "deputies"}
        return addresses.folder(folder[self.kind], self.key, "notices")


def lists_of(notice: Notice) -> set[NoticeList]:
    """The lists that a notice stands in."""
    return {NoticeList(kind, key) for kind in KINDS if (key := notice.key(kind))}


def last_page(places: int) -> int:
    """The number of the last page: `FRONT` where the list's own page holds all."""
    return FRONT + max(0, (places - FRONT_LEAST) // PER_PAGE)


def page_of(place: int, places: int) -> int:
    """The number of the page that a place is on."""
    number = place // PER_PAGE + FRONT + 1
    return number if number <= last_page(places) else FRONT


def has_pages(registers: SiteRegisters, listed: NoticeList, shown: int) -> bool:
    """Whether a list has pages at all, when `shown` notices stand in it."""
    if listed.kind in _OF_PLACES:
        return shown > SHOWN_THERE and _owner(registers, listed) is not None
    return shown > 0 and (
        listed.kind is ListKind.MONTH or listed.key in registers.content.categories
    )


def newest(registers: SiteRegisters, kind: ListKind, key: str) -> list[dict[str, Any]]:
    """The newest notices of a list, as the page of its owner shows them."""
    return registers.notice_rows(registers.content.notices.of(kind, key, SHOWN_THERE))


def link(registers: SiteRegisters, kind: ListKind, key: str) -> str:
    """The way to a list as it stands in a link, or "" where it has no pages."""
    listed = NoticeList(kind, key)
    shown = registers.content.notices.extent(kind, key).shown
    return addresses.href(listed.path) if has_pages(registers, listed, shown) else ""


def every(registers: SiteRegisters) -> Iterator[NoticeList]:
    """All lists that have pages."""
    for kind in KINDS:
        for key, shown in registers.content.notices.keys(kind):
            if key and has_pages(registers, listed := NoticeList(kind, key), shown):
                yield listed


def pages(registers: SiteRegisters, listed: NoticeList) -> Iterator[PageSource]:
    """All pages of a list, its own the last."""
    extent = registers.content.notices.extent(*listed)
    for number in (*range(FRONT + 1, last_page(extent.places) + 1), FRONT):
        yield page(registers, listed, extent, number)


def page(registers: SiteRegisters, listed: NoticeList, extent: Extent, number: int) -> PageSource:
    """A page of a list."""
    last = last_page(extent.places)
    # Page 2 has the oldest; the front the newest.
    first = (last - FRONT if number == FRONT else number - FRONT - 1) * PER_PAGE
    count = extent.places - first if number == FRONT else PER_PAGE
    older = last if number == FRONT else number - 1
    newer = FRONT if number == last else number + 1

    def at(page: int) -> str:
        return addresses.href(addresses.cut(listed.path, page))

    meta: dict[str, Any] = {
        "section": "notices/",
        "title": _title(registers, listed),
        "trail": [{"path": "notices/", "name": "公示"}, *_above(registers, listed)],
        "count": extent.shown if number == FRONT else 0,
        "notices": registers.notice_rows(registers.content.notices.at(*listed, first, count)),
        "older": at(older) if older != FRONT else "",
        "oldest": at(FRONT + 1) if older > FRONT + 1 else "",
        "newer": at(newer) if number != FRONT else "",
        "newest": at(FRONT) if number != FRONT and newer != FRONT else "",
    }
    return PageSource(addresses.cut(listed.path, number), "notice_list.html", meta)


def _owner(registers: SiteRegisters, listed: NoticeList) -> dict[str, Any] | None:
    """Name and path of whose page leads to a list."""
    if listed.kind is ListKind.AREA:
        return registers.area_link(listed.key)
    if listed.kind is ListKind.STATION:
        return registers.station_link(listed.key)
    return registers.deputy_link(listed.key)


def _title(registers: SiteRegisters, listed: NoticeList) -> str:
    if listed.kind is ListKind.MONTH:
        return f"{wording.month_name(listed.key)}的公示"
    if listed.kind is ListKind.CATEGORY:
        return f"{registers.content.categories[listed.key].name}：公示"
    owner = _owner(registers, listed)
    return f"{owner['name'] if owner else ''}：公示"


def _above(registers: SiteRegisters, listed: NoticeList) -> list[dict[str, Any]]:
    owner = _owner(registers, listed) if listed.kind in _OF_PLACES else None
    return [{"path": owner["path"], "name": owner["name"]}] if owner else []
