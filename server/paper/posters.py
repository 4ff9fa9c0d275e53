"""Posters: of a station, of a village's board and of a deputy (L06, H13, S07, Q04)."""

from collections.abc import Sequence
from typing import Any

from deputies.deputies import LEVELS, Deputy
from publisher import addresses
from publisher.words import wording
from server.paper.county import PaperCounty
from server.paper.sheets import Sheet, sheet, size_class
from stations.areas import Area, AreaKind
from stations.duty import DutyRule, describe_duty_zh
from stations.stations import Station

# How many deputies fit on a poster; the page that its code leads to has all of them.
_ROLL_MOST = 40
# Up to so many deputies in so many columns, with their numbers to call or without.
_COLUMNS = ((4, 2, True), (12, 3, True), (24, 3, False), (_ROLL_MOST, 4, False))
_VILLAGE_MOST = 6
_DUTY_MOST = 4


def rule_words(rules: Sequence[DutyRule]) -> list[dict[str, str]]:
    """Return duty rules as they stand on paper: which days, which hours, how many."""
    rows = []
    for rule in rules[:_DUTY_MOST]:
        day, hours, people = describe_duty_zh(rule).split(" ")
        rows.append({"day": day, "hours": hours.replace("-", "–"), "people": people})
    return rows


def _person(deputy: Deputy) -> dict[str, str]:
    return {
        "name": deputy.name,
        "fit": size_class(deputy.name, (4, 8, 14)),
        "level": wording.LEVELS[deputy.level],
        "short": f"{LEVELS[deputy.level]}代表",
        "phone": deputy.phone,
    }


def roll_of(deputies: Sequence[Deputy]) -> dict[str, Any]:
    """Return deputies in as many columns as they need, and how many are left out."""
    shown = [_person(deputy) for deputy in deputies[:_ROLL_MOST]]
    columns, calls = next(
        (columns, calls) for most, columns, calls in _COLUMNS if len(shown) <= most
    )
    return {
        "columns": columns,
        "calls": calls,
        "rows": [shown[at : at + columns] for at in range(0, len(shown), columns)],
        "count": len(deputies),
        "more": len(deputies) - len(shown),
    }


def station_poster(county: PaperCounty, station: Station) -> Sheet:
    """Return the poster that hangs at a station, beneath its plate."""
    return sheet(
        "station_poster.html",
        f"station-{station.id}",
        county,
        station=station,
        fit=size_class(station.name, (9, 12, 16, 24)),
        kind=wording.STATION_KINDS[station.kind],
        duty=rule_words(station.duty),
        roll=roll_of(county.registers.sitting_at(station.id)),
        page=county.page_code(addresses.station(station.id)),
        write=county.writing_code("station", station.id),
    )


def village_poster(county: PaperCounty, area: Area) -> Sheet:
    """Return the poster for a village's notice board: whom to call, where to go, and when."""
    registers = county.registers
    above = registers.above(area.id)
    own = registers.answering_to(area.id)
    upper = [
        deputy
        for area_above in above
        if area_above.kind is not AreaKind.COUNTY
        for deputy in registers.answering_to(area_above.id)
    ]
    deputies = list({deputy.id: deputy for deputy in (*own, *upper)}.values())
    stations = registers.serving(area.id) or [
        station
        for area_above in above
        if area_above.kind is not AreaKind.COUNTY
        for station in registers.serving(area_above.id)
    ]
    station = stations[0] if stations else None
    sittings = county.sittings(station, count=3) if station is not None else []
    return sheet(
        "village_poster.html",
        f"village-{area.id}",
        county,
        name=registers.area_name(area.id),
        fit=size_class(registers.area_name(area.id), (8, 11, 15, 22)),
        area=area,
        deputies=[_person(deputy) for deputy in deputies[:_VILLAGE_MOST]],
        more=max(len(deputies) - _VILLAGE_MOST, 0),
        station=station,
        sittings=[
            (f"{wording.week_day(day.date)}　{day.starts}–{day.ends}", county.names_of(day))
            for day in sittings
        ],
        page=county.page_code(addresses.area(area.id)),
        write=county.writing_code("area", area.id),
    )


def deputy_poster(county: PaperCounty, deputy: Deputy) -> Sheet:
    """Return the poster with a deputy's own code (代表码)."""
    registers = county.registers
    stations = [county.found.stations[id] for id in deputy.stations if id in county.found.stations]
    return sheet(
        "deputy_poster.html",
        f"deputy-{deputy.id}",
        county,
        deputy=deputy,
        fit=size_class(deputy.name, (9, 12, 16, 24)),
        level=wording.LEVELS[deputy.level],
        serves="、".join(filter(None, map(registers.area_name, deputy.areas))),
        station=stations[0] if stations else None,
        duty=rule_words(stations[0].duty) if stations else [],
        page=county.page_code(addresses.deputy(deputy.id)),
        write=county.writing_code("deputy", deputy.id),
    )
