"""Registers: the one idea that every register of the county shares.

A register is described once (its columns, what each expects, how a row gets its id); rows of
a spreadsheet, roster files and exports all go by that description. Areas and stations are
described in this package, deputies in `deputies`, units, categories and the county in
`matters`.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from acts.refusals import N_, BadFields, FieldProblem, Message
from acts.text import clean_line, folded
from stations.cells import CellError, clean_text, parse_area_code, parse_id, without_format

R = TypeVar("R", bound=msgspec.Struct)

# The code of a problem with a record's cell.
BAD_CELL = "bad-cell"

# Gives the id for what a cell says ("area", "柳湾村"), or raises CellError.
Resolver = Callable[[str, str], str]


class CellKind(StrEnum):
    """What a column holds, and so how a form asks for it."""

    LINE = "line"
    LINES = "lines"
    CHOICE = "choice"
    REFERENCE = "reference"
    REFERENCES = "references"
    PICTURE = "picture"
    DAY = "day"
    DEGREES = "degrees"


class RecordError(BadFields):
    """A row or file that is no record. `problems` are all that are wrong with it."""

    code = "bad-record"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a register; `columns` has a constructor for each kind.

    `aliases` are further headers in either language. `parse` takes a cell's text that isn't
    empty and a resolver of names; `format` gives the cell back. `expected` says what belongs
    there. `choices` are (cell, what the choice is called in English). `refers_to` is the noun of
    the register whose ids the field holds, or "".
    """

    field: str
    label: str
    label_en: str
    kind: CellKind
    parse: Callable[[str, Resolver], object]
    expected: Message
    format: Callable[[Any], str] = without_format
    aliases: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    refers_to: str = ""

    def problem(self, value: str, error: CellError | None = None) -> FieldProblem:
        """Return the problem that `value` stands in this column."""
        wrong = Message(N_("应填{expected}"), {"expected": self.expected})
        if error is not None and error.message.text:
            wrong = error.message
        values = {
            "label": self.label,
            "label_en": self.label_en,
            "value": value if len(value) <= 60 else f"{value[:59]}…",
            "wrong": wrong,
        }
        says = N_("“{label}”写的是“{value}”：{wrong}") if value else N_("“{label}”空着：{wrong}")
        return FieldProblem(self.field, BAD_CELL, says, values)


@dataclass(frozen=True, kw_only=True)
class Register(Generic[R]):
    """The description of one register.

    `identity` are the fields that make a row's id where it has none; without them an id must
    be given. `only` is the id of the only record, or "" where there may be many. `complete`
    fills in, from the values that were read, what a row leaves out. `check` gives problems of a
    record by itself; `check_among` those it has beside the records of other registers.
    """

    noun: str
    plural: str
    label: str
    record: type[R]
    columns: tuple[Column, ...]
    identity: tuple[str, ...] = ()
    only: str = ""
    complete: Callable[[dict[str, Any], Resolver], None] | None = None
    check: Callable[[R], Iterable[FieldProblem]] | None = None
    check_among: Callable[[R, "Registers"], Iterable[FieldProblem]] | None = None

    def column(self, name: str) -> Column:
        """Return the column of a field."""
        return next(column for column in self.columns if column.field == name)


@dataclass(frozen=True)
class Registers:
    """The whole set of records: by the register's noun, then by id."""

    records: Mapping[str, Mapping[str, msgspec.Struct]] = field(default_factory=dict)

    def of(self, register: Register[R]) -> Mapping[str, R]:
        """Return the records of one register by id."""
        records = self.records.get(register.noun, {}).items()
        return {key: record for key, record in records if isinstance(record, register.record)}

    def get(self, noun: str, key: str) -> msgspec.Struct | None:
        """Return one record, or None."""
        return self.records.get(noun, {}).get(key)

    def with_records(self, register: Register[R], records: Iterable[R]) -> "Registers":
        """Return a set in which `records` are added, or stand in place of those of their id."""
        merged = dict(self.records.get(register.noun, {}))
        merged.update((record_id(record), record) for record in records)
        return Registers({**self.records, register.noun: merged})


@dataclass(frozen=True)
class HeaderMatch:
    """Which field each header of a table stands for, and what is left over.

    `fields` maps headers to fields. `unknown` headers are not read; `missing` are required
    columns that the table lacks.
    """

    fields: Mapping[str, str]
    unknown: tuple[str, ...]
    missing: tuple[Column, ...]


def record_id(record: msgspec.Struct) -> str:
    """Return the id of a record of any register."""
    value: str = record.id  # type: ignore[attr-defined]  # Every record type has an id.
    return value


def match_headers(
    register: Register[R], headers: Iterable[str], mapping: Mapping[str, str] | None = None
) -> HeaderMatch:
    """Return which column each header stands for.

    Headers are understood by field name, label or alias, in either language, whatever their
    case, spaces and notes in brackets (`姓名(必填)`). `mapping` (header → field, label or
    alias) comes first, for files with headers of their own; mapped to "" a header is left out.
    """
    known: dict[str, str] = {}
    for column in register.columns:
        for word in (column.field, column.label, column.label_en, *column.aliases):
            known.setdefault(_header_key(word), column.field)
    wanted = {_header_key(header): target for header, target in (mapping or {}).items()}
    fields: dict[str, str] = {}
    unknown = []
    for header in headers:
        key = _header_key(header)
        target = known.get(_header_key(wanted.get(key, key)))
        if target is None:
            unknown.append(header)
        else:
            fields[header] = target
    return HeaderMatch(
        fields=fields,
        unknown=tuple(unknown),
        missing=tuple(c for c in register.columns if c.required and c.field not in fields.values()),
    )


def ids_only(noun: str, text: str) -> str:
    """Return `text` as an id, names not being understood: the resolver where none is given."""
    return parse_area_code(text) if noun == "area" else parse_id(text)


def record_from_row(
    register: Register[R],
    row: Mapping[str, str],
    *,
    resolve: Resolver = ids_only,
    mapping: Mapping[str, str] | None = None,
    headers: HeaderMatch | None = None,
) -> R:
    """Return the record that one row of a table describes.

    `row` is header → text. A row without an id gets a stable one from its identifying
    content. `resolve` turns names of areas and stations into ids. `headers` saves matching
    them again for each row.

    Raises `RecordError` with every problem of the row.
    """
    if headers is None:
        headers = match_headers(register, row, mapping)
    cells: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for header, name in headers.fields.items():
        text = clean_text(row.get(header) or "")
        before = cells.get(name, "")
        if text and before and text != before:
            problems.append(_two_cells(register.column(name), f"{before} / {text}"))
        cells[name] = before or text
    values: dict[str, Any] = {}
    for column in register.columns:
        text = cells.get(column.field, "")
        if text:
            try:
                values[column.field] = column.parse(text, resolve)
            except CellError as error:
                problems.append(column.problem(text, error))
        elif column.required:
            problems.append(column.problem(""))
    if not problems:
        if register.complete is not None:
            register.complete(values, resolve)
        if "id" not in values and register.identity:
            content = [_identity_text(values.get(name, "")) for name in register.identity]
            values["id"] = stable_id(register.noun, content)
        for column, info in _with_struct_fields(register):
            if info.required and column.field not in values:
                if info.type is str and not column.required:
                    values[column.field] = ""
                else:
                    problems.append(column.problem(""))
    if problems:
        raise RecordError(problems)
    record = register.record(**values)
    if register.check is not None and (problems := list(register.check(record))):
        raise RecordError(problems)
    return record


def record_to_row(register: Register[R], record: R, headers: str = "zh") -> dict[str, str]:
    """Return a record as one row, header → text, that `record_from_row` reads back the same.

    `headers` is "zh", "en" or "field".
    """
    row = {}
    for column in register.columns:
        value = getattr(record, column.field)
        header = {"zh": column.label, "en": column.label_en}.get(headers, column.field)
        row[header] = "" if value is None else column.format(value)
    return row


def stable_id(noun: str, parts: Iterable[str]) -> str:
    """Return an id made of what identifies a record: the same for the same content, always.

    60 bits of SHA-256 in lowercase base32 after the noun. Only ASCII letters, digits, hyphen.
    """
    content = "\x1f".join((noun, *parts)).encode()
    digest = base64.b32encode(hashlib.sha256(content).digest())[:12].decode().lower()
    return f"{noun}-{digest}"


def check_references(
    registers: Registers, descriptions: Iterable[Register[Any]]
) -> list[tuple[str, str, FieldProblem]]:
    """Return (noun, id, problem) for ids that point at nothing, and for circles of parents.

    `descriptions` are the registers to look through; a noun of which `registers` holds no
    record at all is checked as well: everything that refers to it dangles.
    """
    return [
        (register.noun, key, problem)
        for register in descriptions
        for key, record in registers.of(register).items()
        for problem in check_record(register, record, registers)
    ]


def check_record(register: Register[R], record: R, registers: Registers) -> list[FieldProblem]:
    """Return what is wrong with one record beside the others, itself among them."""
    problems = [*_dangling(register, record, registers)]
    if not problems:
        problems += _circle(register, record, registers)
        if register.check_among is not None:
            problems += register.check_among(record, registers)
    return problems


def _dangling(register: Register[R], record: R, registers: Registers) -> Iterable[FieldProblem]:
    for column in register.columns:
        if not column.refers_to:
            continue
        value = getattr(record, column.field)
        for key in (value,) if isinstance(value, str) else value:
            if key and registers.get(column.refers_to, key) is None:
                error = CellError(N_("名册里没有这个编号，请先登记它，或改成已有的"))
                yield column.problem(key, error)


def _circle(register: Register[R], record: R, registers: Registers) -> Iterable[FieldProblem]:
    for column in register.columns:
        if column.refers_to != register.noun or not isinstance(getattr(record, column.field), str):
            continue
        seen = {record_id(record)}
        above: msgspec.Struct | None = record
        while above is not None and (key := getattr(above, column.field)):
            if key in seen:
                yield column.problem(
                    getattr(record, column.field),
                    CellError(N_("上级绕成了一圈，请改正")),
                )
                break
            seen.add(key)
            above = registers.get(register.noun, key)


def _with_struct_fields(
    register: Register[R],
) -> Iterable[tuple[Column, msgspec.structs.FieldInfo]]:
    infos = _fields_by_name(register.record)
    return ((column, infos[column.field]) for column in register.columns)


@cache
def _fields_by_name(record: type[msgspec.Struct]) -> Mapping[str, msgspec.structs.FieldInfo]:
    return {info.name: info for info in msgspec.structs.fields(record)}


def _two_cells(column: Column, value: str) -> FieldProblem:
    return column.problem(value, CellError(N_("有两列都是这一项，内容不同，请只留一列")))


def _identity_text(value: object) -> str:
    return "、".join(value) if isinstance(value, tuple) else str(value)


def _header_key(header: str) -> str:
    text = folded(clean_line(header))
    text = re.sub(r"\(.*?\)", "", text) or text
    return re.sub(r"[\s_\-*:.'’]+", "", text)
