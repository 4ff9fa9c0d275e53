"""Supervision in the console (督单): lights by unit, and what was raised to whom."""

from starlette.responses import Response

from acts.refusals import NotThisRole
from matters.ledgers.supervision import in_all, lights_of_units
from matters.limits.lights import Raised
from matters.listing.counts import by_state, total
from matters.listing.filters import Filters
from matters.terms import Role
from server.desks.room import DesksRoom
from server.people.doors import Visit

# More units than anybody reads; the most overdue come first.
UNITS_SHOWN = 100


def supervise(room: DesksRoom, visit: Visit) -> Response:
    """Answer `GET /console/supervise`: green, yellow and red by unit, and the levels reached."""
    actor = visit.actor
    if actor.role not in (Role.OFFICE, Role.DEPUTY, Role.UNIT, Role.ADMIN):
        raise NotThisRole
    registers = room.registers.current()
    now_ms, rules = room.log.now_ms(), registers.rules
    unit = actor.unit if actor.role is Role.UNIT else ""
    with room.log.reading() as connection:
        units = lights_of_units(connection, now_ms=now_ms, rules=rules, unit=unit)
        levels = {
            str(level): total(
                by_state(
                    connection, actor, Filters(level=level), now_ms=now_ms, rules=rules
                ).values()
            )
            for level in (Raised.HEAD, Raised.OFFICE, Raised.COMMITTEE)
        }
    return visit.page(
        "supervise.html",
        title="supervise",
        units=units[:UNITS_SHOWN],
        more=max(0, len(units) - UNITS_SHOWN),
        all=in_all(units),
        levels=levels,
        registers=registers,
        actor=actor,
    )
