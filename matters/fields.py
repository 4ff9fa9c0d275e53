"""Reading a command's fields: what came in a form or JSON becomes data and words, or problems."""

from collections.abc import Container, Mapping
from typing import Any, NamedTuple

from matters.commands import Command, Field, FieldKind
from matters.limits import BadLimit, read_limit
from matters.refusals import N_, BadFields, FieldProblem
from matters.text import normalise_text


class Known(NamedTuple):
    """What ids a county knows; the rules ask for nothing more of the registers."""

    units: Container[str] = frozenset()
    categories: Container[str] = frozenset()
    areas: Container[str] = frozenset()
    stations: Container[str] = frozenset()
    deputies: Container[str] = frozenset()
    bodies: Container[str] = frozenset()


def read_fields(
    command: Command, raw: Mapping[str, Any], known: Known
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a command's structural data and its texts. Raises BadFields with every problem."""
    data: dict[str, Any] = {}
    texts: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for field in command.fields:
        try:
            value = _read(field, raw.get(field.name), known)
        except _Wrong as wrong:
            problems.append(FieldProblem(field.name, wrong.code, wrong.message, wrong.values))
            continue
        if not value:
            if field.required:
                problems.append(FieldProblem(field.name, "required", N_("这一项要填。")))
        elif field.is_text:
            texts[field.name] = value
        else:
            data[field.name] = value
    if problems:
        raise BadFields(problems)
    return data, texts


class _Wrong(Exception):
    def __init__(self, code: str, message: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.values = code, message, values


def _read(field: Field, value: Any, known: Known) -> Any:
    if value is None:
        return ""
    if field.kind is FieldKind.UNITS:
        units = [value] if isinstance(value, str) else value
        if not isinstance(units, list | tuple):
            raise _Wrong("not-a-list", N_("这一项要用列表填写。"))
        chosen = [_one_of(unit, known.units, N_("没有这个单位。")) for unit in units if unit]
        return sorted(set(chosen))
    if not isinstance(value, str):
        raise _Wrong("not-text", N_("这一项要用文字填写。"))
    if field.is_text:
        return _text(field, value)
    value = value.strip()
    if not value:
        return ""
    match field.kind:
        case FieldKind.CHOICE:
            return _one_of(value, field.choices, N_("请从给出的选项中选一个。"))
        case FieldKind.UNIT:
            return _one_of(value, known.units, N_("没有这个单位。"))
        case FieldKind.CATEGORY:
            return _one_of(value, known.categories, N_("没有这个类别。"))
        case FieldKind.AREA:
            return _one_of(value, known.areas, N_("没有这个村（社区）。"))
        case _:
            return _limit(value)


def _text(field: Field, value: str) -> str:
    text = normalise_text(value)
    if field.kind is FieldKind.LINE:
        text = " ".join(text.split())
    if len(text) > field.max_length:
        raise _Wrong(
            "too-long",
            N_("最多 {most} 个字，现在有 {length} 个字。"),
            most=field.max_length,
            length=len(text),
        )
    return text


def _one_of(value: Any, allowed: Container[str], message: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise _Wrong("unknown", message)
    return value


def _limit(value: str) -> str:
    try:
        return read_limit(value)
    except BadLimit as error:
        raise _Wrong(
            "bad-limit",
            N_("时限请写“一个月”“20天”“10个工作日”（或 P1M、P20D、P10B），不能是零，最长两年。"),
        ) from error
