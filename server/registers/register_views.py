"""What pages show of a register: its table, the choices of its references, a record's cells."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from acts.refusals import N_
from acts.text import folded
from server.county.choices import choices_of, name_of
from server.county.county_registers import CountyRegisters
from server.web.languages import CHINESE, either, translated
from server.web.pages import named
from stations.registers import CellKind, Column, Register, Registers, record_id, record_to_row

PAGE_ROWS = 50
_COLUMNS_MOST = 5
_NAMES_MOST = 3


class TableRow(NamedTuple):
    """One record in a table: id, name, and (label, text) of some of its other columns."""

    id: str
    name: str
    cells: tuple[tuple[str, str], ...]


class TablePage(NamedTuple):
    """One page of a register's table. `pages` is at least 1."""

    rows: list[TableRow]
    labels: tuple[str, ...]
    total: int
    page: int
    pages: int


def cells_of(register: Register[Any], record: msgspec.Struct) -> dict[str, str]:
    """Return a record's cells by field, as exports have them."""
    return record_to_row(register, record, "field")


def shown_cell(language: str, column: Column, cell: str, value: Any, registers: Registers) -> str:
    """Return a cell as people read it: references by name, choices in their language."""
    if column.kind is CellKind.PICTURE:
        return "✓" if cell else ""
    if column.refers_to:
        keys = (value,) if isinstance(value, str) else tuple(value)
        names = [name_of(language, registers, column.refers_to, key) for key in keys if key]
        more = f" … ({len(names)})" if len(names) > _NAMES_MOST else ""
        return translated(language, N_("、")).join(names[:_NAMES_MOST]) + more
    return either(language, cell, dict(column.choices).get(cell, ""))


def shown_cells(
    language: str,
    register: Register[Any],
    columns: Iterable[Column],
    record: msgspec.Struct,
    registers: Registers,
) -> tuple[tuple[str, str], ...]:
    """Return (label, text) of some of a record's columns, as people read them."""
    cells = cells_of(register, record)
    return tuple(
        (
            label_of(language, column),
            shown_cell(
                language, column, cells[column.field], getattr(record, column.field), registers
            ),
        )
        for column in columns
    )


def table_page(
    register: Register[Any], registers: Registers, *, language: str, q: str = "", page: int = 1
) -> TablePage:
    """Return a page of a register's records, those only in which `q` stands somewhere."""
    columns = _table_columns(register)
    wanted = folded(q)
    records = [
        record
        for record in registers.of(register).values()
        if not wanted or wanted in _haystack(register, record, registers)
    ]
    pages = max(1, -(-len(records) // PAGE_ROWS))
    page = min(max(page, 1), pages)
    rows = []
    for record in records[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]:
        shown = shown_cells(language, register, columns, record, registers)
        rows.append(TableRow(record_id(record), named(language, record), shown))
    labels = tuple(label_of(language, column) for column in columns)
    return TablePage(rows, labels, len(records), page, pages)


def label_of(language: str, column: Column) -> str:
    """Return a column's label in a language."""
    return either(language, column.label, column.label_en)


def hint_of(language: str, column: Column) -> str:
    """Return what a column expects, without what concerns spreadsheets only."""
    expected = translated(language, column.expected)
    return expected.replace("，单元格设为文本", "").replace(", in a cell set to text", "")


def reference_choices(
    language: str, register: Register[Any], county: CountyRegisters
) -> dict[str, list[tuple[str, str]]]:
    """Return (id, name) of every record that the register's references may mean, by noun."""
    registers = county.registers
    nouns = {column.refers_to for column in register.columns if column.refers_to}
    return {noun: choices_of(language, noun, registers) for noun in nouns}


def _table_columns(register: Register[Any]) -> list[Column]:
    """Return the few columns that a table has room for beside the record's name."""
    named = {"name", "title"} & {column.field for column in register.columns}
    return [
        column
        for column in register.columns
        if column.kind not in (CellKind.LINES, CellKind.PICTURE, CellKind.DEGREES)
        and column.field not in (named or {"id"})
        and not column.field.endswith("_en")
    ][:_COLUMNS_MOST]


def _haystack(register: Register[Any], record: msgspec.Struct, registers: Registers) -> str:
    words = [*cells_of(register, record).values()]
    for column in register.columns:
        if column.refers_to:
            value = getattr(record, column.field)
            keys = (value,) if isinstance(value, str) else value
            words += [name_of(CHINESE, registers, column.refers_to, key) for key in keys]
    return folded("\n".join(words))
