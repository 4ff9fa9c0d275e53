"""The registers as the pages need them: who answers to whom, who sits where, and their links."""

import datetime
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from deputies.activities import Activity
from deputies.deputies import Deputy, Level
from matters.public.notices import ListKind, Notice
from matters.registers.pages import Page
from publisher import addresses
from publisher.content import Content, DutyDay
from publisher.words import wording
from stations.areas import Area, AreaKind
from stations.stations import Station

Value = TypeVar("Value")

_LEVEL_ORDER = {level: n for n, level in enumerate(Level)}


def _when(turn: tuple[str, DutyDay]) -> tuple[datetime.date, str, str]:
    station, day = turn
    return day.date, day.starts, station


def _link(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "path": addresses.href(path)}


def _gathered(pairs: Iterable[tuple[str, Value]]) -> dict[str, list[Value]]:
    """Values by key, in the order in which they come."""
    values: dict[str, list[Value]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return values


class SiteRegisters:
    """`Content` with its relations looked up; lists are in a fixed order."""

    def __init__(self, content: Content) -> None:
        self.content = content

    @cached_property
    def months(self) -> list[tuple[str, int]]:
        """(yyyy-mm, how many notices) for each month that has any, newest month first."""
        return list(self.content.notices.keys(ListKind.MONTH))[::-1]

    @cached_property
    def deputies(self) -> list[Deputy]:
        """All deputies, from the highest level, then by constituency and id."""
        return sorted(
            self.content.deputies.values(),
            key=lambda d: (_LEVEL_ORDER[d.level], d.constituency, d.id),
        )

    @cached_property
    def stations(self) -> list[Station]:
        """All stations, by the area they stand in, stations before their points."""
        return sorted(self.content.stations.values(), key=lambda s: (s.area, s.parent, s.id))

    @cached_property
    def pages(self) -> list[Page]:
        """All pages that the county wrote, by their order, those without one last."""
        return sorted(self.content.pages.values(), key=lambda p: (p.order == 0, p.order, p.id))

    @cached_property
    def townships(self) -> list[Area]:
        """All townships, by code."""
        return self._areas(AreaKind.TOWNSHIP)

    @cached_property
    def villages(self) -> list[Area]:
        """All villages, by code."""
        return self._areas(AreaKind.VILLAGE)

    def _areas(self, kind: AreaKind) -> list[Area]:
        return sorted(
            (a for a in self.content.areas.values() if a.kind == kind), key=lambda a: a.id
        )

    @cached_property
    def _sitting(self) -> dict[str, list[Deputy]]:
        return _gathered((id, deputy) for deputy in self.deputies for id in deputy.stations)

    @cached_property
    def _answering(self) -> dict[str, list[Deputy]]:
        return _gathered((area, deputy) for deputy in self.deputies for area in deputy.areas)

    @cached_property
    def _serving(self) -> dict[str, list[Station]]:
        return _gathered(
            (area, station)
            for station in self.stations
            for area in dict.fromkeys((*station.serves, station.area))
        )

    def sitting_at(self, station: str) -> list[Deputy]:
        """The roll of a station."""
        return self._sitting.get(station, [])

    def answering_to(self, area: str) -> list[Deputy]:
        """The deputies who name this very area, not one above it."""
        return self._answering.get(area, [])

    def serving(self, area: str) -> list[Station]:
        """The stations that serve, or stand in, this very area."""
        return self._serving.get(area, [])

    @cached_property
    def _points(self) -> dict[str, list[Station]]:
        return _gathered((station.parent, station) for station in self.stations if station.parent)

    @cached_property
    def _placed(self) -> list[Station]:
        return [s for s in self.stations if s.latitude is not None and s.longitude is not None]

    def points_of(self, station: str) -> list[Station]:
        """The points that belong to a station."""
        return self._points.get(station, [])

    def neighbours(self, station: Station) -> list[Station]:
        """The stations with known coordinates that share a township with one, or are its points."""
        town = station.area[:9]
        return [s for s in self._placed if s.area[:9] == town or s.parent == station.id]

    @cached_property
    def _villages_below(self) -> dict[str, list[Area]]:
        return _gathered((village.parent, village) for village in self.villages)

    def villages_of(self, township: str) -> list[Area]:
        """The villages of a township, by code."""
        return self._villages_below.get(township, [])

    @cached_property
    def _activities(self) -> list[Activity]:
        return sorted(self.content.activities.values(), key=lambda a: (a.date, a.id))

    @cached_property
    def _activities_at(self) -> dict[str, list[Activity]]:
        return _gathered((activity.station, activity) for activity in self._activities)

    @cached_property
    def _activities_with(self) -> dict[str, list[Activity]]:
        return _gathered(
            (deputy, activity)
            for activity in self._activities
            for deputy in dict.fromkeys(activity.deputies)
        )

    def activities_at(self, station: str) -> list[Activity]:
        """The activities of a station, the oldest first."""
        return self._activities_at.get(station, [])

    def activities_with(self, deputy: str) -> list[Activity]:
        """The activities that a deputy took part in, the oldest first."""
        return self._activities_with.get(deputy, [])

    def above(self, area: str) -> list[Area]:
        """The areas above one, nearest first."""
        chain: list[Area] = []
        known = self.content.areas.get(area)
        while known and (parent := self.content.areas.get(known.parent)) and parent not in chain:
            chain.append(parent)
            known = parent
        return chain

    def area_name(self, code: str) -> str:
        """An area's name, a village's with its township's before it; "" where it is unknown."""
        area = self.content.areas.get(code)
        if area is None:
            return ""
        parent = self.content.areas.get(area.parent)
        township = parent.name if parent and area.kind == AreaKind.VILLAGE else ""
        return township + area.name

    def area_link(self, code: str) -> dict[str, Any] | None:
        """name and path of an area that has a page of its own."""
        area = self.content.areas.get(code)
        if area is None or area.kind == AreaKind.COUNTY:
            return None
        return _link(self.area_name(code), addresses.area(code))

    def deputy_link(self, id: str) -> dict[str, Any] | None:
        """name and path of a deputy."""
        deputy = self.content.deputies.get(id)
        return _link(deputy.name, addresses.deputy(id)) if deputy else None

    def station_link(self, id: str) -> dict[str, Any] | None:
        """name and path of a station."""
        station = self.content.stations.get(id)
        return _link(station.name, addresses.station(id)) if station else None

    def deputy_rows(
        self, deputies: Iterable[Deputy], *, call: bool = False
    ) -> list[dict[str, Any]]:
        """Deputies as a list of links shows them, with the number to call where asked for."""
        return [
            {
                **_link(d.name, addresses.deputy(d.id)),
                "note": " · ".join(filter(None, (wording.LEVELS[d.level], d.constituency))),
                "call": wording.phone(d.phone) if call else None,
            }
            for d in deputies
        ]

    def station_rows(
        self, stations: Iterable[Station], *, call: bool = False
    ) -> list[dict[str, Any]]:
        """Stations as a list of links shows them, with the number to call where asked for."""
        return [
            {
                **_link(s.name, addresses.station(s.id)),
                "note": " · ".join(filter(None, (wording.STATION_KINDS[s.kind], s.address))),
                "call": wording.phone(s.phone or s.mobile) if call else None,
            }
            for s in stations
        ]

    def duty_rows(
        self, days: Sequence[DutyDay], station: str = "", limit: int = 12
    ) -> list[dict[str, Any]]:
        """Duty days as a table shows them; `station` is named in each row where it is given."""
        return [
            {
                "date": wording.week_day(day.date),
                "iso": day.date.isoformat(),
                "hours": f"{wording.hour(day.starts)}–{wording.hour(day.ends)}",
                "deputies": [
                    link for link in map(self.deputy_link, day.deputies) if link is not None
                ],
                "station": self.station_link(station) if station else None,
                "note": day.note,
                "held": day.held,
            }
            for day in days[:limit]
        ]

    @cached_property
    def _turns(self) -> dict[str, list[tuple[str, DutyDay]]]:
        """By deputy, where and when they sit next, those who stand in for others too."""
        return _gathered(
            (deputy, (station, day))
            for station, days in self.content.duty.items()
            for day in days
            for deputy in day.deputies
        )

    def duty_at(self, stations: Iterable[str]) -> list[tuple[str, DutyDay]]:
        """(station, duty day) of several stations, by time; those that fall out too."""
        return sorted(
            (
                (station, day)
                for station in dict.fromkeys(stations)
                for day in self.content.duty.get(station, ())
            ),
            key=_when,
        )

    def duty_of(self, deputy: str) -> list[tuple[str, DutyDay]]:
        """(station, duty day) of a deputy, by time."""
        return sorted(self._turns.get(deputy, ()), key=_when)

    def duty_table(
        self, turns: Sequence[tuple[str, DutyDay]], limit: int = 4
    ) -> list[dict[str, Any]]:
        """Duty days at several stations as a table shows them, each with its station."""
        return [self.duty_rows([day], station)[0] for station, day in turns[:limit]]

    def next_duty(self, turns: Iterable[tuple[str, DutyDay]], *, with_station: bool = True) -> str:
        """The first sitting that is held, as 12月3日 周四 8:30–11:30，双楸镇联络站; or ""."""
        for id, day in turns:
            if day.held:
                hours = f"{wording.hour(day.starts)}–{wording.hour(day.ends)}"
                station = self.content.stations.get(id) if with_station else None
                where = f"，{station.name.replace('人大代表', '')}" if station else ""
                return f"{wording.week_day(day.date)} {hours}{where}"
        return ""

    def notice_rows(self, notices: Iterable[Notice]) -> list[dict[str, Any]]:
        """Notices as a list shows them: title, and state, place and the day it was raised."""
        return [
            {
                "title": wording.visible(n.title),
                "path": addresses.href(addresses.notice(n.number)),
                "facts": list(
                    filter(
                        None,
                        (
                            wording.STATES.get(n.state, n.state),
                            self.content.county.results.get(n.result, "") if n.result else "",
                            self.area_name(n.area),
                            wording.day_said(n.received_at),
                        ),
                    )
                ),
            }
            for n in notices
        ]
