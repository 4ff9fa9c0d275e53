"""The county's registers in the console: a list, a table of each, one form made of its columns."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import NotThisRole, Refusal
from acts.text import clean_line
from matters.actors import Actor
from matters.refusals import NotFound
from matters.terms import Role
from server.node import Node
from server.people import accounts
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.photos.pictures import take_pictures
from server.registers import register_edits
from server.registers.county_registers import ALL, BY_PLURAL, CountyRegisters
from server.registers.previewing import PREVIEWED, preview
from server.registers.register_edits import (
    EDITORS,
    RecordStale,
    is_theirs,
    may_edit,
    refuse_unless_editor,
    register_named,
)
from server.registers.register_views import (
    SELECT_MOST,
    SUGGEST_MOST,
    cells_of,
    hint_of,
    label_of,
    reference_choices,
    shown_cell,
    table_page,
)
from server.registers.shift_pages import sets_shifts, short_days
from server.web.bodies import Fields
from server.web.languages import language_of
from server.web.pages import console_page, named
from server.web.problems import page_errors
from server.web.values import read_seen
from stations.columns import PICTURE_FIELD
from stations.register_log import has_record, history_of, record_version
from stations.registers import CellKind, Register, Registers

NEW = "_new"  # No id has an underscore.
# The form's own fields beside the cell of a picture, which holds its hash.
PICTURE_FILE, PICTURE_GONE = "photo_file", "photo_gone"


@signed_in
async def overview(request: Request) -> Response:
    """Answer `GET /console/registers/`: every register that is theirs to edit, and how much."""
    actor = actor_of(request)
    node: Node = request.app.state.node
    county = node.registers.current()
    mine = [register for register in ALL if may_edit(actor, register)]
    if not mine:
        raise NotThisRole
    rows = [
        (register, 0 if register.only else len(own(county, actor, register).of(register)))
        for register in mine
    ]
    rotas = [
        (station, len(short_days(county, station)))
        for station in county.stations.values()
        if sets_shifts(actor, station)
    ]
    return console_page(request, "registers.html", title="registers", rows=rows, rotas=rotas)


def own(county: CountyRegisters, actor: Actor, register: Register[Any]) -> Registers:
    """Return the registers with only those records of one that are the actor's to edit."""
    registers = county.registers
    mine = {
        key: record for key, record in registers.of(register).items() if is_theirs(actor, record)
    }
    return Registers({**registers.records, register.noun: mine})


@signed_in
async def records(request: Request) -> Response:
    """Answer `GET /console/registers/{plural}/`: the records as a table, 50 a page."""
    node: Node = request.app.state.node
    actor, register = actor_of(request), register_named(request.path_params["plural"])
    refuse_unless_editor(actor, register)
    only = register.only
    if only:
        return redirect(request, f"console/registers/{register.plural}/{only}")
    query = request.query_params
    q = clean_line(query.get("q", ""))[:100]
    asked = query.get("page", "")
    page = await asyncio.to_thread(
        table_page,
        register,
        own(node.registers.current(), actor, register),
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
    register = register_named(request.path_params["plural"])
    refuse_unless_editor(actor_of(request), register)
    return await _form(request, register)


@signed_in
async def save(request: Request) -> Response:
    """Answer `POST /console/registers/{plural}/{id}`: saved, or the form with what is wrong.

    With `step` preview, it is the public page as it would be; with `edit`, the form again.
    """
    actor = actor_of(request)
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    refuse_unless_editor(actor, register)
    identity = request.path_params["id"]
    fields = await form_of(request, lists=_lists(register))
    cells = _typed(register, fields)
    adding = identity == NEW
    if not adding:
        cells["id"] = identity
    seen = fields.text("seen")
    step = fields.text("step")
    try:
        await _take_picture(node, fields, cells)
        if step == "edit":
            return await _form(request, register, typed=cells, seen=seen)
        if step == "preview" and register.noun in PREVIEWED:
            return await _preview(request, register, cells, seen)
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
        return await _form(request, register, typed=cells, seen=seen, refusal=refusal)
    if register.plural == "days":
        return redirect(request, "console/registers/days/?saved=1")
    return redirect(request, f"console/registers/{register.plural}/{saved.id}?saved=1")


@signed_in
async def removal(request: Request) -> Response:
    """Answer `GET /console/registers/{plural}/{id}/remove`: asks once more."""
    refuse_unless_editor(actor_of(request), register_named(request.path_params["plural"]))
    return await _removal(request)


@signed_in
async def remove(request: Request) -> Response:
    """Answer `POST /console/registers/{plural}/{id}/remove`."""
    actor = actor_of(request)
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    refuse_unless_editor(actor, register)
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
    return tuple(column.field for column in register.columns if column.kind is CellKind.REFERENCES)


def _typed(register: Register[Any], fields: Fields) -> dict[str, str]:
    """Return what was typed, a cell a column; several ticks make one cell."""
    cells = {}
    for column in register.columns:
        value = fields.values.get(column.field, "")
        if isinstance(value, list):
            value = "、".join(tick for tick in value if isinstance(tick, str) and tick)
        cells[column.field] = value if isinstance(value, str) else ""
    return cells


async def _take_picture(node: Node, fields: Fields, cells: dict[str, str]) -> None:
    """Put the hash of an uploaded picture into the record's cells, or take it out of them."""
    bodies = [body for name, body in fields.files if name == PICTURE_FILE and body]
    if bodies and PICTURE_FIELD in cells:
        (cells[PICTURE_FIELD],) = await asyncio.to_thread(
            take_pictures, node.photo_writes, bodies[:1], field=PICTURE_FIELD
        )
    elif fields.text(PICTURE_GONE):
        cells[PICTURE_FIELD] = ""


@signed_in
async def picture(request: Request) -> Response:
    """Answer `GET /console/pictures/{sha256}`: a picture that a form shows."""
    if actor_of(request).role not in (*EDITORS, Role.LIAISON):
        raise NotThisRole
    node: Node = request.app.state.node
    kept = await asyncio.to_thread(node.attachments.read, request.path_params["sha256"])
    if kept is None:
        raise NotFound
    headers = {"Cache-Control": "private, max-age=3600", "Content-Security-Policy": "sandbox"}
    return Response(kept[1], media_type=kept[0], headers=headers)


async def _preview(
    request: Request, register: Register[Any], cells: Mapping[str, str], seen: str
) -> Response:
    """Return what the site would show, with the form's cells kept. Raises RecordError."""
    node: Node = request.app.state.node
    node.registers.changed()
    record = await asyncio.to_thread(register_edits.read_typed, node, register, cells)
    html = await asyncio.to_thread(preview, node, record)
    return console_page(
        request,
        "record_preview.html",
        title=register.plural,
        register=register,
        identity=request.path_params["id"],
        name=named(language_of(request), record),
        cells=cells,
        seen=seen,
        public=html,
    )


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
    only = register.only
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

    actor = actor_of(request)
    if record is not None and not is_theirs(actor, record):
        raise NotThisRole
    values = await asyncio.to_thread(read)
    stale = isinstance(refusal, RecordStale)
    stands = {} if record is None else cells_of(register, record)
    cells = dict(typed) if typed is not None else stands
    return console_page(
        request,
        "record.html",
        title=register.plural,
        status=refusal.status if refusal is not None else 200,
        register=register,
        identity=identity,
        new=new,
        only=bool(only),
        name="" if record is None else named(language, record),
        fields=[c for c in register.columns if c.field != "id" or (new and not only)],
        label=lambda column: label_of(language, column),
        labels={column.field: label_of(language, column) for column in register.columns},
        hint=lambda column: hint_of(language, column),
        cells=cells,
        theirs=stands if stale else None,
        # After a stale save the form carries the newest version, so that it may go through.
        seen=str(values["version"]) if stale or typed is None else seen,
        choices=reference_choices(language, register, _offered(county, actor)),
        previewed=register.noun in PREVIEWED,
        pictured=any(column.kind is CellKind.PICTURE for column in register.columns),
        select_most=SELECT_MOST,
        suggest_most=SUGGEST_MOST,
        errors=page_errors(language, refusal),
        saved=request.query_params.get("saved") == "1" and refusal is None,
        **values,
    )


def _offered(county: CountyRegisters, actor: Actor) -> CountyRegisters:
    """Return the registers with only the stations that the actor may write about."""
    if actor.role in EDITORS:
        return county
    stations = {key: station for key, station in county.stations.items() if key in actor.stations}
    return county._replace(stations=stations)


async def _removal(request: Request, refusal: Refusal | None = None) -> Response:
    node: Node = request.app.state.node
    register = register_named(request.path_params["plural"])
    identity = request.path_params["id"]
    language = language_of(request)
    node.registers.changed()
    registers = node.registers.current().registers
    record = registers.get(register.noun, identity)
    if record is None or register.only:
        raise NotFound
    if not is_theirs(actor_of(request), record):
        raise NotThisRole

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
        name=named(language, record),
        rows=[
            (
                label_of(language, column),
                shown_cell(
                    language,
                    column,
                    cells[column.field],
                    getattr(record, column.field),
                    registers,
                ),
            )
            for column in register.columns
        ],
        errors=page_errors(language, refusal),
        plurals=BY_PLURAL,
        **values,
    )
