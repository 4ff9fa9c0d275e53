"""Pages of which there is one each: home, the form, follow up, search."""

from collections.abc import Mapping, Sequence

from publisher import county_pages, wording
from publisher.registers import Registers
from publisher.sources import PageSource

# A longer list of villages would outweigh the page; people name theirs under "where" then.
VILLAGES_IN_FORM = 80


def home(registers: Registers) -> PageSource:
    """The front page: three doors, the newest notices, the ledger's totals."""
    content = registers.content
    total = content.ledger.total
    meta = {
        "section": "",
        "title": f"{content.county.name}人大代表联络站",
        "bare_title": True,
        "english": "en/",
        "feed": True,
        "campaign": {
            "name": content.county.campaign,
            "path": county_pages.campaign_path(registers),
        },
        "story": county_pages.story(registers),
        "total": {
            "received": total.received,
            "answered": total.answered,
            "pending": total.pending,
            "published": total.published,
        },
        "notices": registers.notice_rows(content.notices.latest(6)),
    }
    return PageSource("", "home.html", meta)


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


def search() -> PageSource:
    """What a copy without a server says of the search; a hub answers this address itself."""
    return PageSource("search/", "search.html", {"title": "搜索", "unlisted": True})
