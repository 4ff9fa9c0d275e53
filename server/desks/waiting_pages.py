"""What waits for whoever signs in: each desk that is theirs, the pressing matters first."""

from starlette.responses import Response

from matters.intake.receipts import read_number
from matters.listing.inbox import FIRST_MOST, awaiting
from server.desks.room import DesksRoom
from server.people.doors import Visit


def waiting(room: DesksRoom, visit: Visit) -> Response:
    """Answer `GET /console/waiting`: what is theirs to do, and for a deputy what is owed them."""
    registers = room.registers.current()
    with room.log.reading() as connection:
        desks = awaiting(
            connection,
            visit.actor,
            now_ms=room.log.now_ms(),
            rules=registers.rules,
            first=FIRST_MOST,
        )
    return visit.page(
        "waiting.html",
        title="waiting",
        desks=desks,
        registers=registers,
        actor=visit.actor,
        returned=read_number(visit.query.get("returned", "")),
    )
