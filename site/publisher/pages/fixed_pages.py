"""Pages of which there is one each: home, the form, follow up, search."""

from collections.abc import Mapping, Sequence

from deputies.deputies import Deputy
from matters.registers.categories import Category
from publisher.pages import county_pages
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.words import english, wording
from publisher.words.script_words import script_words
from stations.areas import Area
from stations.stations import Station

# A longer list of villages would outweigh the page; people name theirs under "where" then.
VILLAGES_IN_FORM = 80


def home(registers: SiteRegisters) -> PageSource:
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
        "script": True,
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
    registers: SiteRegisters,
    values: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    lang: str = "zh",
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
        "lang": lang,
        "script": True,
        "title": _TITLES[lang == "en", bool(errors)],
        "words": script_words(lang),
        "sms": _sms(registers, station, deputy),
        "kinds": [
            {"id": id, "name": english.KINDS[id] if lang == "en" else name}
            for id, name in wording.KINDS.items()
        ],
        "categories": [{"id": c.id, "name": _named(c, lang)} for c in categories],
        "towns": [
            {
                "id": township.id,
                "name": _named(township, lang),
                "villages": [
                    {"id": v.id, "name": _named(v, lang)}
                    for v in registers.villages_of(township.id)
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


_TITLES = {
    (False, False): "我要反映",
    (False, True): "还有几处要改：我要反映",
    (True, False): "Raise a matter",
    (True, True): "Please mend: Raise a matter",
}


def _named(record: Area | Category, lang: str) -> str:
    """What an area or category is called in a language, if need be in Chinese."""
    return record.name_en if lang == "en" and record.name_en else record.name


def _sms(
    registers: SiteRegisters, station: Station | None, deputy: Deputy | None
) -> dict[str, str] | None:
    """Where a text message can go instead, and how it begins; None where no station has a mobile.

    That is the station the person came from, or the first of the deputy's that has one.
    """
    stations = registers.content.stations
    near = [station] if station else []
    if deputy is not None:
        near += [stations[id] for id in deputy.stations if id in stations]
    for place in near:
        mobile = wording.phone(place.mobile)
        if mobile is not None:
            return {**mobile, "start": "回音 "}
    return None


def track() -> PageSource:
    """Where a person follows up a matter with its number and key."""
    meta = {"section": "track/", "title": "查进度", "script": True}
    return PageSource("track/", "track.html", meta)


def search() -> PageSource:
    """What a copy without a server says of the search; a hub answers this address itself."""
    return PageSource("search/", "search.html", {"title": "搜索", "unlisted": True})
