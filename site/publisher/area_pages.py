"""Areas: from the list of townships down to a village and its deputies, by taps alone."""

from publisher import addresses
from publisher.registers import Registers
from publisher.sources import PageSource
from stations.areas import Area, AreaKind

_SECTION = {"section": "deputies/"}
FEW = 6


def _rows(areas: list[Area]) -> list[dict[str, str]]:
    return [{"name": a.name, "path": addresses.href(addresses.area(a.id))} for a in areas]


def index(registers: Registers) -> PageSource:
    """The townships, the county's own deputies being on the page of deputies."""
    meta = {**_SECTION, "title": "找代表", "areas": _rows(registers.townships)}
    return PageSource("areas/", "areas.html", meta)


def area(registers: Registers, area: Area) -> PageSource:
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
    meta = {
        **_SECTION,
        "title": area.name,
        "trail": [
            {"path": "areas/", "name": "找代表"},
            *(
                {"path": addresses.href(addresses.area(a.id)), "name": a.name}
                for a in reversed(above)
                if a.kind != AreaKind.COUNTY
            ),
        ],
        "villages": _rows(registers.villages_of(area.id)),
        "groups": [group for group in groups if group["deputies"]],
        "stations": registers.station_rows(stations[:FEW], call=True),
        "duty": registers.coming_duty(s.id for s in stations),
        "notices": registers.notice_rows(registers.content.notices.of_area(area.id, 5)),
    }
    return PageSource(addresses.area(area.id), "area.html", meta)
