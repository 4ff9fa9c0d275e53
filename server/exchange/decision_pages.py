"""Deciding what the hub put aside, and saying that alarms were seen."""

from starlette.responses import Response

from acts.refusals import Refusal
from eventlog.transaction import Transaction
from matters.refusals import NotFound
from matters.terms import Role
from server.exchange.node_pages import refuse_unless, told_why
from server.exchange.quarantine_decisions import decide
from server.exchange.room import ExchangeRoom
from server.people.doors import Visit
from sync.nodes import audit

_ACTS = ("accept", "reject")


def act(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `POST /console/nodes/held/{event}/{digest}/{act}`: `accept` or `reject`."""
    actor = visit.actor
    refuse_unless(actor, Role.ADMIN)
    named = visit.path["act"]
    if named not in _ACTS:
        raise NotFound
    reception = room.exchange.reception
    if reception is None:
        raise NotFound
    event, digest = (_bytes_of(visit.path[name]) for name in ("event", "digest"))

    def job(transaction: Transaction) -> None:
        decide(
            transaction,
            event,
            digest,
            accept=named == "accept",
            by=actor.signature,
            taken=reception.domain.taken,
        )

    try:
        room.writes.commit(job)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return told_why(room, visit, refusal)
    return visit.redirect(f"console/nodes?done={named}ed#held")


def alarms_seen(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `POST /console/nodes/seen`: the alarms up to the one that the page had were seen."""
    actor = visit.actor
    refuse_unless(actor, Role.ADMIN)
    upto = visit.fields.text("upto")
    if not (upto.isascii() and upto.isdecimal() and len(upto) < 16):
        raise NotFound
    room.log.write(lambda t: audit.note_seen(t.connection, t.now_ms(), int(upto), actor.signature))
    return visit.redirect("console/nodes?done=seen")


def _bytes_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise NotFound from error
