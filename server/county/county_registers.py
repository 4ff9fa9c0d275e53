"""The county's registers as the node needs them at hand: loaded once, again when they changed."""

import sqlite3
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from deputies.activities import ACTIVITIES, Activity
from deputies.deputies import DEPUTIES, Deputy
from deputies.shifts import SHIFTS, Shift
from eventlog.log import Log
from matters.filing import bodies_of_areas, bodies_of_deputies
from matters.known import Known
from matters.nodes.concerns import Places
from matters.registers.bodies import BODIES, Body
from matters.registers.categories import CATEGORIES, Category, in_order
from matters.registers.county import COUNTIES, County
from matters.registers.pages import PAGES, Page
from matters.registers.routes import ROUTES, Route
from matters.registers.rules import DEFAULT_RULES, RULES, Rules
from matters.registers.templates import TEMPLATES, ReplyTemplate
from matters.registers.units import UNITS, Unit
from stations.areas import AREAS, Area, AreaKind
from stations.register_log import RegisterProjection, read_records, version_of
from stations.registers import Register, Registers
from stations.stations import STATIONS, Station
from stations.working_days import DAYS, SpecialDay, WorkingDays

ALL: tuple[Register[Any], ...] = (
    AREAS,
    STATIONS,
    DEPUTIES,
    UNITS,
    CATEGORIES,
    COUNTIES,
    BODIES,
    ROUTES,
    TEMPLATES,
    RULES,
    DAYS,
    SHIFTS,
    ACTIVITIES,
    PAGES,
)
BY_PLURAL: Mapping[str, Register[Any]] = {register.plural: register for register in ALL}
CHECK_EVERY_S = 0.5
UNNAMED = County(name="(未命名的县)", name_en="(unnamed county)")


def projections() -> list[RegisterProjection]:
    """Return a projection for each register."""
    return [RegisterProjection(register.noun) for register in ALL]


class CountyRegisters(NamedTuple):
    """All registers at one moment, by id.

    In a data folder that never heard of them, `rules` are the default ones and `calendar`
    knows weekends only.
    """

    county: County
    areas: dict[str, Area]
    stations: dict[str, Station]
    deputies: dict[str, Deputy]
    units: dict[str, Unit]
    categories: dict[str, Category]
    known: Known
    bodies: dict[str, Body]
    routes: dict[str, Route]
    templates: dict[str, ReplyTemplate]
    rules: Rules
    days: dict[str, SpecialDay]
    calendar: WorkingDays
    shifts: dict[str, Shift]
    activities: dict[str, Activity]
    pages: dict[str, Page]
    places: Places

    @property
    def registers(self) -> Registers:
        """The same, as the readers of tables and rosters take it."""
        single: dict[str, Mapping[str, Any]] = {
            COUNTIES.noun: {self.county.id: self.county},
            RULES.noun: {self.rules.id: self.rules},
        }
        return Registers({r.noun: single.get(r.noun) or getattr(self, r.plural) for r in ALL})

    def with_villages(self, codes: set[str]) -> set[str]:
        """Return the codes with those of all areas below them."""
        whole, below = set(codes), set(codes)
        while below:
            below = {area.id for area in self.areas.values() if area.parent in whole} - whole
            whole |= below
        return whole

    def villages(self) -> list[tuple[Area, list[Area]]]:
        """Return each township with its villages, by code, for the form's list."""
        return [
            (area, [village for village in self.areas.values() if village.parent == area.id])
            for area in self.areas.values()
            if area.kind is AreaKind.TOWNSHIP
        ]


def read_all(connection: sqlite3.Connection) -> CountyRegisters:
    """Return the registers as the database has them."""
    records: dict[str, dict[str, Any]] = {
        register.plural: read_records(connection, register.noun, register.record)
        for register in ALL
    }
    county = records.pop(COUNTIES.plural).get(COUNTIES.only, UNNAMED)
    rules = records.pop(RULES.plural).get(RULES.only, DEFAULT_RULES)
    in_their_order = sorted(records[CATEGORIES.plural].values(), key=in_order)
    records[CATEGORIES.plural] = {category.id: category for category in in_their_order}
    areas, stations = records[AREAS.plural], records[STATIONS.plural]
    deputies, bodies = records[DEPUTIES.plural], records[BODIES.plural]
    calendar = WorkingDays.of(records[DAYS.plural].values())
    by_name: dict[str, list[str]] = {}
    for area in areas.values():
        by_name.setdefault(area.name, []).append(area.id)
        parent = areas.get(area.parent)
        if parent is not None:
            by_name.setdefault(parent.name + area.name, []).append(area.id)
    area_codes = {name: codes[0] for name, codes in by_name.items() if len(codes) == 1}
    known = Known(
        units=records[UNITS.plural].keys(),
        categories=records[CATEGORIES.plural].keys(),
        areas=areas.keys(),
        stations=stations.keys(),
        deputies=deputies.keys(),
        bodies=bodies.keys(),
        routes=records[ROUTES.plural],
        body_of_deputy=bodies_of_deputies(bodies, deputies, areas),
        body_of_area=bodies_of_areas(bodies, areas),
        rules=rules,
        calendar=calendar,
        names={
            register.noun: {key: record.name for key, record in records[register.plural].items()}
            for register in (UNITS, CATEGORIES, STATIONS, DEPUTIES, BODIES)
        },
        area_codes=area_codes,
    )
    return CountyRegisters(
        county=county,
        rules=rules,
        known=known,
        calendar=calendar,
        places=places_of(areas, stations, deputies),
        **records,
    )


def places_of(
    areas: Mapping[str, Area], stations: Mapping[str, Station], deputies: Mapping[str, Deputy]
) -> Places:
    """Return what says which stations a matter concerns."""
    serving: dict[str, set[str]] = {}
    for station in stations.values():
        for area in station.serves:
            serving.setdefault(area, set()).add(station.id)
    return Places(
        {station.id: station.parent for station in stations.values() if station.parent},
        {area.id: area.parent for area in areas.values() if area.parent},
        {area: frozenset(ids) for area, ids in serving.items()},
        {deputy.id: frozenset(deputy.stations) for deputy in deputies.values() if deputy.stations},
    )


class RegisterCache:
    """Keeps the registers, and reads them anew once any connection has changed them."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._version = -1
        self._checked_at = 0.0
        self._registers: CountyRegisters | None = None

    def current(self) -> CountyRegisters:
        """Return the registers; a change made elsewhere shows within half a second."""
        with self._lock:
            now = time.monotonic()
            if self._registers is None or now - self._checked_at > CHECK_EVERY_S:
                self._read_if_changed()
                self._checked_at = now
            assert self._registers is not None
            return self._registers

    def changed(self) -> None:
        """Look again at the next call: this process has just written a record."""
        self._checked_at = 0.0

    def _read_if_changed(self) -> None:
        with self._log.reading() as connection:
            connection.execute("BEGIN")
            version = version_of(connection)
            if self._registers is None or version != self._version:
                self._registers = read_all(connection)
                self._version = version
