"""Stations and points: the lists by township and kind, and each with its way there and its days.

Q01 to Q05, Q08, Q10, L03, L04, S05, S06, X05, X06.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from matters.public.notices import ListKind
from publisher import addresses
from publisher.drawings import maps
from publisher.drawings.qr import code
from publisher.pages import activity_rows, county_pages, notice_lists
from publisher.pages.notice_pages import parts
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.words import wording
from publisher.writing.pictures import PictureKind, shown
from stations.areas import Area, AreaKind
from stations.duty import DutyRule, describe_duty_zh
from stations.stations import Station, StationKind

PER_PAGE = 40
ROLL = 40
POINTS = 40
_SECTION = {"section": "stations/"}
# Where one person answers for a place that is no station, they are not its "station head".
_LED_BY = {StationKind.STATION: "站长", StationKind.TRADE_STATION: "站长"}


def lists(registers: SiteRegisters) -> Iterator[PageSource]:
    """All stations and points by township, then those of each kind; cut into pages."""
    kinds = [
        (kind, name, stations)
        for kind, name in wording.STATION_KINDS.items()
        if (stations := [s for s in registers.stations if s.kind == kind])
    ]
    tiles = [
        {"name": name, "note": f"{len(stations)} 个", "path": _kind_path(kind)}
        for kind, name, stations in kinds
    ]
    yield from _pages(
        registers, registers.stations, "stations/page/", "联络站", tiles if len(kinds) > 1 else []
    )
    if len(kinds) > 1:
        for kind, name, stations in kinds:
            yield from _pages(registers, stations, _kind_path(kind), name, [])


def _kind_path(kind: StationKind) -> str:
    return addresses.folder("stations", "kind", kind.value)


def _pages(
    registers: SiteRegisters,
    stations: Sequence[Station],
    path: str,
    title: str,
    kinds: list[dict[str, Any]],
) -> Iterator[PageSource]:
    """A list cut into pages; that of all begins at stations/ and goes on at stations/page/2/."""
    first = "stations/" if path == "stations/page/" else path
    for at, listed, turn in parts(path, stations, PER_PAGE):
        if turn["now"] == 2:
            turn["before"] = first
        meta = {
            **_SECTION,
            "title": title,
            "trail": [] if first == "stations/" else [{"path": "stations/", "name": "联络站"}],
            "count": len(stations),
            "kinds": kinds if at == path else [],
            "groups": [
                {"name": town, "links": registers.station_rows(here)}
                for town, here in groupby(listed, lambda s: _town(registers, s))
            ],
            "turn": turn,
        }
        yield PageSource(first if at == path else at, "stations.html", meta)


def _town(registers: SiteRegisters, station: Station) -> str:
    """The name of the township that a station stands in, or of the county."""
    area = registers.content.areas.get(station.area)
    if area is not None and area.kind == AreaKind.VILLAGE:
        area = registers.content.areas.get(area.parent)
    return area.name if area else registers.content.county.name


def station(registers: SiteRegisters, station: Station, base_url: str) -> PageSource:
    """The page of one station or point."""
    content = registers.content
    path = addresses.station(station.id)
    roll = registers.sitting_at(station.id)
    points = registers.points_of(station.id)
    days = content.duty.get(station.id, ())
    areas = [content.areas[code] for code in station.serves if code in content.areas]
    meta = {
        **_SECTION,
        "script": True,
        "title": station.name,
        "english": addresses.href(addresses.english(path)) if station.name_en else "",
        "trail": [{"path": "stations/", "name": "联络站"}],
        "kind": wording.STATION_KINDS[station.kind],
        "address": station.address,
        "directions": wording.visible(station.directions),
        "hours": station.hours,
        "rota": "；".join(_rule(rule) for rule in station.duty),
        "phone": wording.phone(station.phone),
        "mobile": wording.phone(station.mobile),
        "led_by": _LED_BY.get(station.kind, "负责人"),
        "head": station.head,
        "officer": station.officer,
        "parent": registers.station_link(station.parent),
        "host": station.host,
        "constituencies": list(station.constituencies),
        "voters": f"{station.voters:,}" if station.voters else "",
        "boards": list(station.boards),
        "books": list(station.books),
        "scope": wording.visible(station.scope),
        "procedure": wording.visible(station.procedure),
        "rules": county_pages.rows(county_pages.hanging_at(registers, station.id)),
        "points": _point_rows(registers, points[:POINTS]),
        "more_points": len(points) - POINTS,
        "next": registers.next_duty(registers.duty_at([station.id]), with_station=False),
        "duty": registers.duty_rows(days, limit=10),
        "calendar": addresses.href(path) + "duty.ics" if days else "",
        "roll": registers.deputy_rows(roll[:ROLL]),
        "roll_count": len(roll),
        "more": len(roll) - ROLL,
        "serves": [(registers.area_link(area.id) or {}) | {"name": area.name} for area in areas],
        "map": _map(registers, station, areas, points),
        "photo": shown(content, station.photo, PictureKind.WIDE, f"{station.name}的照片"),
        "ways": _ways(registers, station),
        "activities": activity_rows.of_station(registers, station.id),
        "write": addresses.href(station.id),
        "qr": code(base_url + addresses.href(path)) if base_url else None,
        "notices": notice_lists.newest(registers, ListKind.STATION, station.id),
        "all_notices": notice_lists.link(registers, ListKind.STATION, station.id),
    }
    pictures = ((station.photo, PictureKind.WIDE),) if station.photo else ()
    return PageSource(path, "station.html", meta, pictures)


def _rule(rule: DutyRule) -> str:
    """A rule of the rota in words, by the name that people know it under (L05, Q08)."""
    words = describe_duty_zh(rule)
    if rule.weekday == 3 and not rule.weeks:
        return f"{words}（代表周三见）"
    if rule.weekday == 3 and len(rule.weeks) == 2:
        return f"{words}（双周三）"
    return words


def _point_rows(registers: SiteRegisters, points: Sequence[Station]) -> list[dict[str, Any]]:
    """Points as links, each with who answers for it (Q05)."""
    rows = registers.station_rows(points)
    for row, point in zip(rows, points, strict=True):
        if point.head:
            row["note"] = " · ".join(filter(None, (f"负责人 {point.head}", row["note"])))
    return rows


def _map(
    registers: SiteRegisters, station: Station, areas: Sequence[Area], points: Sequence[Station]
) -> str:
    """The sketch: neighbours by compass where coordinates are known, else the areas served."""
    by_compass = maps.compass(station, registers.neighbours(station))
    standing = {point.area for point in points}
    stops = [
        maps.Stop(area.name, area.id in standing)
        for area in areas
        if area.kind != AreaKind.COUNTY and (area.kind == AreaKind.VILLAGE or len(areas) > 1)
    ]
    return str(by_compass or maps.branches(station.name, stops) or "")


def _ways(registers: SiteRegisters, station: Station) -> list[dict[str, str]]:
    """Links that open a map on the phone: to the spot where it is known, else to a search."""
    if station.latitude is None or station.longitude is None:
        # An invented place is on no map.
        if not station.address or registers.content.county.sample:
            return []
        words = registers.content.county.name + station.name
        query = urlencode({"keyword": words})
        return [{"name": "在高德地图里找", "href": f"https://uri.amap.com/search?{query}"}]
    spot = f"{station.latitude:.6f},{station.longitude:.6f}"
    gaode = urlencode(
        {
            "position": f"{station.longitude:.6f},{station.latitude:.6f}",
            "name": station.name,
            "coordinate": "wgs84",
        }
    )
    baidu = urlencode(
        {
            "location": spot,
            "title": station.name,
            "content": station.address or station.name,
            "output": "html",
            "coord_type": "wgs84",
        }
    )
    return [
        {"name": "打开手机地图", "href": f"geo:{spot}?q={spot}"},
        {"name": "高德地图", "href": f"https://uri.amap.com/marker?{gaode}"},
        {"name": "百度地图", "href": f"https://api.map.baidu.com/marker?{baidu}"},
    ]
