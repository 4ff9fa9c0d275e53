"""Notices: each by itself, by month, and the index of months."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from matters.notices import Notice
from publisher import addresses, wording
from publisher.pictures import PictureKind, shown
from publisher.registers import Registers
from publisher.sources import PageSource

PER_PAGE = 20
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


def notice(registers: Registers, notice: Notice) -> PageSource:
    """The page of one notice.

    It links to every list that shows it: a later publish reads them back from here
    (`touched.shown_on`), for by then nobody may know any more where it stood.
    """
    content = registers.content
    units = [content.units[id].name for id in notice.units if id in content.units]
    category = content.categories.get(notice.category)
    result = content.county.results.get(notice.result, "") if notice.result else ""
    meta = {
        **_SECTION,
        "title": wording.visible(notice.title),
        "trail": [
            {"path": "notices/", "name": "公示"},
            {
                "path": addresses.href(addresses.month(notice.month)),
                "name": wording.month_name(notice.month),
            },
        ],
        "month": {
            "path": addresses.href(addresses.month(notice.month)),
            "name": wording.month_name(notice.month),
        },
        "number": notice.number,
        "state": wording.STATES.get(notice.state, notice.state),
        "text": wording.visible(notice.text),
        "answer": wording.visible(notice.answer),
        "received": wording.day_of(notice.received_at),
        "answered": wording.day_of(notice.answered_at) if notice.answered_at is not None else "",
        "published": wording.day_of(notice.published_at),
        "category": category.name if category else "",
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


def _pictures(registers: Registers, notice: Notice) -> list[dict[str, Any]]:
    """What it looked like before and after, side by side."""
    return [
        {"words": words, "picture": picture}
        for before, after in zip_longest(notice.before, notice.after, fillvalue="")
        for words, sha in (("办理前", before), ("办理后", after))
        if (picture := shown(registers.content, sha, PictureKind.WIDE, words))
    ]


def index(registers: Registers) -> PageSource:
    """The months that have notices, and the newest ones."""
    notices = registers.content.notices
    meta = {
        **_SECTION,
        "title": "公示",
        "feed": True,
        "months": [
            {
                "path": addresses.href(addresses.month(month)),
                "name": wording.month_name(month),
                "note": f"{count} 件",
            }
            for month, count in notices.months()
        ],
        "latest": registers.notice_rows(notices.latest(5)),
    }
    return PageSource("notices/", "notices.html", meta)


def month_pages(registers: Registers, month: str, count: int) -> Iterator[PageSource]:
    """The notices received in a month, cut into pages."""
    last = page_count(count, PER_PAGE)
    path = addresses.month(month)
    for now in range(1, last + 1):
        rows = registers.content.notices.in_month(month, (now - 1) * PER_PAGE, PER_PAGE)
        meta = {
            **_SECTION,
            "title": f"{wording.month_name(month)}的公示",
            "trail": [{"path": "notices/", "name": "公示"}],
            "count": count,
            "notices": registers.notice_rows(rows),
            "turn": turning(path, now, last),
        }
        yield PageSource(addresses.cut(path, now), "month.html", meta)
