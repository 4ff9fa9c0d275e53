"""Areas: from the list of townships down to a village and its deputies, by taps alone."""

from itertools import groupby
from typing import Any

from matters.public.notices import ListKind
from publisher import addresses
from publisher.pages import notice_lists
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from stations.areas import Area, AreaKind

_SECTION = {"section": "deputies/"}
FEW = 6
NEIGHBOURS = 6
MANY = 24


def _rows(areas: list[Area]) -> list[dict[str, str]]:
    return [{"name": a.name, "path": addresses.href(addresses.area(a.id))} for a in areas]


def _by_initial(areas: list[Area]) -> list[dict[str, Any]]:
    """Groups of areas: one without a name, or where they are many and all have English names
    (pinyin), one for each initial."""
    if len(areas) <= MANY or not all(a.name_en for a in areas):
        return [{"initial": "", "areas": _rows(areas)}] if areas else []
    groups = groupby(sorted(areas, key=_pinyin), key=lambda a: _pinyin(a)[0][:1])
    return [{"initial": letter, "areas": _rows(list(found))} for letter, found in groups]


def _pinyin(area: Area) -> tuple[str, str]:
    return area.name_en.upper(), area.id


def _neighbours(registers: SiteRegisters, area: Area) -> list[dict[str, str]]:
    """The villages next to one in the order of their codes."""
    if area.kind != AreaKind.VILLAGE:
        return []
    villages = registers.villages_of(area.parent)
    here = next(n for n, village in enumerate(villages) if village.id == area.id)
    start = max(0, min(here - NEIGHBOURS // 2, len(villages) - NEIGHBOURS - 1))
    return _rows([v for v in villages[start : start + NEIGHBOURS + 1] if v.id != area.id])


def index(registers: SiteRegisters) -> PageSource:
    """The townships, the county's own deputies being on the page of deputies."""
    meta = {
        **_SECTION,
        "title": "找代表",
        "english": "en/find/",
        "areas": _rows(registers.townships),
    }
    return PageSource("areas/", "areas.html", meta)


def area(registers: SiteRegisters, area: Area) -> PageSource:
    """The page of a township or a village.

    A village's deputies are its own, then those of its township and of the county, a few of
    each with the way to the rest.
    """
    above = registers.above(area.id)
    near = registers.answering_to(area.id)
    groups = [
        {
            "name": f"{area.name}的代表",
            "deputies": registers.deputy_rows(near, call=True),
            "more": "",
        }
    ]
    for upper in above:
        deputies = registers.answering_to(upper.id)
        rest = "deputies/" if upper.kind == AreaKind.COUNTY else addresses.area(upper.id)
        groups.append(
            {
                "name": f"{upper.name}的代表",
                "deputies": registers.deputy_rows(deputies[:FEW]),
                "more": addresses.href(rest) if len(deputies) > FEW else "",
            }
        )
    direct = registers.serving(area.id)
    upper_stations = [
        s for upper in above if upper.kind != AreaKind.COUNTY for s in registers.serving(upper.id)
    ]
    stations = list(dict.fromkeys(direct or upper_stations))
    turns = registers.duty_at(station.id for station in stations)
    meta = {
        **_SECTION,
        "title": area.name,
        "english": addresses.href(addresses.english(addresses.area(area.id)))
        if area.kind == AreaKind.TOWNSHIP
        else "",
        "trail": [
            {"path": "areas/", "name": "找代表"},
            *(
                {"path": addresses.href(addresses.area(a.id)), "name": a.name}
                for a in reversed(above)
                if a.kind != AreaKind.COUNTY
            ),
        ],
        "villages": _by_initial(registers.villages_of(area.id)),
        "groups": [group for group in groups if group["deputies"]],
        "stations": registers.station_rows(stations[:FEW], call=True),
        "next": registers.next_duty(turns),
        "duty": registers.duty_table(turns),
        "write": area.id,
        "village": area.kind == AreaKind.VILLAGE,
        "neighbours": _neighbours(registers, area),
        "notices": notice_lists.newest(registers, ListKind.AREA, area.id),
        "all_notices": notice_lists.link(registers, ListKind.AREA, area.id),
    }
    return PageSource(addresses.area(area.id), "area.html", meta)
