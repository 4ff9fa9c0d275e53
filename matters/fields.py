"""Reading a command's fields: what came in a form or JSON becomes data and words, or problems."""

import re
from collections.abc import Container, Mapping
from datetime import date
from typing import Any

from acts.limit import BadLimit, read_limit
from acts.refusals import N_, BadFields, FieldProblem
from acts.shanghai import day_of, end_of_day
from acts.text import clean_words
from eventlog.identifiers import parse_uuid
from matters.command import Command, Field, FieldKind
from matters.known import Known
from matters.limits.deadlines import BadDay, due_at, read_day
from matters.orders.fields import YES_NO
from matters.terms import State

YEARS_AHEAD = 3
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:")
_NAMED_MOST = 8
LIST_MOST = 20
PICTURES_MOST = 6
_SHA256 = re.compile("[0-9a-f]{64}")
PART_FIELDS = ("unit", "task", "until")


def read_fields(
    command: Command, raw: Mapping[str, Any], known: Known, now_ms: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a command's structural data and its texts. Raises BadFields with every problem.

    The texts of a list stand as `name-0`, `name-1` …; days are ms, UTC, at the end of the day.
    """
    data: dict[str, Any] = {}
    texts: dict[str, str] = {}
    problems: list[FieldProblem] = []
    reader = _Reader(known, now_ms, raw, texts)
    for field in command.fields:
        try:
            value = reader.read(field, raw.get(field.name))
        except _Wrong as wrong:
            problems.append(FieldProblem(field.name, wrong.code, wrong.message, wrong.values))
            continue
        if not value:
            if field.required:
                problems.append(FieldProblem(field.name, "required", N_("这一项要填。")))
        elif field.is_text:
            texts[field.name] = value
        elif field.kind is not FieldKind.TEXTS:
            data[field.name] = value
    if problems:
        raise BadFields(problems)
    return data, texts


class _Wrong(Exception):
    def __init__(self, code: str, message: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.values = code, message, values


class _Reader:
    """Reads fields one at a time; texts that stand in lists are put into `texts` at once."""

    def __init__(
        self, known: Known, now_ms: int, raw: Mapping[str, Any], texts: dict[str, str]
    ) -> None:
        self._known = known
        self._now_ms = now_ms
        self._raw = raw
        self._texts = texts

    def read(self, field: Field, value: Any) -> Any:
        """Return a field's value, "" where it is empty. Raises _Wrong."""
        match field.kind:
            case FieldKind.UNITS:
                return self._units(value)
            case FieldKind.TEXTS:
                return self._lines(field, value)
            case FieldKind.PARTS:
                return self._parts(field, value)
            case FieldKind.PICTURES:
                return _pictures(value)
        if value is None:
            return ""
        if isinstance(value, bool) and field.choices == YES_NO:
            # As programs say it.
            value = YES_NO[0] if value else YES_NO[1]
        if not isinstance(value, str):
            raise _Wrong("not-text", N_("这一项要用文字填写。"))
        if field.is_text:
            return _text(field, value)
        value = value.strip()
        return self._one(field, value) if value else ""

    def _one(self, field: Field, value: str) -> Any:
        known = self._known
        match field.kind:
            case FieldKind.CHOICE:
                return _one_of(value, field.choices, N_("请从给出的选项中选一个。"))
            case FieldKind.UNIT:
                return self._unit(value)
            case FieldKind.CATEGORY:
                return _one_of(value, known.categories, N_("没有这个类别。"))
            case FieldKind.AREA:
                code = known.area_codes.get(value, value)
                return _one_of(code, known.areas, N_("没有这个村（社区）。"))
            case FieldKind.BODY:
                return _one_of(value, known.bodies, N_("没有这个人大机构。"))
            case FieldKind.DAY:
                return self._day(value)
            case FieldKind.MATTER:
                return self._matter(value)
            case FieldKind.EVENT:
                return _event(value)
            case _:
                return _limit(value)

    def _day(self, value: str) -> int:
        now = day_of(self._now_ms)
        try:
            # Of a time its day counts, for every limit ends with a day.
            day = read_day(value.partition("T")[0] if _TIME.match(value) else value, now)
        except BadDay as error:
            day = self._day_after(value, error)
        if day < now:
            raise _Wrong("past", N_("这一天已经过去了，请填今天或以后的日期。"))
        if day.year > now.year + YEARS_AHEAD:
            raise _Wrong("too-far", N_("这一天太远了，请看看年份写对没有。"))
        return end_of_day(day)

    def _day_after(self, value: str, error: BadDay) -> date:
        """Return the day on which a limit such as P10D or 十天 from now would end."""
        try:
            return day_of(due_at(self._now_ms, read_limit(value), self._known.calendar))
        except BadLimit:
            raise _Wrong("bad-day", N_("日期写法如 2026-12-01 或 12月1日。")) from error

    def _matter(self, value: str) -> bytes:
        found = self._known.matter(value)
        if found is None:
            raise _Wrong("unknown", N_("没有这个编号，请核对。"))
        if found.state is State.MERGED:
            raise _Wrong("merged", N_("那一件自己也已合并到别的事项，请填最后合并到的那一件。"))
        return found.id

    def _units(self, value: Any) -> list[str]:
        units = [value] if isinstance(value, str) else value or []
        if not isinstance(units, list | tuple):
            raise _Wrong("not-a-list", _NOT_A_LIST)
        return sorted({self._unit(unit) for unit in units if unit})

    def _unit(self, value: Any) -> str:
        """Return a unit's id: the id itself, its name, or words that only one name has in it."""
        if not isinstance(value, str):
            raise _Wrong("unknown", _NO_UNIT)
        name = value.strip()
        if name in self._known.units:
            return name
        names = self._known.unit_names
        exact = [unit for unit, its in names.items() if its == name]
        like = exact or [unit for unit, its in names.items() if len(name) > 1 and name in its]
        if len(like) == 1:
            return like[0]
        if like:
            some = "、".join(names[unit] for unit in like[:_NAMED_MOST])
            raise _Wrong("ambiguous", N_("有几个单位像这个名字，请写全：{some}"), some=some)
        raise _Wrong("unknown", _NO_UNIT)

    def _lines(self, field: Field, value: Any) -> list[str]:
        given = [value] if isinstance(value, str) else value or []
        if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
            raise _Wrong("not-a-list", _NOT_A_LIST)
        lines = [text for text in (_text(field, one) for one in given) if text]
        if len(lines) > LIST_MOST:
            raise _Wrong("too-many", _TOO_MANY, most=LIST_MOST)
        self._texts.update({f"{field.name}-{n}": text for n, text in enumerate(lines)})
        return lines

    def _parts(self, field: Field, value: Any) -> list[dict[str, Any]]:
        """Read a division among units: JSON maps, or the form's `parts-0-unit`, `parts-0-task` …"""
        rows = value if value not in (None, "") else self._rows_of_form(field)
        if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
            raise _Wrong("not-a-list", _NOT_A_LIST)
        if len(rows) > LIST_MOST:
            raise _Wrong("too-many", _TOO_MANY, most=LIST_MOST)
        parts: list[dict[str, Any]] = []
        for row in rows:
            given = {name: row.get(name) or "" for name in PART_FIELDS}
            if not all(isinstance(one, str) for one in given.values()):
                raise _Wrong("not-text", N_("这一项要用文字填写。"))
            if not any(one.strip() for one in given.values()):
                continue
            task = _text(field, given["task"])
            if not (given["unit"] and task and given["until"].strip()):
                raise _Wrong("incomplete", N_("每一行都要填单位、任务和期限。"))
            unit = self._unit(given["unit"])
            self._texts[f"task-{len(parts)}"] = task
            parts.append({"unit": unit, "until": self._day(given["until"].strip())})
        return parts

    def _rows_of_form(self, field: Field) -> list[dict[str, Any]]:
        return [
            {name: self._raw.get(f"{field.name}-{n}-{name}") for name in PART_FIELDS}
            for n in range(LIST_MOST)
        ]


def _pictures(value: Any) -> list[str]:
    """Return SHA-256s as they were given, each once; the bytes are looked for by whoever shows."""
    given = [value] if isinstance(value, str) else value or []
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise _Wrong("not-a-list", _NOT_A_LIST)
    found = list(dict.fromkeys(one.strip().lower() for one in given if one.strip()))
    if not all(_SHA256.fullmatch(one) for one in found):
        raise _Wrong("unknown", N_("没有这张照片，请重新上传。"))
    if len(found) > PICTURES_MOST:
        raise _Wrong("too-many", _TOO_MANY, most=PICTURES_MOST)
    return found


_NO_UNIT = N_("没有这个单位。")
_NOT_A_LIST = N_("这一项要用列表填写。")
_TOO_MANY = N_("一次最多 {most} 项。")


def _text(field: Field, value: str) -> str:
    text = clean_words(value)
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


def _event(value: str) -> bytes:
    try:
        return parse_uuid(value)
    except ValueError as error:
        raise _Wrong("unknown", N_("没有这一步，或者它没有冲突、已经处理过了。")) from error


def _limit(value: str) -> str:
    try:
        return read_limit(value)
    except BadLimit as error:
        raise _Wrong(
            "bad-limit",
            N_("时限写法如“一个月”“20天”“10个工作日”，也可写 P1M、P20D；不能是零，最长两年。"),
        ) from error
