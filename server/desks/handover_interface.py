"""Handovers for programs: many matters dispatched in one act, and the list to close off."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from acts.refusals import N_, BadFields, FieldProblem, NotThisRole
from acts.shanghai import iso
from eventlog.identifiers import uuid_text
from matters import handovers
from matters.actors import Actor
from matters.handovers import Handed, Shown
from matters.intake.receipts import read_number
from matters.listing import lists
from matters.listing.filters import Filters
from matters.refusals import NotFound
from matters.terms import Role
from server.desks.matter_record import matter_json
from server.node import Node
from server.people.doors import required_actor
from server.web.bodies import read_fields
from server.web.languages import language_of
from server.web.locked_texts import as_json
from server.web.problems import page_errors
from server.web.values import read_seen, read_subject

_HEADERS = {"Cache-Control": "no-store"}


def may_read(actor: Actor) -> None:
    """Raise NotThisRole for those whom handovers do not concern."""
    if actor.role not in (Role.OFFICE, Role.DEPUTY, Role.ADMIN):
        raise NotThisRole


async def run_handover(
    node: Node, actor: Actor, raw: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> Handed:
    """Dispatch the rows and wait for the replica. Raises NotThisRole or BadFields."""
    known = node.registers.current().known
    plain = [
        {
            **row,
            "number": read_number(str(row.get("number", ""))) or "",
            "seen": read_seen(row.get("seen")),
        }
        for row in rows
    ]
    kept = await node.matter_writes.write(
        lambda transaction: handovers.hand_over(
            transaction,
            raw,
            plain,
            actor=actor,
            known=known,
            folder=node.folder,
        )
    )
    return kept.result


def handover_for(node: Node, identity: str) -> Shown:
    """Return a handover by its id. Raises NotFound."""
    subject = read_subject(identity)
    with node.log.reading() as connection:
        found = handovers.by_id(connection, subject)
    if found is None:
        raise NotFound
    return found


def _json(shown: Shown) -> dict[str, Any]:
    return as_json(
        {
            "id": uuid_text(shown.handover.id),
            "kind": shown.handover.kind,
            "held_on": shown.handover.held_on,
            "made_at": iso(shown.handover.made_at),
            "title": shown.title,
            "demand": shown.demand,
            "matters": shown.matters,
            "answered": shown.answered,
            "closed": shown.closed,
        }
    )


async def list_handovers(request: Request) -> Response:
    """Answer `GET /api/v1/handovers`: the newest, with how many of each are answered, closed."""
    _, actor = required_actor(request)
    may_read(actor)
    node: Node = request.app.state.node

    def read() -> list[Shown]:
        with node.log.reading() as connection:
            return handovers.listed(connection)

    found = await asyncio.to_thread(read)
    return JSONResponse({"handovers": [_json(one) for one in found]}, headers=_HEADERS)


async def one_handover(request: Request) -> Response:
    """Answer `GET /api/v1/handovers/{id}`: the handover with its matters."""
    _, actor = required_actor(request)
    may_read(actor)
    node: Node = request.app.state.node
    shown = await asyncio.to_thread(handover_for, node, request.path_params["id"])

    def read() -> list[dict[str, Any]]:
        filters = Filters(handover=shown.handover.id)
        with node.log.reading() as connection:
            page = lists.listed(connection, actor, filters, now_ms=node.now_ms())
        return [matter_json(row.matter, row.title) for row in page.rows]

    return JSONResponse({**_json(shown), "list": await asyncio.to_thread(read)}, headers=_HEADERS)


async def make_handover(request: Request) -> Response:
    """Answer `POST /api/v1/handovers`: 201 what was dispatched, and each row that was refused."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    raw = (await read_fields(request)).values
    rows = raw.get("matters") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadFields([FieldProblem("matters", "not-a-list", N_("这一项要用列表填写。"))])
    handed = await run_handover(node, actor, raw, rows)
    language = language_of(request)
    return JSONResponse(
        {
            "id": uuid_text(handed.id) if handed.id else None,
            "dispatched": list(handed.done),
            "refused": [
                {"number": one.number, "errors": page_errors(language, one.refusal)}
                for one in handed.refused
            ],
        },
        status_code=201 if handed.id else 422,
        headers=_HEADERS,
    )
