"""Supervision in the console (督单): lights by unit, and what was raised to whom."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import NotThisRole
from matters.ledgers.supervision import UnitLights, in_all, lights_of_units
from matters.limits.lights import Raised
from matters.listing.counts import Count, by_state, total
from matters.listing.filters import Filters
from matters.terms import Role
from server.node import Node
from server.people.doors import actor_of, signed_in
from server.web.pages import console_page

# More units than anybody reads; the most overdue come first.
UNITS_SHOWN = 100


@signed_in
async def supervise(request: Request) -> Response:
    """Answer `GET /console/supervise`: green, yellow and red by unit, and the levels reached."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    if actor.role not in (Role.OFFICE, Role.DEPUTY, Role.UNIT, Role.ADMIN):
        raise NotThisRole
    registers = node.registers.current()
    now_ms = node.now_ms()
    unit = actor.unit if actor.role is Role.UNIT else ""

    def read() -> tuple[list[UnitLights], dict[str, Count]]:
        with node.log.reading() as connection:
            units = lights_of_units(connection, now_ms=now_ms, rules=registers.rules, unit=unit)
            levels = {
                str(level): total(
                    by_state(
                        connection,
                        actor,
                        Filters(level=level),
                        now_ms=now_ms,
                        rules=registers.rules,
                    ).values()
                )
                for level in (Raised.HEAD, Raised.OFFICE, Raised.COMMITTEE)
            }
            return units, levels

    units, levels = await asyncio.to_thread(read)
    return console_page(
        request,
        "supervise.html",
        title="supervise",
        units=units[:UNITS_SHOWN],
        more=max(0, len(units) - UNITS_SHOWN),
        all=in_all(units),
        levels=levels,
        registers=registers,
        actor=actor,
    )
