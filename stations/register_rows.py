"""A whole table into records: names found, ids given, repeats and refusals told apart."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from acts.refusals import N_, FieldProblem
from stations.cells import CellError
from stations.names import NameIndex
from stations.registers import (
    HeaderMatch,
    RecordError,
    Register,
    Registers,
    match_headers,
    record_from_row,
    record_id,
    record_to_row,
)

R = TypeVar("R", bound=msgspec.Struct)


@dataclass(frozen=True)
class RowsRead(Generic[R]):
    """What a table held.

    `records` are (row number, record), in order; `refused` are (row number, problems);
    `repeats` are (row number, row number of the first) of rows that say the same record again.
    """

    records: tuple[tuple[int, R], ...]
    refused: tuple[tuple[int, tuple[FieldProblem, ...]], ...]
    repeats: tuple[tuple[int, int], ...]


def records_from_rows(
    register: Register[R],
    rows: Iterable[tuple[int, Mapping[str, str]]],
    registers: Registers,
    *,
    mapping: Mapping[str, str] | None = None,
) -> RowsRead[R]:
    """Return the records of a table of (row number, header → text), and what was refused.

    Names of areas and stations are looked up in `registers` and, for registers that refer to
    themselves, in the table too, whatever the order of its rows. Ids that were given must be
    unique in the table. Rows without an id whose identifying content is the same but which
    differ (two deputies of one name) each get an id from all their content, except the one
    that `registers` already holds under the plain id; two such rows with one phone number
    are refused, for they are likely one person. The same table again gives the same ids.
    """
    table = list(rows)
    headers = match_headers(
        register, dict.fromkeys(header for _, row in table for header in row), mapping
    )
    named = _named(register, table, headers, registers)
    resolve = NameIndex(registers.with_records(register, named)).resolve
    read: list[tuple[int, R]] = []
    refused: list[tuple[int, tuple[FieldProblem, ...]]] = []
    has_id = [header for header, name in headers.fields.items() if name == "id"]
    with_id: set[int] = set()
    for number, row in table:
        try:
            record = record_from_row(register, row, resolve=resolve, headers=headers)
        except RecordError as error:
            refused.append((number, error.problems))
            continue
        read.append((number, record))
        if any((row.get(header) or "").strip() for header in has_id):
            with_id.add(number)
    return _settle(register, read, refused, with_id, registers)


def _settle(
    register: Register[R],
    read: list[tuple[int, R]],
    refused: list[tuple[int, tuple[FieldProblem, ...]]],
    with_id: set[int],
    registers: Registers,
) -> RowsRead[R]:
    """Give every record an id of its own, and set repeats and doubtful ones aside."""
    repeats: list[tuple[int, int]] = []
    by_id: dict[str, list[tuple[int, R]]] = defaultdict(list)
    for number, record in read:
        namesakes = by_id[record_id(record)]
        same = next((earlier for earlier, other in namesakes if other == record), None)
        if same is None:
            namesakes.append((number, record))
        else:
            repeats.append((number, same))
    records: list[tuple[int, R]] = []
    for key, namesakes in by_id.items():
        if len(namesakes) == 1:
            records += namesakes
            continue
        phones: dict[str, int] = {}
        for number, record in namesakes:
            phone = str(getattr(record, "phone", "") or "")
            explicit = number in with_id
            earlier = phones.get(phone) if phone and not explicit else None
            if explicit and number != namesakes[0][0]:
                refused.append((number, (_same_id(register, key, namesakes[0][0]),)))
            elif earlier is not None:
                refused.append((number, (_same_person(register, record, earlier),)))
            elif explicit or registers.get(register.noun, key) == record:
                records.append((number, record))
            else:
                phones.setdefault(phone, number)
                records.append((number, _with_content_id(register, record)))
    return RowsRead(
        records=tuple(sorted(records, key=lambda item: item[0])),
        refused=tuple(sorted(refused, key=lambda item: item[0])),
        repeats=tuple(sorted(repeats)),
    )


def _named(
    register: Register[R],
    table: list[tuple[int, Mapping[str, str]]],
    headers: HeaderMatch,
    registers: Registers,
) -> list[R]:
    """Return the table's own records, as far as they can be read before their names are known.

    Only for registers that refer to themselves, and only what their ids, names and parents
    take: other references are left out, unless they are required.
    """
    if not any(column.refers_to == register.noun for column in register.columns):
        return []
    plain = {
        header: name
        for header, name in headers.fields.items()
        if not register.column(name).refers_to or register.column(name).required
    }
    parents = [header for header, name in headers.fields.items() if name == "parent"]
    records: dict[str, R] = {}
    # Twice: the first round learns the names that the second finds as parents.
    for fields in (plain, {**plain, **dict.fromkeys(parents, "parent")}):
        index = NameIndex(registers.with_records(register, records.values()))
        match = HeaderMatch(fields, (), ())
        read: dict[str, R] = {}
        for _, row in table:
            try:
                record = record_from_row(register, row, resolve=index.resolve, headers=match)
            except RecordError:
                continue
            read[record_id(record)] = record
        records = {**records, **read}
    return list(records.values())


def _with_content_id(register: Register[R], record: R) -> R:
    row = record_to_row(register, record, "field")
    content = "\x1f".join(f"{name}={text}" for name, text in row.items()).encode()
    key = f"{record_id(record)}-{hashlib.sha256(content).hexdigest()[:8]}"
    return msgspec.structs.replace(record, id=key)


def _same_id(register: Register[R], key: str, earlier: int) -> FieldProblem:
    return register.column("id").problem(
        key,
        CellError(N_("和第 {row} 行的编号相同、内容不同，请改编号"), row=earlier),
    )


def _same_person(register: Register[R], record: R, earlier: int) -> FieldProblem:
    return register.column("phone").problem(
        str(getattr(record, "phone", "")),
        CellError(
            N_("和第 {row} 行姓名、电话都相同，内容不同：是同一个就合成一行，不是就各写编号"),
            row=earlier,
        ),
    )
