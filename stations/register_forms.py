"""A register's columns as the fields of a form: what kind each is, read off the record's type."""

from enum import Enum, StrEnum
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from stations.cells import CellError, format_yes
from stations.registers import Column, Register
from stations.shared_columns import PICTURE_FIELD


class FieldKind(StrEnum):
    """How a cell is asked for."""

    LINE = "line"
    LINES = "lines"
    CHOICE = "choice"
    REFERENCE = "reference"
    REFERENCES = "references"
    PICTURE = "picture"
    DAY = "day"


class FormField(NamedTuple):
    """One column in a form. `choices` are (cell, what the choice is called in English)."""

    column: Column
    kind: FieldKind
    choices: tuple[tuple[str, str], ...] = ()


def form_fields(register: Register[Any]) -> list[FormField]:
    """Return a register's columns as fields, in their order."""
    types = msgspec.structs.fields(register.record)
    by_name = {info.name: info.type for info in types}
    return [_field(column, by_name[column.field]) for column in register.columns]


def single_id(register: Register[Any]) -> str:
    """Return the id of a register's only record, or "" where it may hold many."""
    for info in msgspec.structs.fields(register.record):
        if info.name == "id" and isinstance(info.default, str):
            return info.default
    return ""


def _field(column: Column, kind: Any) -> FormField:
    many = get_origin(kind) is tuple
    if column.field == PICTURE_FIELD:
        return FormField(column, FieldKind.PICTURE)
    if column.is_day:
        return FormField(column, FieldKind.DAY)
    if column.refers_to:
        return FormField(column, FieldKind.REFERENCES if many else FieldKind.REFERENCE)
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, Enum) and not many:
            choices = tuple((column.format(member), _english(member)) for member in one)
            return FormField(column, FieldKind.CHOICE, choices)
    if kind is bool:
        choices = ((format_yes(True), "yes"), (format_yes(False), "no"))
        return FormField(column, FieldKind.CHOICE, choices)
    return FormField(column, FieldKind.LINES if many or _keeps_lines(column) else FieldKind.LINE)


def _english(member: Any) -> str:
    return str(member.value).replace("-", " ").replace("_", " ")


def _keeps_lines(column: Column) -> bool:
    """Return whether a cell of the column may run over several lines: an input would lose them."""
    try:
        return "\n" in str(column.parse("一\n二", lambda noun, text: text))
    except CellError:
        return False
