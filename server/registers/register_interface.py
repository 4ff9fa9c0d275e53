"""The county's registers for programs: `/api/v1/registers/`, records as cells like an import's."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from acts.refusals import N_, BadFields, FieldProblem
from server.node import Node
from server.people.doors import required_actor
from server.registers import register_edits
from server.registers.register_edits import refuse_unless_editor, register_named
from server.registers.register_views import cells_of
from server.web.bodies import read_fields
from server.web.values import read_seen
from stations.register_log import record_version
from stations.registers import Register

PAGE_RECORDS = 500
_HEADERS = {"Cache-Control": "no-store"}


def record_json(register: Register[Any], record: Any, version: int) -> dict[str, Any]:
    """Return a record as text cells by field, with the version to send back as `seen`."""
    return {**cells_of(register, record), "version": version}


async def list_records(request: Request) -> Response:
    """Answer `GET /api/v1/registers/{plural}`: 500 records a page, by id."""
    required_actor(request)
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    after = request.query_params.get("cursor", "")
    node.registers.changed()

    def read() -> dict[str, Any]:
        records = node.registers.current().registers.of(register)
        keys = sorted(key for key in records if key > after)
        part = keys[:PAGE_RECORDS]
        with node.log.reading() as connection:
            rows = [
                record_json(register, records[key], record_version(connection, register.noun, key))
                for key in part
            ]
        return {
            "register": register.plural,
            "records": rows,
            "next": part[-1] if len(keys) > len(part) else None,
        }

    return JSONResponse(await asyncio.to_thread(read), headers=_HEADERS)


async def put_record(request: Request) -> Response:
    """Answer `PUT /api/v1/registers/{plural}/{id}`: 200 or 201 the record as it is now.

    The whole record is replaced: a field that is left out is empty.
    """
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    refuse_unless_editor(actor, register)
    given = dict((await read_fields(request)).values)
    seen = read_seen(given.pop("seen", None))
    given.pop("version", None)
    cells = _cells(register, given, request.path_params["id"])
    saved = await register_edits.save(node, actor, register, cells, seen=seen)
    record = await asyncio.to_thread(
        lambda: node.registers.current().registers.get(register.noun, saved.id)
    )
    return JSONResponse(
        record_json(register, record, saved.version),
        201 if saved.created else 200,
        headers=_HEADERS,
    )


async def delete_record(request: Request) -> Response:
    """Answer `DELETE /api/v1/registers/{plural}/{id}`: 204, or 409 with what refers to it."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    refuse_unless_editor(actor, register)
    seen = read_seen(request.query_params.get("seen"))
    await register_edits.remove(node, actor, register, request.path_params["id"], seen=seen)
    return Response(status_code=204, headers=_HEADERS)


def _cells(register: Register[Any], given: dict[str, Any], identity: str) -> dict[str, str]:
    """Return a JSON body as cells. Raises BadFields for what is no column or no text."""
    known = {column.field for column in register.columns}
    problems = [
        FieldProblem(name, "unknown", N_("这个登记册没有这一项。"))
        for name in given
        if name not in known
    ]
    problems += [
        FieldProblem(name, "not-text", N_("这一项要写成文字，和表格里的一格一样。"))
        for name, value in given.items()
        if name in known and not isinstance(value, str)
    ]
    if given.get("id") not in (None, "", identity):
        problems.append(FieldProblem("id", "other-id", N_("编号要和网址里的一样。")))
    if problems:
        raise BadFields(problems)
    return {**given, "id": identity}
