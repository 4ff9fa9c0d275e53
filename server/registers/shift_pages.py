"""A station's coming sittings in the console: somebody stands in, it falls out, it moves (Q08)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from starlette.responses import Response

from acts.refusals import N_, NotThisRole, Refusal
from acts.shanghai import day_of
from deputies.deputies import Deputy
from deputies.rota import DutyDay, duty_days, least_deputies
from deputies.shifts import SHIFTS, Shift
from matters.actors import Actor
from matters.refusals import NotFound
from server.county.county_registers import CountyRegisters
from server.people.doors import Visit
from server.registers import register_edits
from server.registers.register_edits import EDITORS
from server.registers.register_views import cells_of
from server.registers.room import RegistersRoom
from server.web.languages import translated
from server.web.values import read_seen
from stations.duty import WEEKDAYS_EN, WEEKDAYS_ZH
from stations.register_log import record_version
from stations.registers import record_id, stable_id
from stations.stations import Station

SITTINGS_SHOWN = 8
LISTS = ("away", "instead")


class Sitting(NamedTuple):
    """One row: the sitting, its shift or None, and the version that a form says it saw."""

    day: DutyDay
    words: str
    shift: Shift | None
    version: int


def sets_shifts(actor: Actor, station: Station) -> bool:
    """Return whether the actor sets the shifts of a station that has duty days."""
    if not register_edits.may_edit(actor, SHIFTS):
        return False
    return bool(station.duty) and (actor.role in EDITORS or station.id in actor.stations)


def coming(county: CountyRegisters, station: Station, today: date) -> list[DutyDay]:
    """Return a station's next sittings from today on, those that fall out among them."""
    return duty_days(
        station,
        county.deputies.values(),
        today,
        SITTINGS_SHOWN,
        shifts=county.shifts.values(),
        calendar=county.calendar,
        fallen_out=True,
    )


def short_days(county: CountyRegisters, station: Station, today: date) -> list[DutyDay]:
    """Return those of the next sittings at which fewer deputies sit than should."""
    roll = sum(station.id in deputy.stations for deputy in county.deputies.values())
    wanted = max((least_deputies(station, rule) for rule in station.duty), default=0)
    if roll >= wanted and not any(shift.station == station.id for shift in county.shifts.values()):
        # Only a shift could make them fewer: most stations need no look at their days.
        return []
    return [day for day in coming(county, station, today) if day.short]


def page(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `GET /console/shifts/{station}`: the next sittings, each with what can be changed."""
    return _page(room, visit, _station(room, visit))


def change(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `POST /console/shifts/{station}`: `act` replace, cancel, move, hold or restore."""
    station, fields = _station(room, visit), visit.fields
    day, act = fields.text("date"), fields.text("act")
    stands = _shift_of(room.registers.current(), station.id, day)
    seen = read_seen(fields.values.get("seen"))
    try:
        if act == "restore":
            if stands is not None:
                register_edits.remove(room, visit.actor, SHIFTS, stands.id, seen=seen)
        else:
            cells = {} if stands is None else cells_of(SHIFTS, stands)
            cells |= {"station": station.id, "date": day, "note": fields.text("note")}
            cells |= _changes(act, day, fields.values)
            register_edits.save(room, visit.actor, SHIFTS, cells, seen=seen)
    except Refusal as refusal:
        if refusal.status not in (409, 422):
            raise
        return _page(room, visit, station, typed=fields.values, refusal=refusal)
    return visit.redirect(f"console/shifts/{station.id}?saved=1")


def _changes(act: str, day: str, typed: Mapping[str, Any]) -> dict[str, str]:
    match act:
        case "cancel":
            return {"cancelled": "是", "moved_to": ""}
        case "move":
            return {"cancelled": "", "moved_to": str(typed.get("moved_to", ""))}
        case "hold":
            return {"cancelled": "", "moved_to": day}
        case "replace":
            return {name: "、".join(_texts(typed.get(name))) for name in LISTS}
    raise NotFound


def _texts(value: Any) -> list[str]:
    return [text for text in value or () if isinstance(text, str) and text.strip()]


def _station(room: RegistersRoom, visit: Visit) -> Station:
    station = room.registers.current().stations.get(visit.path["station"])
    if station is None:
        raise NotFound
    if not sets_shifts(visit.actor, station):
        raise NotThisRole
    return station


def _shift_of(county: CountyRegisters, station: str, day: str) -> Shift | None:
    """Return the shift that counts: of several for one day the last by id, as in the rota."""
    same_day = (s for s in county.shifts.values() if (s.station, s.date) == (station, day))
    return max(same_day, key=record_id, default=None)


def _page(
    room: RegistersRoom,
    visit: Visit,
    station: Station,
    *,
    typed: Mapping[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    county, today = room.newest(), day_of(room.log.now_ms())
    sittings = []
    with room.log.reading() as connection:
        for day in coming(county, station, today):
            shift = _shift_of(county, station.id, str(day.by_rule))
            key = shift.id if shift else stable_id("shift", (station.id, str(day.by_rule)))
            version = record_version(connection, SHIFTS.noun, key)
            sittings.append(Sitting(day, day_words(visit.language, day.date), shift, version))
    return visit.form(
        "shifts.html",
        refusal,
        title="shifts",
        station=station,
        sittings=sittings,
        roll=_roll(county, station),
        deputies=county.deputies,
        typed=typed or {},
        saved=visit.query.get("saved") == "1" and refusal is None,
        today=str(today),
    )


def _roll(county: CountyRegisters, station: Station) -> list[Deputy]:
    return [deputy for deputy in county.deputies.values() if station.id in deputy.stations]


def day_words(language: str, day: date) -> str:
    """Return a day with its weekday, as it is said."""
    return translated(
        language,
        N_("{day} 周{weekday}"),
        day=f"{day.month}月{day.day}日",
        day_en=f"{day}",
        weekday=WEEKDAYS_ZH[day.weekday()],
        weekday_en=WEEKDAYS_EN[day.weekday()][:3],
    )
