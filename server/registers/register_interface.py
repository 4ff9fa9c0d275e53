"""The county's registers for programs: `/api/v1/registers/`, records as cells like an import's."""

from typing import Any

from starlette.responses import JSONResponse, Response

from acts.refusals import N_, BadFields, FieldProblem
from server.people.interface import HEADERS, Call
from server.registers import register_edits
from server.registers.register_edits import refuse_unless_editor, register_named
from server.registers.register_views import cells_of
from server.registers.room import RegistersRoom
from server.web.values import read_seen
from stations.register_log import record_version
from stations.registers import Register

PAGE_RECORDS = 500


def record_json(register: Register[Any], record: Any, version: int) -> dict[str, Any]:
    """Return a record as text cells by field, with the version to send back as `seen`."""
    return {**cells_of(register, record), "version": version}


def list_records(room: RegistersRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/registers/{plural}`: 500 records a page, by id."""
    register = register_named(call.path["plural"])
    after = call.query.get("cursor", "")
    records = room.newest().registers.of(register)
    keys = sorted(key for key in records if key > after)
    part = keys[:PAGE_RECORDS]
    with room.log.reading() as connection:
        rows = [
            record_json(register, records[key], record_version(connection, register.noun, key))
            for key in part
        ]
    return {
        "register": register.plural,
        "records": rows,
        "next": part[-1] if len(keys) > len(part) else None,
    }


def put_record(room: RegistersRoom, call: Call) -> Response:
    """Answer `PUT /api/v1/registers/{plural}/{id}`: 200 or 201 the record as it is now.

    The whole record is replaced: a field that is left out is empty.
    """
    register = register_named(call.path["plural"])
    refuse_unless_editor(call.actor, register)
    values = dict(call.values)
    seen = read_seen(values.pop("seen", None))
    values.pop("version", None)
    cells = _cells(register, values, call.path["id"])
    saved = register_edits.save(room, call.actor, register, cells, seen=seen)
    record = room.registers.current().registers.get(register.noun, saved.id)
    return JSONResponse(
        record_json(register, record, saved.version),
        201 if saved.created else 200,
        headers=HEADERS,
    )


def delete_record(room: RegistersRoom, call: Call) -> Response:
    """Answer `DELETE /api/v1/registers/{plural}/{id}`: 204, or 409 with what refers to it."""
    register = register_named(call.path["plural"])
    refuse_unless_editor(call.actor, register)
    seen = read_seen(call.query.get("seen"))
    register_edits.remove(room, call.actor, register, call.path["id"], seen=seen)
    return Response(status_code=204, headers=HEADERS)


def _cells(register: Register[Any], values: dict[str, Any], identity: str) -> dict[str, str]:
    """Return a JSON body as cells. Raises BadFields for what is no column or no text."""
    known = {column.field for column in register.columns}
    problems = [
        FieldProblem(name, "unknown", N_("这个登记册没有这一项。"))
        for name in values
        if name not in known
    ]
    problems += [
        FieldProblem(name, "not-text", N_("这一项要写成文字，和表格里的一格一样。"))
        for name, value in values.items()
        if name in known and not isinstance(value, str)
    ]
    if values.get("id") not in (None, "", identity):
        problems.append(FieldProblem("id", "other-id", N_("编号要和网址里的一样。")))
    if problems:
        raise BadFields(problems)
    return {**values, "id": identity}
