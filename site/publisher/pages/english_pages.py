"""The pages that an outsider needs, in English: home, find, townships, stations.

What has no English name on the registers is told in Chinese and marked so.
"""

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from deputies.deputies import Deputy
from publisher import addresses
from publisher.content import DutyDay
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.words import english, wording
from stations.areas import Area, AreaKind
from stations.duty import describe_duty_en
from stations.stations import Station

_SECTION = {"lang": "en", "section": "en/find/"}
_TRAIL = [{"path": "en/find/", "name": "Find my deputy"}]
MOST = 40
DAYS = 6


def pages(registers: SiteRegisters) -> Iterator[PageSource]:
    """Every English page that is made from the registers, but for the county's own pages."""
    yield home(registers)
    yield _find(registers)
    for township in registers.townships:
        yield _township(registers, township)
    for station in registers.stations:
        if station.name_en:
            yield _station(registers, station)


def paths(registers: SiteRegisters) -> Iterator[str]:
    """Where those pages stand, without making them."""
    yield from ("en/", "en/find/")
    yield from (addresses.english(addresses.area(a.id)) for a in registers.townships)
    named = (s for s in registers.stations if s.name_en)
    yield from (addresses.english(addresses.station(s.id)) for s in named)


def home(registers: SiteRegisters) -> PageSource:
    """The front page in English; it names nothing that a notice could change."""
    own = [
        {"name": p.title_en, "path": addresses.href(addresses.english(addresses.page(p.id)))}
        for p in registers.pages
        if p.title_en and p.text_en
    ]
    meta = {
        "lang": "en",
        "section": "en/",
        "title": "Deputies' liaison stations",
        "chinese": "",
        "pages": own,
    }
    return PageSource("en/", "english_home.html", meta)


def _named(record: Area | Station | Deputy) -> dict[str, str]:
    """The name of a record, and its language where that is Chinese."""
    if record.name_en:
        return {"name": record.name_en, "lang": ""}
    return {"name": record.name, "lang": "zh"}


def _find(registers: SiteRegisters) -> PageSource:
    meta = {
        **_SECTION,
        "title": "Find my deputy",
        "chinese": "areas/",
        "areas": [
            {**_named(a), "path": addresses.href(addresses.english(addresses.area(a.id)))}
            for a in registers.townships
        ],
    }
    return PageSource("en/find/", "english_find.html", meta)


def _township(registers: SiteRegisters, township: Area) -> PageSource:
    path = addresses.area(township.id)
    villages = registers.villages_of(township.id)
    codes = [township.id, *(village.id for village in villages)]
    stations = dict.fromkeys(s for code in codes for s in registers.serving(code))
    deputies = dict.fromkeys(d for code in codes for d in registers.answering_to(code))
    meta = {
        **_SECTION,
        "title": _named(township)["name"],
        "title_lang": _named(township)["lang"],
        "trail": _TRAIL,
        "chinese": addresses.href(path),
        "stations": _station_rows(list(stations)[:MOST]),
        "deputies": _deputy_rows(list(deputies)[:MOST]),
        "more": len(deputies) > MOST or len(stations) > MOST,
        "villages": [
            {**_named(v), "path": addresses.href(addresses.area(v.id))} for v in villages[:MOST]
        ],
    }
    return PageSource(addresses.english(path), "english_area.html", meta)


def _station_rows(stations: Iterable[Station]) -> list[dict[str, Any]]:
    rows = []
    for s in stations:
        path = addresses.station(s.id)
        rows.append(
            {
                **_named(s),
                "path": addresses.href(addresses.english(path) if s.name_en else path),
                "note": " · ".join(filter(None, (english.STATION_KINDS[s.kind], s.address_en))),
                "call": wording.phone(s.phone or s.mobile),
            }
        )
    return rows


def _deputy_rows(deputies: Iterable[Deputy]) -> list[dict[str, Any]]:
    return [
        {
            **_named(d),
            "path": addresses.href(addresses.deputy(d.id)),
            "note": english.LEVELS[d.level],
            "call": wording.phone(d.phone),
        }
        for d in deputies
    ]


def day(date: datetime.date) -> str:
    """Wed 2 Dec."""
    return f"{english.WEEKDAYS[date.weekday()]} {date.day} {english.MONTHS[date.month - 1]}"


def _hours(duty: DutyDay) -> str:
    return f"{wording.hour(duty.starts)}–{wording.hour(duty.ends)}"


def _station(registers: SiteRegisters, station: Station) -> PageSource:
    path = addresses.station(station.id)
    days = registers.content.duty.get(station.id, ())
    coming = next((duty for duty in days if duty.held), None)
    areas, deputies = registers.content.areas, registers.content.deputies
    meta = {
        **_SECTION,
        "title": station.name_en,
        "trail": _TRAIL,
        "chinese": addresses.href(path),
        "own_name": station.name,
        "kind": english.STATION_KINDS[station.kind],
        "address": station.address_en,
        "own_address": station.address,
        "phone": wording.phone(station.phone or station.mobile),
        "rota": "; ".join(describe_duty_en(rule) for rule in station.duty),
        "next": f"{day(coming.date)}, {_hours(coming)}" if coming else "",
        "duty": [
            {
                "date": day(duty.date),
                "iso": duty.date.isoformat(),
                "hours": _hours(duty),
                "held": duty.held,
                "deputies": [_named(deputies[id]) for id in duty.deputies if id in deputies],
            }
            for duty in days[:DAYS]
        ],
        "roll": _deputy_rows(registers.sitting_at(station.id)[:MOST]),
        "serves": [
            _named(areas[code])
            for code in station.serves
            if code in areas and areas[code].kind != AreaKind.COUNTY
        ],
        "write": addresses.href(station.id),
        "calendar": addresses.href(path) + "duty.ics" if days else "",
    }
    return PageSource(addresses.english(path), "english_station.html", meta)
