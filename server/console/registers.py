"""The county's registers in the console: a list, a table of each, one form made of its columns."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from matters.refusals import NotFound, Refusal
from server import accounts, register_edits
from server.bodies import Fields
from server.command_runs import read_seen
from server.console.doors import actor_of, form_of, redirect, signed_in
from server.county_registers import ALL, BY_PLURAL
from server.languages import language_of
from server.node import Node
from server.pages import console_page
from server.problems import page_errors
from server.register_edits import RecordStale, refuse_unless_editor, register_named
from server.register_views import (
    SELECT_MOST,
    SUGGEST_MOST,
    cells_of,
    hint_of,
    label_of,
    reference_choices,
    shown_cell,
    shown_name,
    table_page,
)
from stations.register_forms import FieldKind, form_fields, single_id
from stations.register_log import has_record, history_of, record_version
from stations.registers import Register

NEW = "_new"  # No id has an underscore.


@signed_in
async def overview(request: Request) -> Response:
    """Answer `GET /console/registers/`: every register with how much it holds."""
    refuse_unless_editor(actor_of(request))
    node: Node = request.app.state.node
    registers = node.registers.current().registers
    rows = [
        (register, 0 if single_id(register) else len(registers.records.get(register.noun, {})))
        for register in ALL
    ]
    return console_page(request, "registers.html", title="registers", rows=rows)


@signed_in
async def records(request: Request) -> Response:
    """Answer `GET /console/registers/{plural}/`: the records as a table, 50 a page."""
    refuse_unless_editor(actor_of(request))
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    only = single_id(register)
    if only:
        return redirect(request, f"console/registers/{register.plural}/{only}")
    query = request.query_params
    q = query.get("q", "")[:100]
    asked = query.get("page", "")
    page = await asyncio.to_thread(
        table_page,
        register,
        node.registers.current().registers,
        language=language_of(request),
        q=q,
        page=int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1,
    )
    return console_page(
        request,
        "register.html",
        title=register.plural,
        register=register,
        page=page,
        q=q,
        removed=query.get("removed") == "1",
        query=lambda number: "?" + urlencode({**({"q": q} if q else {}), "page": number}),
    )


@signed_in
async def edit(request: Request) -> Response:
    """Answer `GET /console/registers/{plural}/{id}`: the form of a record, or of a new one."""
    refuse_unless_editor(actor_of(request))
    return await _form(request, register_named(request.path_params["plural"]))


@signed_in
async def save(request: Request) -> Response:
    """Answer `POST /console/registers/{plural}/{id}`: saved, or the form with what is wrong."""
    actor = actor_of(request)
    refuse_unless_editor(actor)
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    identity = request.path_params["id"]
    fields = await form_of(request, lists=_lists(register))
    cells = _typed(register, fields)
    adding = identity == NEW
    if not adding:
        cells["id"] = identity
    try:
        saved = await register_edits.save(
            node,
            actor,
            register,
            cells,
            seen=None if adding else read_seen(fields.values.get("seen")),
            adding=adding,
        )
    except Refusal as refusal:
        if refusal.status not in (409, 422):
            raise
        seen = fields.text("seen")
        return await _form(request, register, typed=cells, seen=seen, refusal=refusal)
    if register.plural == "days":
        return redirect(request, "console/registers/days/?saved=1")
    return redirect(request, f"console/registers/{register.plural}/{saved.id}?saved=1")


@signed_in
async def removal(request: Request) -> Response:
    """Answer `GET /console/registers/{plural}/{id}/remove`: asks once more."""
    refuse_unless_editor(actor_of(request))
    return await _removal(request)


@signed_in
async def remove(request: Request) -> Response:
    """Answer `POST /console/registers/{plural}/{id}/remove`."""
    actor = actor_of(request)
    refuse_unless_editor(actor)
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    fields = await form_of(request)
    try:
        await register_edits.remove(
            node,
            actor,
            register,
            request.path_params["id"],
            seen=read_seen(fields.values.get("seen")),
        )
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return await _removal(request, refusal)
    return redirect(request, f"console/registers/{register.plural}/?removed=1")


def _lists(register: Register[Any]) -> tuple[str, ...]:
    return tuple(
        field.column.field for field in form_fields(register) if field.kind is FieldKind.REFERENCES
    )


def _typed(register: Register[Any], fields: Fields) -> dict[str, str]:
    """Return what was typed, a cell a column; several ticks make one cell."""
    cells = {}
    for column in register.columns:
        value = fields.values.get(column.field, "")
        if isinstance(value, list):
            value = "、".join(one for one in value if isinstance(one, str) and one)
        cells[column.field] = value if isinstance(value, str) else ""
    return cells


async def _form(
    request: Request,
    register: Register[Any],
    *,
    typed: Mapping[str, str] | None = None,
    seen: str = "",
    refusal: Refusal | None = None,
) -> Response:
    """Return a record's form. After a refusal with every word typed, and theirs where stale."""
    node: Node = request.app.state.node
    identity = request.path_params["id"]
    new = identity == NEW
    only = single_id(register)
    if only and identity != only:
        raise NotFound
    language = language_of(request)
    county = node.registers.current()
    record = None if new else county.registers.records.get(register.noun, {}).get(identity)
    if record is None and not new and typed is None:
        raise NotFound

    def read() -> dict[str, Any]:
        with node.log.reading() as connection:
            return {
                "version": record_version(connection, register.noun, identity),
                "there": has_record(connection, register.noun, identity),
                "history": history_of(connection, register.noun, identity),
                "names": accounts.names_of(connection),
            }

    values = await asyncio.to_thread(read)
    stale = isinstance(refusal, RecordStale)
    stands = {} if record is None else cells_of(register, record)
    cells = dict(typed) if typed is not None else stands
    fields = form_fields(register)
    return console_page(
        request,
        "record.html",
        title=register.plural,
        status=refusal.status if refusal is not None else 200,
        register=register,
        identity=identity,
        new=new,
        only=bool(only),
        name="" if record is None else shown_name(language, record),
        fields=[field for field in fields if field.column.field != "id" or (new and not only)],
        label=lambda field: label_of(language, field),
        labels={field.column.field: label_of(language, field) for field in fields},
        hint=lambda column: hint_of(language, column),
        cells=cells,
        theirs=stands if stale else None,
        # After a stale save the form carries the newest version, so that it may go through.
        seen=str(values["version"]) if stale or typed is None else seen,
        choices=reference_choices(language, register, county),
        select_most=SELECT_MOST,
        suggest_most=SUGGEST_MOST,
        errors=page_errors(language, refusal),
        saved=request.query_params.get("saved") == "1" and refusal is None,
        **values,
    )


async def _removal(request: Request, refusal: Refusal | None = None) -> Response:
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    identity = request.path_params["id"]
    language = language_of(request)
    node.registers.changed()
    registers = node.registers.current().registers
    record = registers.get(register.noun, identity)
    if record is None or single_id(register):
        raise NotFound

    def read() -> dict[str, Any]:
        with node.log.reading() as connection:
            return {
                "version": record_version(connection, register.noun, identity),
                "used": register_edits.references_to(connection, register, identity),
            }

    values = await asyncio.to_thread(read)
    cells = cells_of(register, record)
    return console_page(
        request,
        "record_remove.html",
        title=register.plural,
        status=refusal.status if refusal is not None else 200,
        register=register,
        identity=identity,
        name=shown_name(language, record),
        rows=[
            (
                label_of(language, field),
                shown_cell(
                    language,
                    field,
                    cells[field.column.field],
                    getattr(record, field.column.field),
                    registers,
                ),
            )
            for field in form_fields(register)
        ],
        errors=page_errors(language, refusal),
        plurals=BY_PLURAL,
        **values,
    )
