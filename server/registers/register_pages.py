"""The county's registers in the console: a list, a table of each, one form made of its columns."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import NotThisRole, Refusal
from acts.shanghai import day_of
from acts.text import clean_line
from deputies.deputies import DEPUTIES
from matters.actors import Actor
from matters.refusals import NotFound
from matters.registers.pages import PAGES
from matters.terms import Role
from server.county.choices import SELECT_MOST, SUGGEST_MOST
from server.county.county_registers import ALL, BY_PLURAL, CountyRegisters
from server.people import accounts
from server.people.doors import Visit
from server.photos.pictures import take_pictures
from server.registers import register_edits
from server.registers.register_edits import (
    EDITORS,
    RecordStale,
    is_theirs,
    may_edit,
    refuse_unless_editor,
    register_named,
)
from server.registers.register_views import (
    cells_of,
    hint_of,
    label_of,
    reference_choices,
    shown_cells,
    table_page,
)
from server.registers.room import RegistersRoom
from server.registers.shift_pages import sets_shifts, short_days
from server.web.bodies import Fields
from server.web.pages import named
from server.web.values import read_seen
from stations.columns import PICTURE_FIELD
from stations.register_log import has_record, history_of, record_version
from stations.registers import CellKind, Register, Registers
from stations.stations import STATIONS

# Registers whose records have a public page of their own.
PREVIEWED = (DEPUTIES.noun, STATIONS.noun, PAGES.noun)
NEW = "_new"  # No id has an underscore.
# The form's own fields beside the cell of a picture, which holds its hash.
PICTURE_FILE, PICTURE_GONE = "photo_file", "photo_gone"


def overview(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `GET /console/registers/`: every register that is theirs to edit, and how much."""
    actor = visit.actor
    county = room.registers.current()
    mine = [register for register in ALL if may_edit(actor, register)]
    if not mine:
        raise NotThisRole
    rows = [
        (register, 0 if register.only else len(own(county, actor, register).of(register)))
        for register in mine
    ]
    today = day_of(room.log.now_ms())
    rotas = [
        (station, len(short_days(county, station, today)))
        for station in county.stations.values()
        if sets_shifts(actor, station)
    ]
    return visit.page("registers.html", title="registers", rows=rows, rotas=rotas)


def own(county: CountyRegisters, actor: Actor, register: Register[Any]) -> Registers:
    """Return the registers with only those records of one that are the actor's to edit."""
    registers = county.registers
    mine = {
        key: record for key, record in registers.of(register).items() if is_theirs(actor, record)
    }
    return Registers({**registers.records, register.noun: mine})


def records(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `GET /console/registers/{plural}/`: the records as a table, 50 a page."""
    register = _register(visit)
    if register.only:
        return visit.redirect(f"console/registers/{register.plural}/{register.only}")
    q = clean_line(visit.query.get("q", ""))[:100]
    number = visit.query.get("page", "")
    page = table_page(
        register,
        own(room.registers.current(), visit.actor, register),
        language=visit.language,
        q=q,
        page=int(number) if number.isascii() and number.isdecimal() and len(number) < 7 else 1,
    )
    return visit.page(
        "register.html",
        title=register.plural,
        register=register,
        page=page,
        q=q,
        removed=visit.query.get("removed") == "1",
        query=lambda number: "?" + urlencode({**({"q": q} if q else {}), "page": number}),
    )


def _register(visit: Visit) -> Register[Any]:
    """Return the register of the address. Raises NotFound, or NotThisRole for who may not edit."""
    register = register_named(visit.path["plural"])
    refuse_unless_editor(visit.actor, register)
    return register


def edit(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `GET /console/registers/{plural}/{id}`: the form of a record, or of a new one."""
    return _form(room, visit, _register(visit))


def save(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `POST /console/registers/{plural}/{id}`: saved, or the form with what is wrong.

    With `step` preview, it is the public page as it would be; with `edit`, the form again.
    """
    register, identity, fields = _register(visit), visit.path["id"], visit.fields
    cells = _typed(register, fields)
    adding = identity == NEW
    if not adding:
        cells["id"] = identity
    seen = fields.text("seen")
    step = fields.text("step")
    try:
        _take_picture(room, fields, cells)
        if step == "edit":
            return _form(room, visit, register, typed=cells, seen=seen)
        if step == "preview" and register.noun in PREVIEWED:
            return _preview(room, visit, register, cells, seen)
        saved = register_edits.save(
            room,
            visit.actor,
            register,
            cells,
            seen=None if adding else read_seen(fields.values.get("seen")),
            adding=adding,
        )
    except Refusal as refusal:
        if refusal.status not in (409, 422):
            raise
        return _form(room, visit, register, typed=cells, seen=seen, refusal=refusal)
    if register.plural == "days":
        return visit.redirect("console/registers/days/?saved=1")
    return visit.redirect(f"console/registers/{register.plural}/{saved.id}?saved=1")


def removal(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `GET /console/registers/{plural}/{id}/remove`: asks once more."""
    return _removal(room, visit, _register(visit))


def remove(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `POST /console/registers/{plural}/{id}/remove`."""
    register = _register(visit)
    seen = read_seen(visit.fields.values.get("seen"))
    try:
        register_edits.remove(room, visit.actor, register, visit.path["id"], seen=seen)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return _removal(room, visit, register, refusal)
    return visit.redirect(f"console/registers/{register.plural}/?removed=1")


def lists_of(request: Request) -> tuple[str, ...]:
    """Return the fields of a record's form that may stand repeatedly."""
    register = BY_PLURAL.get(request.path_params["plural"])
    columns = () if register is None else register.columns
    return tuple(column.field for column in columns if column.kind is CellKind.REFERENCES)


def _typed(register: Register[Any], fields: Fields) -> dict[str, str]:
    """Return what was typed, a cell a column; several ticks make one cell."""
    cells = {}
    for column in register.columns:
        value = fields.values.get(column.field, "")
        if isinstance(value, list):
            value = "、".join(tick for tick in value if isinstance(tick, str) and tick)
        cells[column.field] = value if isinstance(value, str) else ""
    return cells


def _take_picture(room: RegistersRoom, fields: Fields, cells: dict[str, str]) -> None:
    """Put the hash of an uploaded picture into the record's cells, or take it out of them."""
    bodies = [body for name, body in fields.files if name == PICTURE_FILE and body]
    if bodies and PICTURE_FIELD in cells:
        (cells[PICTURE_FIELD],) = take_pictures(room.photo_writes, bodies[:1], field=PICTURE_FIELD)
    elif fields.text(PICTURE_GONE):
        cells[PICTURE_FIELD] = ""


def picture(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `GET /console/pictures/{sha256}`: a picture that a form shows."""
    if visit.actor.role not in (*EDITORS, Role.LIAISON):
        raise NotThisRole
    attachment = room.attachments.read(visit.path["sha256"])
    if attachment is None:
        raise NotFound
    media_type, body = attachment
    headers = {"Cache-Control": "private, max-age=3600", "Content-Security-Policy": "sandbox"}
    return Response(body, media_type=media_type, headers=headers)


def _preview(
    room: RegistersRoom,
    visit: Visit,
    register: Register[Any],
    cells: Mapping[str, str],
    seen: str,
) -> Response:
    """Return what the site would show, with the form's cells kept. Raises RecordError."""
    record = register_edits.read_typed(room.newest(), register, cells)
    return visit.page(
        "record_preview.html",
        title=register.plural,
        register=register,
        identity=visit.path["id"],
        name=named(visit.language, record),
        cells=cells,
        seen=seen,
        public=room.preview(record),
    )


def _form(
    room: RegistersRoom,
    visit: Visit,
    register: Register[Any],
    *,
    typed: Mapping[str, str] | None = None,
    seen: str = "",
    refusal: Refusal | None = None,
) -> Response:
    """Return a record's form. After a refusal with every word typed, and theirs where stale."""
    identity, language = visit.path["id"], visit.language
    new = identity == NEW
    only = register.only
    if only and identity != only:
        raise NotFound
    county = room.registers.current()
    record = None if new else county.registers.records.get(register.noun, {}).get(identity)
    if record is None and not new and typed is None:
        raise NotFound
    if record is not None and not is_theirs(visit.actor, record):
        raise NotThisRole
    with room.log.reading() as connection:
        version = record_version(connection, register.noun, identity)
        there = has_record(connection, register.noun, identity)
        history = history_of(connection, register.noun, identity)
        names = accounts.names_of(connection)
    stale = isinstance(refusal, RecordStale)
    stands = {} if record is None else cells_of(register, record)
    cells = dict(typed) if typed is not None else stands
    return visit.form(
        "record.html",
        refusal,
        title=register.plural,
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
        seen=str(version) if stale or typed is None else seen,
        choices=reference_choices(language, register, _offered(county, visit.actor)),
        previewed=register.noun in PREVIEWED,
        pictured=any(column.kind is CellKind.PICTURE for column in register.columns),
        select_most=SELECT_MOST,
        suggest_most=SUGGEST_MOST,
        saved=visit.query.get("saved") == "1" and refusal is None,
        version=version,
        there=there,
        history=history,
        names=names,
    )


def _offered(county: CountyRegisters, actor: Actor) -> CountyRegisters:
    """Return the registers with only the stations that the actor may write about."""
    if actor.role in EDITORS:
        return county
    stations = {key: station for key, station in county.stations.items() if key in actor.stations}
    return county._replace(stations=stations)


def _removal(
    room: RegistersRoom, visit: Visit, register: Register[Any], refusal: Refusal | None = None
) -> Response:
    identity, language = visit.path["id"], visit.language
    registers = room.newest().registers
    record = registers.get(register.noun, identity)
    if record is None or register.only:
        raise NotFound
    if not is_theirs(visit.actor, record):
        raise NotThisRole
    with room.log.reading() as connection:
        version = record_version(connection, register.noun, identity)
        used = register_edits.references_to(connection, register, identity)
    return visit.form(
        "record_remove.html",
        refusal,
        title=register.plural,
        register=register,
        identity=identity,
        name=named(language, record),
        rows=shown_cells(language, register, register.columns, record, registers),
        plurals=BY_PLURAL,
        version=version,
        used=used,
    )
