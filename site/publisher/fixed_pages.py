"""Pages of which there is one each: home, the ledger, the form, follow up."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matters.ledger import Count
from publisher import addresses, wording
from publisher.registers import Registers
from publisher.sources import PageSource

# A longer list of villages would outweigh the page; people name theirs under "where" then.
VILLAGES_IN_FORM = 80
MONTHS_SHOWN = 24


def home(registers: Registers) -> PageSource:
    """The front page: three doors, the newest notices, the ledger's totals."""
    content = registers.content
    total = content.ledger.total
    meta = {
        "section": "",
        "title": f"{content.county.name}人大代表联络站",
        "bare_title": True,
        "feed": True,
        "campaign": content.county.campaign,
        "total": _count(total, ""),
        "notices": registers.notice_rows(content.notices.latest(6)),
    }
    return PageSource("", "home.html", meta)


def _count(count: Count, name: str, path: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "path": path,
        "received": count.received,
        "answered": count.answered,
        "pending": count.pending,
        "published": count.published,
    }


def ledger(registers: Registers) -> PageSource:
    """The public ledger: what came in, what was answered, what is pending, each with its n."""
    content = registers.content
    with_notices = {month for month, _ in content.notices.months()}
    places = []
    for count in content.ledger.stations:
        link = registers.station_link(count.key)
        places.append(_count(count, link["name"], link["path"]) if link else _count(count, "其他"))
    tables = [
        {
            "by": "月份",
            "rows": [
                _count(
                    count,
                    wording.month_name(count.key),
                    addresses.href(addresses.month(count.key)) if count.key in with_notices else "",
                )
                for count in content.ledger.months[:MONTHS_SHOWN]
            ]
            + _earlier(content.ledger.months[MONTHS_SHOWN:]),
        },
        {"by": "类别", "rows": _named(content.ledger.categories, content.categories)},
        {"by": "联络站", "rows": places[:30]},
        {"by": "承办单位", "rows": _named(content.ledger.units, content.units)[:30]},
    ]
    meta = {
        "section": "ledger/",
        "title": "台账",
        "total": _count(content.ledger.total, "合计"),
        "tables": [table for table in tables if table["rows"]],
    }
    return PageSource("ledger/", "ledger.html", meta)


def _earlier(months: Sequence[Count]) -> list[dict[str, Any]]:
    """One line for all months that are not shown, so that the table still sums to the total."""
    if not months:
        return []
    earlier = Count(
        key="",
        received=sum(month.received for month in months),
        answered=sum(month.answered for month in months),
        pending=sum(month.pending for month in months),
        published=sum(month.published for month in months),
    )
    return [_count(earlier, "更早", "notices/")]


def _named(counts: Iterable[Count], records: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Counts under the names of their records; a key that is in no register is 其他 (other)."""
    return [
        _count(count, records[count.key].name if count.key in records else "其他")
        for count in counts
    ]


def submit(
    registers: Registers,
    values: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> PageSource:
    """The form. The server shows it again with `values` as typed and `errors` of field, message."""
    content = registers.content
    values = values or {}
    categories = sorted(content.categories.values(), key=lambda c: (c.order == 0, c.order, c.id))
    few = len(registers.villages) <= VILLAGES_IN_FORM
    station = content.stations.get(values.get("station", ""))
    deputy = content.deputies.get(values.get("deputy", ""))
    meta = {
        "section": "submit/",
        "title": "我要反映",
        "kinds": [{"id": id, "name": name} for id, name in wording.KINDS.items()],
        "categories": [{"id": c.id, "name": c.name} for c in categories],
        "towns": [
            {
                "id": township.id,
                "name": township.name,
                "villages": [
                    {"id": v.id, "name": v.name} for v in registers.villages_of(township.id)
                ]
                if few
                else [],
            }
            for township in registers.townships
        ],
        "values": dict(values),
        "errors": [dict(error) for error in errors],
        "station": station.name if station else "",
        "deputy": deputy.name if deputy else "",
    }
    return PageSource("submit/", "submit.html", meta)


def track() -> PageSource:
    """Where a person follows up a matter with its number and key."""
    return PageSource("track/", "track.html", {"section": "track/", "title": "查进度"})
