"""The forms about matters, shown again with words that came without their session."""

import re

from starlette.responses import Response

from matters.commands import COMMANDS
from server.desks import market_pages, matter_pages, publishing_pages
from server.desks.matter_record import matter_for
from server.desks.stall import read_stall
from server.people.doors import Visit
from server.people.unsent import Kept, NotSentYet

_ON_MATTER = re.compile(r"matters/(\d+)/([a-z-]+)")


async def form_of(visit: Visit, kept: Kept, status: int) -> Response | None:
    """Return the page of the kept form, or None where it has none here. Raises a Refusal."""
    request = visit.request
    if kept.place == "enter":
        return matter_pages.entry(request, typed=kept.fields, status=status, unsent=True)
    if kept.place == "market":
        return await market_pages.page(request, read_stall(kept.fields), status=status, unsent=True)
    on_matter = _ON_MATTER.fullmatch(kept.place)
    if on_matter is None or on_matter[2] not in COMMANDS:
        return None
    matter = matter_for(request.app.state.node.log, visit.actor, on_matter[1])
    if on_matter[2] == "publish":
        return await publishing_pages.shown_again(request, matter, kept.fields, NotSentYet())
    return await matter_pages.matter_page(
        request,
        matter,
        status=status,
        command=COMMANDS[on_matter[2]],
        typed=kept.fields,
        unsent=True,
    )
