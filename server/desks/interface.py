"""The interface for programs, `/api/v1/`: lists, single matters, and every command of the table."""

import asyncio
import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from acts.refusals import N_, BadFields, FieldProblem, NotThisRole
from acts.shanghai import SHANGHAI, iso
from eventlog.identifiers import uuid_text
from matters import store
from matters.actors import Actor
from matters.execution import read_contact
from matters.intake.history import approve_import
from matters.intake.receipts import read_number
from matters.listing import lists
from matters.listing.filters import Filters, filters_from
from matters.refusals import NotFound
from matters.terms import Role
from server.desks.command_runs import command_named, run_command
from server.desks.matter_record import matter_for, matter_json, whole_matter
from server.ledger.ledger_queries import read_counted, read_scope
from server.node import Node
from server.people.doors import LISTS, required_actor
from server.web.bodies import read_fields
from server.web.locked_texts import as_json
from server.web.values import read_subject

_HEADERS = {"Cache-Control": "no-store"}


def read_filters(request: Request) -> Filters:
    """Return a list's filters from the address. Raises BadFields for what is no time."""
    query = request.query_params
    node: Node = request.app.state.node
    since = 0
    if query.get("since"):
        try:
            moment = datetime.datetime.fromisoformat(query["since"])
        except ValueError as error:
            raise BadFields(
                [FieldProblem("since", "not-a-time", N_("时间写法如 2026-11-21。"))]
            ) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=SHANGHAI)
        since = int(moment.timestamp() * 1000)
    registers = node.registers.current()
    return filters_from(query)._replace(
        since=since,
        unit=registers.known.id_of("unit", query.get("unit", "")),
        station=registers.known.id_of("station", query.get("station", "")),
        area=registers.known.id_of("area", query.get("area", "")),
        scope=read_scope(request.query_params, registers)[0],
        counted=read_counted(request.query_params),
    )


async def list_units(request: Request) -> Response:
    """Answer `GET /api/v1/units`."""
    required_actor(request)
    node: Node = request.app.state.node
    units = node.registers.current().units.values()
    return JSONResponse(
        {"units": [{"id": unit.id, "name": unit.name} for unit in units]}, headers=_HEADERS
    )


async def list_matters(request: Request) -> Response:
    """Answer `GET /api/v1/matters` with the filters of CONTRACT."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    filters = read_filters(request)

    def read() -> dict[str, Any]:
        with node.log.reading() as connection:
            page = lists.listed(
                connection,
                actor,
                filters,
                now_ms=node.now_ms(),
                rules=node.registers.current().rules,
            )
        found = as_json(
            {
                "matters": [matter_json(row.matter, row.title) for row in page.rows],
                "next": page.next or None,
            }
        )
        # Nothing is found by its words then, and whoever asks is told why.
        return {**found, "locked": True} if filters.q and node.is_locked else found

    return JSONResponse(await asyncio.to_thread(read), headers=_HEADERS)


async def one_matter(request: Request) -> Response:
    """Answer `GET /api/v1/matters/{number}`."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    number = request.path_params["number"]
    found = await asyncio.to_thread(lambda: whole_matter(node, matter_for(node.log, actor, number)))
    return JSONResponse(found, headers=_HEADERS)


async def command_matter(request: Request) -> Response:
    """Answer `POST /api/v1/matters/{number}/{command}`: 200 the matter, or the refusal."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    command = command_named(request.path_params["command"])
    fields = await read_fields(request, lists=LISTS)
    matter = await run_command(node, actor, request.path_params["number"], command, fields.values)
    return JSONResponse(await asyncio.to_thread(whole_matter, node, matter), headers=_HEADERS)


async def matter_contact(request: Request) -> Response:
    """Answer `GET /api/v1/matters/{number}/contact`; the look is put on record."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    number = read_number(request.path_params["number"]) or ""
    unsealer = node.unsealer()
    committed = await node.log.write_async(
        lambda transaction: read_contact(transaction, number, actor=actor, unsealer=unsealer)
    )
    told = committed.result._asdict()
    if not told["guardian"]:
        del told["guardian"]
    return JSONResponse(told, headers=_HEADERS)


async def list_imports(request: Request) -> Response:
    """Answer `GET /api/v1/imports`: every import with its counts, the newest first."""
    _, actor = required_actor(request)
    if actor.role not in (Role.OFFICE, Role.ADMIN):
        raise NotThisRole
    node: Node = request.app.state.node
    with node.log.reading() as connection:
        rows = store.imports(connection)
    return JSONResponse(
        {
            "imports": [
                {
                    "id": uuid_text(row.id),
                    "file": row.file_name,
                    "rows": row.rows,
                    "answered": row.answered,
                    "started_at": iso(row.started_at),
                    "approved_at": iso(row.approved_at),
                }
                for row in rows
            ]
        },
        headers=_HEADERS,
    )


async def approve(request: Request) -> Response:
    """Answer `POST /api/v1/imports/{id}/approve`: the whole import may be public from now on."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    await run_approval(node, actor, request.path_params["id"])
    return await list_imports(request)


async def run_approval(node: Node, actor: Actor, identity: str) -> None:
    """Record that the office approves an import. Raises NotThisRole or NotFound."""
    if actor.role is not Role.OFFICE:
        raise NotThisRole
    subject = read_subject(identity)

    def job(transaction: Any) -> None:
        if not any(row.id == subject for row in store.imports(transaction.connection)):
            raise NotFound
        approve_import(transaction, subject, actor=actor)

    await node.log.write_async(job)
