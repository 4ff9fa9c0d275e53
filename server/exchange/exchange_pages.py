"""Whether all is safe: what waits here, what the county has, and why the last try failed."""

from typing import NamedTuple

from starlette.responses import Response

from eventlog.log import Log
from matters import store
from matters.actors import Actor, may_see
from matters.terms import Role
from server.exchange import exchange_health
from server.exchange.exchange_health import Above
from server.exchange.joining_pages import may_join_again
from server.exchange.node_pages import refuse_unless
from server.exchange.room import ExchangeRoom
from server.people.doors import Visit
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


def page(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `GET /console/sync`; while something is carried, the page looks again by itself."""
    actor = visit.actor
    refuse_unless(actor, *_READERS)
    standing = room.exchange.standing()
    above, refused = _read(room.log, actor)
    site = None if room.follower is None else room.follower.progress
    site_failure = "" if room.follower is None else room.follower.failure
    fetching = site is not None and site.files_left > 0 and not site_failure
    progress = standing.under_way
    # A round in which nobody has anything to say is over at once, and is not worth a word.
    carrying = progress is not None and bool(
        standing.waiting or standing.photos_waiting or progress.sent or progress.received
    )
    asked = visit.query.get("asked") == "1"
    watched = carrying or fetching or asked
    still = visit.query.get("still") == "1"
    response = visit.page(
        "exchange.html",
        title="sync",
        standing=standing,
        above=above,
        refused=refused,
        first_most=FIRST_MOST,
        clock=None if room.clock is None else room.clock.status,
        copied_at=room.copied_at_ms,
        site=site if fetching else None,
        site_failure=site_failure,
        site_is_old=_is_old(room),
        carrying=carrying,
        watched=watched,
        still=still,
        asked=asked,
        may_send=actor.role in _SENDERS,
        may_join=may_join_again(room, visit, above.hub),
    )
    if watched and not still:
        # By its own header, which whoever reads with a screen reader can leave by a link.
        response.headers["Refresh"] = f"{WATCHED_EVERY_S}; url={visit.request.url.path}"
    return response


def send_now(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `POST /console/sync`: carry what waits at once, whatever the last try came to."""
    refuse_unless(visit.actor, *_SENDERS)
    room.exchange.now()
    return visit.redirect("console/sync?asked=1")


def _read(log: Log, actor: Actor) -> tuple[Above, list[PutAside]]:
    with log.reading() as connection:
        refused = []
        for event, code, at in uplink.put_aside(connection):
            matter = store.by_id(connection, event.subject)
            number = matter.number if matter is not None and may_see(actor, matter) else ""
            refused.append(PutAside(event.type, number, code, at))
        return exchange_health.above(connection), refused


def _is_old(room: ExchangeRoom) -> bool:
    copied = room.copied_at_ms
    return copied is not None and room.log.now_ms() - copied > exchange_health.SITE_OLD_MS
