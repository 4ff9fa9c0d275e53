"""One record of a register, saved or removed by staff: the rules of imports, and two at once."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from acts.refusals import N_, FieldProblem, NotThisRole, Refusal
from deputies.activities import ACTIVITIES
from deputies.shifts import SHIFTS
from eventlog.transaction import Transaction
from matters.actors import SYSTEM, Actor
from matters.listing.counts import by_state, total
from matters.listing.filters import Filters
from matters.refusals import NotFound
from matters.terms import Role, State
from server.county.county_registers import ALL, BY_PLURAL, CountyRegisters
from server.people import accounts
from server.registers.room import RegistersRoom
from server.web.languages import CHINESE
from server.web.pages import named
from stations.cells import CellError
from stations.names import resolver_for
from stations.register_log import (
    has_record,
    read_naming,
    read_record,
    record_version,
    remove_record,
    set_record,
)
from stations.register_rows import records_from_rows
from stations.registers import (
    HeaderMatch,
    RecordError,
    Register,
    check_record,
    record_from_row,
    record_id,
)

_GONE = CellError(N_("刚刚被别人从登记册里删除了，请改成别的"))
_NOT_YOURS = CellError(N_("只能写您自己的站和它的联络点"))
EDITORS = (Role.OFFICE, Role.ADMIN)
# What a liaison officer keeps, too, for their own station and its points.
OF_A_STATION = (SHIFTS.noun, ACTIVITIES.noun)
_OPEN = (State.ASSIGNED, State.IN_HAND)


class RecordStale(Refusal):
    """Somebody else changed the record after the form or client read it."""

    code = "stale"
    status = 409
    message = N_("您打开页面之后，别人已经改过这一条。")
    advice = N_("两边写的都在下面，没有丢。请对照着改好，再保存。")


class RecordInUse(Refusal):
    """Other records refer to this one, or people or matters need it; `names` says which."""

    code = "in-use"
    status = 409
    message = N_("还有别处用着它，不能删除：{names}")
    advice = N_("请先改那些地方，再来删除。")


class UnitStillHandles(Refusal):
    """A unit that has matters in hand."""

    code = "in-use"
    status = 409
    message = N_("这个单位还有 {count} 件事没有办完，不能删除。")
    advice = N_("请先把这些事改派给别的单位，或等它们办完。")


class LastOfItsKind(Refusal):
    """A register that always holds its one record."""

    code = "only-one"
    status = 409
    message = N_("这一条只有一份，不能删除，只能修改。")


class Saved(NamedTuple):
    """What became of a record: its id, its version now, and whether it is new on its register."""

    id: str
    version: int
    created: bool


class Reference(NamedTuple):
    """Something that refers to a record: the register's plural or "accounts", an id, a name."""

    plural: str
    id: str
    name: str


def register_named(plural: str) -> Register[Any]:
    """Return a register by its name in the address. Raises NotFound."""
    register = BY_PLURAL.get(plural)
    if register is None:
        raise NotFound
    return register


def may_edit(actor: Actor, register: Register[Any]) -> bool:
    """Return whether the actor may edit the register, or what is theirs of it."""
    own = actor.role is Role.LIAISON and register.noun in OF_A_STATION
    return own or actor.role in EDITORS


def refuse_unless_editor(actor: Actor, register: Register[Any] | None = None) -> None:
    """Raise NotThisRole where the actor may not edit the register; None means all of them."""
    if actor.role not in EDITORS and (register is None or not may_edit(actor, register)):
        raise NotThisRole


def is_theirs(actor: Actor, record: msgspec.Struct) -> bool:
    """Return whether a record is one that the actor may edit, its register being one."""
    return actor.role in EDITORS or getattr(record, "station", "") in actor.stations


def save(
    room: RegistersRoom,
    actor: Actor,
    register: Register[Any],
    cells: Mapping[str, str],
    *,
    seen: int | None = None,
    adding: bool = False,
) -> Saved:
    """Write a record from its cells by field, read and checked as those of an import are.

    `seen` is the version that it was changed from; `adding` refuses an id that is there already.
    Raises NotThisRole, RecordError with every problem, or RecordStale.
    """
    refuse_unless_editor(actor, register)
    record = read_typed(room.newest(), register, cells)
    if not is_theirs(actor, record):
        raise RecordError([register.column("station").problem(record.station, _NOT_YOURS)])

    def job(transaction: Transaction) -> Saved:
        return _write(transaction, register, record, actor, seen, adding)

    saved = room.writes.commit(job).result
    room.registers.changed()
    return saved


class LinesTaken(NamedTuple):
    """What became of many records at once: how many were written, how many stood so already.

    `refused` are (number of the line, what is wrong with it).
    """

    taken: int
    known: int
    refused: tuple[tuple[int, tuple[FieldProblem, ...]], ...]


def save_lines(
    room: RegistersRoom,
    actor: Actor,
    register: Register[Any],
    lines: Sequence[tuple[int, Mapping[str, str]]],
) -> LinesTaken:
    """Write many records, (number of the line, cells by field); bad ones hold up no others."""
    refuse_unless_editor(actor)
    read = records_from_rows(register, lines, room.newest().registers)
    records = [record for _, record in read.records]

    def job(transaction: Transaction) -> int:
        return sum(
            set_record(transaction, register.noun, record, by=actor.signature) for record in records
        )

    taken = room.writes.commit(job).result if records else 0
    room.registers.changed()
    known = len(records) - taken + len(read.repeats)
    return LinesTaken(taken, known, read.refused)


def read_typed(county: CountyRegisters, register: Register[Any], cells: Mapping[str, str]) -> Any:
    """Return the record that the cells make, checked beside all others. Raises RecordError."""
    registers = county.registers
    headers = HeaderMatch({column.field: column.field for column in register.columns}, (), ())
    record = record_from_row(
        register,
        {**cells, "id": register.only} if register.only else cells,
        resolve=resolver_for(registers),
        headers=headers,
    )
    problems = check_record(register, record, registers.with_records(register, [record]))
    if problems:
        raise RecordError(problems)
    return record


def _write(
    transaction: Transaction,
    register: Register[Any],
    record: Any,
    actor: Actor,
    seen: int | None,
    adding: bool,
) -> Saved:
    connection = transaction.connection
    identity = record_id(record)
    _refuse_theirs(connection, register, identity, actor)
    there = has_record(connection, register.noun, identity)
    if adding and there:
        raise RecordError([_taken(register, identity)])
    version = record_version(connection, register.noun, identity)
    if seen is not None and seen != version:
        raise RecordStale
    # Whoever removed a record since the check must not leave this one pointing at nothing.
    for column in register.columns:
        value = getattr(record, column.field) if column.refers_to else ""
        for key in (value,) if isinstance(value, str) else value:
            itself = column.refers_to == register.noun and key == identity
            if key and not itself and not has_record(connection, column.refers_to, key):
                raise RecordError([column.problem(key, _GONE)])
    set_record(transaction, register.noun, record, by=actor.signature)
    return Saved(identity, record_version(connection, register.noun, identity), not there)


def _refuse_theirs(
    connection: sqlite3.Connection, register: Register[Any], identity: str, actor: Actor
) -> None:
    """Raise NotThisRole where the record that stands there is another station's."""
    stands = read_record(connection, register.noun, register.record, identity)
    if stands is not None and not is_theirs(actor, stands):
        raise NotThisRole


def _taken(register: Register[Any], identity: str) -> FieldProblem:
    return register.column("id").problem(
        identity,
        CellError(
            N_(
                "已有这个编号的一条（没写编号的，按内容会得出同一个）。要改它请从列表里打开；"
                "确实是另一个，请另写一个编号"
            )
        ),
    )


def remove(
    room: RegistersRoom,
    actor: Actor,
    register: Register[Any],
    identity: str,
    *,
    seen: int | None = None,
) -> None:
    """Take a record off its register.

    Raises NotThisRole, NotFound, RecordStale, LastOfItsKind, or RecordInUse with what needs it.
    """
    refuse_unless_editor(actor, register)
    if register.only:
        raise LastOfItsKind

    def job(transaction: Transaction) -> None:
        connection = transaction.connection
        if not has_record(connection, register.noun, identity):
            raise NotFound
        _refuse_theirs(connection, register, identity, actor)
        if seen is not None and seen != record_version(connection, register.noun, identity):
            raise RecordStale
        if register.noun == "unit":
            _refuse_busy_unit(transaction, identity)
        used = references_to(connection, register, identity)
        if used:
            names = "、".join(reference.name for reference in used[:10])
            raise RecordInUse(names=names + (f" … ({len(used)})" if len(used) > 10 else ""))
        remove_record(transaction, register.noun, identity, by=actor.signature)

    room.writes.commit(job)
    room.registers.changed()


def references_to(
    connection: sqlite3.Connection, register: Register[Any], identity: str
) -> list[Reference]:
    """Return what refers to a record: other records, and accounts that are switched on."""
    references: list[Reference] = []
    for other in ALL:
        columns = [column.field for column in other.columns if column.refers_to == register.noun]
        if not columns:
            continue
        for record in read_naming(connection, other.noun, other.record, identity):
            key = record_id(record)
            if (other.noun, key) != (register.noun, identity) and any(
                identity in _ids(getattr(record, field)) for field in columns
            ):
                references.append(Reference(other.plural, key, named(CHINESE, record)))
    references += [
        Reference("accounts", account.id, account.name)
        for account in accounts.bound_to(connection, register.noun, identity)
    ]
    return references


def _refuse_busy_unit(transaction: Transaction, unit: str) -> None:
    counts = by_state(
        transaction.connection, SYSTEM, Filters(unit=unit), now_ms=transaction.now_ms()
    )
    waiting = total(counts[state] for state in _OPEN)
    if waiting.n:
        raise UnitStillHandles(count=waiting)


def _ids(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
