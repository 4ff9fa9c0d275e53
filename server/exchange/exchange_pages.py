"""Whether all is safe: what waits here, what the county has, and why the last try failed."""

import asyncio
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import NotThisRole
from eventlog.log import Log
from matters import store
from matters.actors import Actor, may_see
from matters.terms import Role
from server.exchange import exchange_health
from server.exchange.exchange_health import Above
from server.exchange.joining_pages import may_join_again
from server.node import Node
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.web.pages import console_page
from sync.rounds import uplink

WATCHED_EVERY_S = 3
FIRST_MOST = 10
_READERS = (Role.LIAISON, Role.DEPUTY, Role.OFFICE, Role.ADMIN)
_SENDERS = (Role.LIAISON, Role.OFFICE, Role.ADMIN)


class PutAside(NamedTuple):
    """What the hub put aside, as a person reads it; `number` is "" where it is no matter of theirs.

    `at` is when the hub said so, in ms (UTC).
    """

    type: str
    number: str
    code: str
    at: int


@signed_in
async def page(request: Request) -> Response:
    """Answer `GET /console/sync`; while something is carried, the page looks again by itself."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    if actor.role not in _READERS:
        raise NotThisRole
    standing = await asyncio.to_thread(node.exchange.standing)
    above, refused = await asyncio.to_thread(_read, node.log, actor)
    site = None if node.follower is None else node.follower.progress
    site_failure = "" if node.follower is None else node.follower.failure
    fetching = site is not None and site.files_left > 0 and not site_failure
    progress = standing.progress
    # A round in which nobody has anything to say is over at once, and is not worth a word.
    carrying = progress.running and bool(
        standing.waiting or standing.photos_waiting or progress.sent or progress.received
    )
    asked = request.query_params.get("asked") == "1"
    watched = carrying or fetching or asked
    still = request.query_params.get("still") == "1"
    response = console_page(
        request,
        "exchange.html",
        title="sync",
        standing=standing,
        above=above,
        refused=refused,
        first_most=FIRST_MOST,
        clock=None if node.clock is None else node.clock.status,
        copied_at=node.copied_at_ms,
        site=site if fetching else None,
        site_failure=site_failure,
        site_is_old=_is_old(node),
        carrying=carrying,
        watched=watched,
        still=still,
        asked=asked,
        may_send=actor.role in _SENDERS,
        may_join=may_join_again(request, actor.role, above.hub),
    )
    if watched and not still:
        # By its own header, which whoever reads with a screen reader can leave by a link.
        response.headers["Refresh"] = f"{WATCHED_EVERY_S}; url={request.url.path}"
    return response


@signed_in
async def send_now(request: Request) -> Response:
    """Answer `POST /console/sync`: carry what waits at once, whatever the last try came to."""
    node: Node = request.app.state.node
    await form_of(request)
    if actor_of(request).role not in _SENDERS:
        raise NotThisRole
    node.exchange.now()
    return redirect(request, "console/sync?asked=1")


def _read(log: Log, actor: Actor) -> tuple[Above, list[PutAside]]:
    with log.reading() as connection:
        refused = []
        for one in uplink.put_aside(connection):
            matter = store.by_id(connection, one.event.subject)
            number = matter.number if matter is not None and may_see(actor, matter) else ""
            refused.append(PutAside(one.event.type, number, one.code, one.at))
        return exchange_health.above(connection), refused


def _is_old(node: Node) -> bool:
    copied = node.copied_at_ms
    return copied is not None and node.now_ms() - copied > exchange_health.SITE_OLD_MS
