"""Deciding what the hub put aside, and saying that alarms were seen."""

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import Refusal
from eventlog.transaction import Transaction
from matters.refusals import NotFound
from matters.terms import Role
from server.exchange.node_pages import refuse_unless, told_why
from server.exchange.quarantine_decisions import decide
from server.node import Node
from server.people.doors import actor_of, form_of, redirect, signed_in
from sync.nodes import audit

_ACTS = ("accept", "reject")


@signed_in
async def act(request: Request) -> Response:
    """Answer `POST /console/nodes/held/{event}/{digest}/{act}`: `accept` or `reject`."""
    node: Node = request.app.state.node
    await form_of(request)
    actor = actor_of(request)
    refuse_unless(actor, Role.ADMIN)
    named = request.path_params["act"]
    if named not in _ACTS:
        raise NotFound
    reception = node.reception
    if reception is None:
        raise NotFound
    event, digest = (_bytes_of(request.path_params[name]) for name in ("event", "digest"))

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
        await node.matter_writes.write(job)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return await told_why(request, refusal)
    return redirect(request, f"console/nodes?done={named}ed#held")


@signed_in
async def alarms_seen(request: Request) -> Response:
    """Answer `POST /console/nodes/seen`: the alarms up to the one that the page had were seen."""
    node: Node = request.app.state.node
    fields = await form_of(request)
    actor = actor_of(request)
    refuse_unless(actor, Role.ADMIN)
    upto = fields.text("upto")
    if not (upto.isascii() and upto.isdecimal() and len(upto) < 16):
        raise NotFound
    await node.log.write_async(
        lambda t: audit.note_seen(t.connection, t.now_ms(), int(upto), actor.signature)
    )
    return redirect(request, "console/nodes?done=seen")


def _bytes_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise NotFound from error
