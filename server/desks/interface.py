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
from matters.actors import Actor, may_see
from matters.execution import read_contact
from matters.intake.history import approve_import
from matters.intake.receipts import read_number
from matters.listing import lists
from matters.listing.filters import Filters, filters_from
from matters.matter import Matter
from matters.public.public import is_public
from matters.refusals import NotFound
from matters.terms import Role
from server.desks.command_runs import command_named, run_command
from server.ledger.ledger_queries import read_counted, read_scope
from server.node import Node
from server.people.doors import LISTS, required_actor
from server.web.bodies import read_fields
from server.web.locked_texts import as_json

_MANY = ("followers", "parts")
_HEADERS = {"Cache-Control": "no-store"}


def matter_json(matter: Matter, title: str) -> dict[str, Any]:
    """Return a matter as lists give it."""
    return {
        "number": matter.number,
        "title": title,
        "state": str(matter.state),
        "desk": str(matter.desk),
        "version": matter.version,
        "kind": str(matter.kind),
        "category": matter.category,
        "area": matter.area,
        "station": matter.station,
        "deputy": matter.deputy,
        "channel": str(matter.channel),
        "grade": str(matter.grade),
        "lead": matter.lead,
        "assisting": list(matter.assisting),
        "limit": matter.limit,
        "round": matter.round,
        "received_at": iso(matter.received_at),
        "assigned_at": iso(matter.assigned_at),
        "due_at": iso(matter.due_at),
        "replied_at": iso(matter.replied_at),
        "closed_at": iso(matter.closed_at),
        "result": matter.result,
        "reply_rating": matter.reply_rating,
        "result_rating": matter.result_rating,
        "publicity": str(matter.publicity),
        "publish": matter.publish,
        "share_phone": matter.share_phone,
        "has_contact": matter.has_contact,
        "people": matter.people,
        "alarm": matter.alarm,
        "key": matter.key,
        "body": matter.body,
        "paused": matter.paused,
        "level": matter.level,
        "pressed": matter.pressed,
        "press_due_at": iso(matter.press_due_at),
        "extension_until": iso(matter.extension_until),
        "extensions": matter.extensions,
        "reported_at": iso(matter.reported_at),
        "deputy_reply_rating": matter.deputy_reply_rating,
        "deputy_result_rating": matter.deputy_result_rating,
        "unrated": matter.unrated,
        "contested": len(matter.contested),
        "quarantine": uuid_text(matter.quarantine) if matter.quarantine else None,
        "imported": bool(matter.batch),
        "numbers": list(matter.numbers),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return uuid_text(value) if len(value) == 16 else value.hex()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def whole_matter(node: Node, matter: Matter) -> dict[str, Any]:
    """Return a matter with its steps and texts, for staff who may see it."""
    with node.log.reading() as connection:
        texts = store.texts_of(connection, matter)
        found = matter_json(matter, store.title_of(connection, matter))
        found["repeats"] = store.likely_repeats(connection, matter)
        public = is_public(connection, matter)
        position = store.position_of(connection, matter.id)
        for name, related in (
            ("merged_into", (matter.merged_into,)),
            ("split_from", (matter.split_from,)),
            ("followers", matter.followers),
            ("parts", matter.split_into),
        ):
            numbers = [store.number_of(connection, one) for one in related if one]
            found[name] = numbers if name in _MANY else "".join(numbers) or None
    found["tasks"] = [
        {
            "unit": task.unit,
            "until": iso(task.until),
            "task": texts.get((task.event, f"task-{task.index}"), ""),
            "done": task.done,
        }
        for task in matter.tasks
    ]
    found["safety"] = node.matter_safety(matter.id, position)
    found["notice_url"] = f"{node.settings.address}notices/{matter.number}/" if public else None
    found["text"] = texts.get((matter.steps[0].event, "text"), "")
    found["place"] = texts.get((matter.steps[0].event, "place"), "")
    found["steps"] = [
        {
            "event": uuid_text(step.event),
            "at": iso(step.at),
            "received_at": iso(step.received_at),
            "type": step.type,
            "by": step.by,
            "version": step.rank,
            "contested": step.contested,
            "resolved": step.resolved or None,
            "data": {
                name: _plain(value)
                for name, value in step.data.items()
                if name not in ("content", "photos")
            },
            "words": {
                name: texts[step.event, name] for name in step.words if (step.event, name) in texts
            },
        }
        for step in matter.steps
    ]
    return as_json(found)


def matter_for(node: Node, actor: Actor, number: str) -> Matter:
    """Return a matter by its number. Raises NotFound, or NotThisRole where it is not theirs."""
    with node.log.reading() as connection:
        matter = store.by_number(connection, read_number(number) or "")
    if matter is None:
        raise NotFound
    if not may_see(actor, matter):
        raise NotThisRole
    return matter


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
        unit=registers.id_of(registers.units, query.get("unit", "")),
        station=registers.id_of(registers.stations, query.get("station", "")),
        area=registers.area_codes.get(query.get("area", ""), query.get("area", "")),
        scope=read_scope(request, registers)[0],
        counted=read_counted(request),
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
    found = await asyncio.to_thread(lambda: whole_matter(node, matter_for(node, actor, number)))
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


def subject_named(identity: str) -> bytes:
    """Return the subject that an id in an address stands for. Raises NotFound where it is none."""
    try:
        return bytes.fromhex(identity.replace("-", ""))
    except ValueError as error:
        raise NotFound from error


async def run_approval(node: Node, actor: Actor, identity: str) -> None:
    """Record that the office approves an import. Raises NotThisRole or NotFound."""
    if actor.role is not Role.OFFICE:
        raise NotThisRole
    subject = subject_named(identity)

    def job(transaction: Any) -> None:
        if not any(row.id == subject for row in store.imports(transaction.connection)):
            raise NotFound
        approve_import(transaction, subject, actor=actor)

    await node.log.write_async(job)
