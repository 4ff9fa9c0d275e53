"""Notices: each by itself, by month, and the index of months."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, TypeVar

from matters.public.notices import ListKind, Notice
from publisher import addresses
from publisher.pages.notice_lists import NoticeList
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.words import wording
from publisher.writing.pictures import PictureKind, shown

Line = TypeVar("Line")

YEARS_SHOWN = 2
IN_COLUMN = 8
_SECTION = {"section": "notices/"}


def page_count(count: int, per_page: int) -> int:
    """How many pages a list is cut into; an empty list has one."""
    return max(1, -(-count // per_page))


def turning(path: str, now: int, last: int) -> dict[str, Any]:
    """Where a page of a list that is cut into pages stands: now, last, before, after."""
    return {
        "now": now,
        "last": last,
        "before": addresses.href(addresses.cut(path, now - 1)) if now > 1 else None,
        "after": addresses.href(addresses.cut(path, now + 1)) if now < last else None,
    }


def parts(
    path: str, lines: Sequence[Line], per_page: int
) -> Iterator[tuple[str, Sequence[Line], dict[str, Any]]]:
    """The pages that a list is cut into: where each stands, its lines, and the turning."""
    last = page_count(len(lines), per_page)
    for now in range(1, last + 1):
        shown = lines[(now - 1) * per_page : now * per_page]
        yield addresses.cut(path, now), shown, turning(path, now, last)


def notice(registers: SiteRegisters, notice: Notice) -> PageSource:
    """The page of one notice, which links to every list that shows it."""
    content = registers.content
    units = [content.units[id].name for id in notice.units if id in content.units]
    category = content.categories.get(notice.category)
    result = content.county.results.get(notice.result, "") if notice.result else ""
    month = {
        "path": addresses.href(addresses.month(notice.month)),
        "name": wording.month_name(notice.month),
    }
    meta = {
        **_SECTION,
        "title": wording.visible(notice.title),
        "trail": [{"path": "notices/", "name": "公示"}, month],
        "month": month,
        "number": notice.number,
        "state": wording.STATES.get(notice.state, notice.state),
        "text": wording.visible(notice.text),
        "answer": wording.visible(notice.answer),
        "received": wording.day_said(notice.received_at),
        "answered": wording.day_said(notice.answered_at) if notice.answered_at is not None else "",
        "published": wording.day_said(notice.published_at),
        "category": category.name if category else "",
        "category_path": addresses.href(NoticeList(ListKind.CATEGORY, category.id).path)
        if category
        else "",
        "area": registers.area_link(notice.area),
        "station": registers.station_link(notice.station),
        "deputy": registers.deputy_link(notice.deputy),
        "units": units,
        "result": " ".join(filter(None, (notice.result, result))),
        "ratings": [
            {"of": words, "is": wording.RATINGS.get(notice.ratings[key], notice.ratings[key])}
            for key, words in (("reply", "对答复"), ("result", "对结果"))
            if notice.ratings.get(key)
        ],
        "imported": notice.imported,
        "pairs": _pictures(registers, notice),
    }
    pictures = tuple((sha, PictureKind.WIDE) for sha in (*notice.before, *notice.after))
    return PageSource(addresses.notice(notice.number), "notice.html", meta, pictures)


def _pictures(registers: SiteRegisters, notice: Notice) -> list[dict[str, Any]]:
    """What it looked like before and after, side by side."""
    return [
        {"words": words, "picture": picture}
        for before, after in zip_longest(notice.before, notice.after, fillvalue="")
        for words, sha in (("办理前", before), ("办理后", after))
        if (picture := shown(registers.content, sha, PictureKind.WIDE, words))
    ]


def _tile(path: str, name: str, count: int) -> dict[str, str]:
    return {"path": addresses.href(path), "name": name, "note": f"{count} 件"}


def _months(months: Iterable[tuple[str, int]]) -> list[dict[str, str]]:
    return [
        _tile(addresses.month(month), wording.month_name(month), count) for month, count in months
    ]


def index(registers: SiteRegisters) -> PageSource:
    """The newest notices, the months of the last years, the way to older years and categories."""
    content = registers.content
    counts = dict(content.notices.keys(ListKind.CATEGORY))
    years = Counter[str]()
    for month, count in registers.months:
        years[month[:4]] += count
    near = sorted(years, reverse=True)[:YEARS_SHOWN]
    categories = sorted(content.categories.values(), key=lambda c: (c.order == 0, c.order, c.id))
    meta = {
        **_SECTION,
        "title": "公示",
        "feed": True,
        "latest": registers.notice_rows(content.notices.latest(5)),
        "months": _months(one for one in registers.months if one[0][:4] in near),
        "years": [
            _tile(year_path(year), f"{year}年", years[year])
            for year in sorted(years, reverse=True)
            if year not in near
        ],
        "categories": [
            _tile(NoticeList(ListKind.CATEGORY, c.id).path, c.name, counts[c.id])
            for c in categories
            if c.id in counts
        ],
    }
    return PageSource("notices/", "notices.html", meta)


def column(registers: SiteRegisters) -> PageSource:
    """The newest notices as a bare page, for a column on the front page of a portal (S08)."""
    meta = {
        **_SECTION,
        "title": "最新公示",
        "unlisted": True,
        "notices": registers.notice_rows(registers.content.notices.latest(IN_COLUMN)),
    }
    return PageSource("notices/column/", "column.html", meta)


def year_path(year: str) -> str:
    """Where the months of a year are named."""
    return addresses.folder("notices", year)


def years(registers: SiteRegisters) -> Iterator[PageSource]:
    """The months of each year, a page a year: the index names those of the last ones only."""
    for year in sorted({month[:4] for month, _ in registers.months}):
        meta = {
            **_SECTION,
            "title": f"{year}年的公示",
            "trail": [{"path": "notices/", "name": "公示"}],
            "year": year,
            "months": _months(one for one in registers.months if one[0].startswith(f"{year}-")),
        }
        yield PageSource(year_path(year), "notices.html", meta)
