"""What waits for whoever signs in: each desk that is theirs, the pressing matters first."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from matters.intake.receipts import read_number
from matters.listing.inbox import FIRST_MOST, Awaited, awaiting
from server.node import Node
from server.people.doors import actor_of, signed_in
from server.web.pages import console_page


@signed_in
async def waiting(request: Request) -> Response:
    """Answer `GET /console/waiting`: what is theirs to do, and for a deputy what is owed them."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    registers = node.registers.current()

    def read() -> list[Awaited]:
        with node.log.reading() as connection:
            return awaiting(
                connection,
                actor,
                now_ms=node.now_ms(),
                rules=registers.rules,
                first=FIRST_MOST,
            )

    return console_page(
        request,
        "waiting.html",
        title="waiting",
        desks=await asyncio.to_thread(read),
        registers=registers,
        actor=actor,
        returned=read_number(request.query_params.get("returned", "")),
    )
