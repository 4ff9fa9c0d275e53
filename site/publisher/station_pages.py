"""Stations and points: the list by township, and each with its way there and its duty days."""

from collections.abc import Iterator

from publisher import addresses, wording
from publisher.notice_pages import page_count, turning
from publisher.qr import code
from publisher.registers import Registers
from publisher.sources import PageSource
from stations.stations import Station

PER_PAGE = 40
ROLL = 40
_SECTION = {"section": "stations/"}


def lists(registers: Registers) -> Iterator[PageSource]:
    """All stations and points, cut into pages; the second is at stations/page/2/."""
    stations = registers.stations
    last = page_count(len(stations), PER_PAGE)
    for now in range(1, last + 1):
        turn = turning("stations/page/", now, last)
        if now == 2:
            turn["before"] = "stations/"
        meta = {
            **_SECTION,
            "title": "联络站",
            "count": len(stations),
            "links": registers.station_rows(stations[(now - 1) * PER_PAGE : now * PER_PAGE]),
            "turn": turn,
        }
        path = "stations/" if now == 1 else addresses.cut("stations/page/", now)
        yield PageSource(path, "links.html", meta)


def station(registers: Registers, station: Station, base_url: str) -> PageSource:
    """The page of one station or point."""
    content = registers.content
    path = addresses.station(station.id)
    roll = registers.sitting_at(station.id)
    points = [s for s in registers.stations if s.parent == station.id]
    days = content.duty.get(station.id, ())
    meta = {
        **_SECTION,
        "script": True,
        "title": station.name,
        "trail": [{"path": "stations/", "name": "联络站"}],
        "kind": wording.STATION_KINDS[station.kind],
        "address": station.address,
        "directions": wording.visible(station.directions),
        "hours": station.hours,
        "phone": wording.phone(station.phone),
        "mobile": wording.phone(station.mobile),
        "head": station.head,
        "officer": station.officer,
        "parent": registers.station_link(station.parent),
        "points": registers.station_rows(points),
        "duty": registers.duty_rows(days, limit=8),
        "calendar": addresses.href(path) + "duty.ics" if days else "",
        "roll": registers.deputy_rows(roll[:ROLL]),
        "more": len(roll) - ROLL,
        "serves": [
            registers.area_link(area) or {"name": registers.area_name(area)}
            for area in station.serves
            if area in content.areas
        ],
        "write": addresses.href(station.id),
        "qr": code(base_url + addresses.href(path)) if base_url else None,
        "notices": registers.notice_rows(content.notices.of_station(station.id, 5)),
    }
    return PageSource(path, "station.html", meta)
