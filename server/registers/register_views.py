"""What pages show of a register: its table, the choices of its references, a record's cells."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from acts.text import folded
from server.registers.county_registers import CountyRegisters
from server.web.languages import ENGLISH
from stations.areas import Area
from stations.register_forms import FieldKind, FormField, form_fields
from stations.registers import Column, Register, Registers, record_id, record_to_row

PAGE_ROWS = 50
# Up to so many records a reference is picked from a list; beyond, it is typed with suggestions.
SELECT_MOST = 200
SUGGEST_MOST = 2000
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
    found: int
    page: int
    pages: int


def shown_name(language: str, record: msgspec.Struct) -> str:
    """Return what a record is called in a language: its name or title, else its id."""
    english = getattr(record, "name_en", "") if language == ENGLISH else ""
    name = english or getattr(record, "name", "") or getattr(record, "title", "")
    return str(name or record_id(record))


def cells_of(register: Register[Any], record: msgspec.Struct) -> dict[str, str]:
    """Return a record's cells by field, as exports have them."""
    return record_to_row(register, record, "field")


def shown_cell(language: str, field: FormField, cell: str, value: Any, registers: Registers) -> str:
    """Return a cell as people read it: references by name, choices in their language."""
    if field.kind is FieldKind.PICTURE:
        return "✓" if cell else ""
    if field.column.refers_to:
        keys = (value,) if isinstance(value, str) else tuple(value)
        names = [_name_of(language, registers, field.column.refers_to, key) for key in keys if key]
        more = f" … ({len(names)})" if len(names) > _NAMES_MOST else ""
        comma = ", " if language == ENGLISH else "、"
        return comma.join(names[:_NAMES_MOST]) + more
    if field.kind is FieldKind.CHOICE and language == ENGLISH:
        return dict(field.choices).get(cell, cell)
    return cell


def table_page(
    register: Register[Any], registers: Registers, *, language: str, q: str = "", page: int = 1
) -> TablePage:
    """Return a page of a register's records, those only in which `q` stands somewhere."""
    fields = form_fields(register)
    columns = _table_columns(register, fields)
    wanted = folded(q)
    found = [
        record
        for record in registers.of(register).values()
        if not wanted or wanted in _haystack(register, fields, record, registers)
    ]
    pages = max(1, -(-len(found) // PAGE_ROWS))
    page = min(max(page, 1), pages)
    rows = []
    for record in found[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]:
        cells = cells_of(register, record)
        shown = tuple(
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
            for field in columns
        )
        rows.append(TableRow(record_id(record), shown_name(language, record), shown))
    labels = tuple(label_of(language, field) for field in columns)
    return TablePage(rows, labels, len(found), page, pages)


def label_of(language: str, field: FormField) -> str:
    """Return a column's label in a language."""
    return field.column.label_en if language == ENGLISH else field.column.label_zh


def hint_of(language: str, column: Column) -> str:
    """Return what a column expects, without what concerns spreadsheets only."""
    said = column.expected_en if language == ENGLISH else column.expected_zh
    return said.replace("，单元格设为文本", "").replace(", in a cell set to text", "")


def reference_choices(
    language: str, register: Register[Any], county: CountyRegisters
) -> dict[str, list[tuple[str, str]]]:
    """Return (id, name) of every record that the register's references may mean, by noun."""
    registers = county.registers
    nouns = {column.refers_to for column in register.columns if column.refers_to}
    return {noun: choices_of(language, noun, registers) for noun in nouns}


def choices_of(language: str, noun: str, registers: Registers) -> list[tuple[str, str]]:
    """Return (id, name) of every record of a noun; villages with their township."""
    return [
        (key, _name_of(language, registers, noun, key, full=True))
        for key in registers.records.get(noun, {})
    ]


def _name_of(
    language: str, registers: Registers, noun: str, key: str, *, full: bool = False
) -> str:
    record = registers.get(noun, key)
    if record is None:
        return key
    name = shown_name(language, record)
    above = registers.get("area", record.parent) if isinstance(record, Area) else None
    if full and isinstance(above, Area) and above.parent:
        return f"{shown_name(language, above)} / {name}"
    return name


def _table_columns(register: Register[Any], fields: list[FormField]) -> list[FormField]:
    """Return the few columns that a table has room for beside the record's name."""
    floats = {
        info.name for info in msgspec.structs.fields(register.record) if _is_number(info.type)
    }
    named = {"name", "title"} & {field.column.field for field in fields}
    return [
        field
        for field in fields
        if field.kind not in (FieldKind.LINES, FieldKind.PICTURE)
        and field.column.field not in floats
        and field.column.field not in (named or {"id"})
        and not field.column.field.endswith("_en")
    ][:_COLUMNS_MOST]


def _is_number(kind: Any) -> bool:
    return kind is float or float in getattr(kind, "__args__", ())


def _haystack(
    register: Register[Any], fields: list[FormField], record: msgspec.Struct, registers: Registers
) -> str:
    cells: Mapping[str, str] = cells_of(register, record)
    said = list(cells.values())
    for field in fields:
        if field.column.refers_to:
            value = getattr(record, field.column.field)
            keys = (value,) if isinstance(value, str) else value
            said += [_name_of("zh", registers, field.column.refers_to, key) for key in keys]
    return folded("\n".join(said))
