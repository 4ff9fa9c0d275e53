"""Reading the fields of an act: what came in a form or JSON becomes data and words, or problems.

What only the county can say, which unit a name means or when ten working days are over, is asked
of a `County` that the noun hands in.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from acts.day import BadDay, read_day
from acts.field import SEVERAL, YES_NO, Field, FieldKind
from acts.limit import BadLimit, day_before, read_limit
from acts.refusals import N_, BadFields, FieldProblem
from acts.shanghai import day_of, end_of_day
from acts.text import clean_line, clean_words, plain_digits

YEARS_AHEAD = 3
COUNT_MOST = 100_000
LIST_MOST = 20
SEVERAL_MOST = 500
PICTURES_MOST = 6
PART_FIELDS = ("unit", "task", "until")
_YEARS = range(1990, 2101)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:")
_SHA256 = re.compile("[0-9a-f]{64}")
# Numbers are said in groups, so no space parts one from the next.
_BETWEEN = re.compile("[\n,，、;；]")


class WrongValue(Exception):
    """What is wrong with one field's value, as a `FieldProblem` tells it."""

    def __init__(self, code: str, message: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.values = code, message, values


class County(Protocol):
    """What a field's value is looked up in."""

    def find(self, noun: str, text: str) -> Any:
        """Return the id of what a text names, by its id or name. Raises WrongValue."""

    def ends(self, start_ms: int, limit: str) -> date:
        """Return the last day of a limit that starts at `start_ms`. Raises BadLimit."""


def read_fields(
    fields: Iterable[Field], raw: Mapping[str, Any], county: County, now_ms: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the structural data and the texts of an act. Raises BadFields with every problem.

    The texts of a list stand as `name-0`, `name-1` … Limits, and days without a year, are counted
    from `now_ms`, UTC.
    """
    data: dict[str, Any] = {}
    texts: dict[str, str] = {}
    problems: list[FieldProblem] = []
    reader = _Reader(county, now_ms, raw, texts)
    for field in fields:
        try:
            value = reader.read(field, raw.get(field.name))
        except WrongValue as wrong:
            problems.append(FieldProblem(field.name, wrong.code, wrong.message, wrong.values))
            continue
        if value in ("", []):
            if field.required:
                problems.append(FieldProblem(field.name, "required", N_("这一项要填。")))
        elif field.is_text:
            texts[field.name] = value
        elif field.kind is not FieldKind.TEXTS:
            data[field.name] = value
    if problems:
        raise BadFields(problems)
    return data, texts


class _Reader:
    """Reads fields one at a time; texts that stand in lists are put into `texts` at once."""

    def __init__(
        self, county: County, now_ms: int, raw: Mapping[str, Any], texts: dict[str, str]
    ) -> None:
        self._county = county
        self._now_ms = now_ms
        self._raw = raw
        self._texts = texts

    def read(self, field: Field, value: Any) -> Any:
        """Return a field's value, "" or [] where it is empty. Raises WrongValue."""
        match field.kind:
            case FieldKind.UNITS | FieldKind.DEPUTIES | FieldKind.MATTERS:
                return self._several(field, value)
            case FieldKind.TEXTS:
                return self._lines(field, value)
            case FieldKind.PARTS:
                return self._parts(field, value)
            case FieldKind.PICTURES:
                return _pictures(value)
            case FieldKind.COUNT:
                return _count(value)
        if value is None:
            return ""
        if isinstance(value, bool) and field.choices == YES_NO:
            # As programs say it.
            value = YES_NO[0] if value else YES_NO[1]
        if not isinstance(value, str):
            raise WrongValue("not-text", N_("这一项要用文字填写。"))
        if field.is_text:
            return _text(field, value)
        value = clean_line(value)
        return self._one(field, value) if value else ""

    def _one(self, field: Field, value: str) -> Any:
        match field.kind:
            case FieldKind.CHOICE:
                if value not in field.choices:
                    raise WrongValue("unknown", N_("请从给出的选项中选一个。"))
                return value
            case FieldKind.DAY:
                day = self._day(value, past=field.past, near=not field.past)
                if day.year not in _YEARS:
                    raise WrongValue("bad-day", N_("年份不对，请看一看。"))
                return day.isoformat()
            case FieldKind.UNTIL:
                return self._until(value)
            case FieldKind.LIMIT:
                return _limit(value)
            case _:
                return self._county.find(field.kind, value)

    def _day(self, value: str, *, past: bool = False, near: bool = False) -> date:
        """Return the day that is meant, also as a limit: 十天 is ten days from now, or ago."""
        now = day_of(self._now_ms)
        try:
            # Of a time its day counts, for every limit ends with a day.
            typed = value.partition("T")[0] if _TIME.match(value) else value
            return read_day(typed, now, past=past, near=near)
        except BadDay as error:
            try:
                limit = read_limit(value)
                return day_before(now, limit) if past else self._county.ends(self._now_ms, limit)
            except BadLimit:
                raise WrongValue("bad-day", N_("日期写法如 2026-12-01 或 12月1日。")) from error

    def _until(self, value: str) -> int:
        day, now = self._day(value), day_of(self._now_ms)
        if day < now:
            raise WrongValue("past", N_("这一天太早了，请填 {day} 或以后的日期。"), day=now)
        if day.year > now.year + YEARS_AHEAD:
            raise WrongValue("too-far", N_("这一天太远了，请看看年份写对没有。"))
        return end_of_day(day)

    def _several(self, field: Field, value: Any) -> list[Any]:
        named = _BETWEEN.split(value) if isinstance(value, str) else _listed(value)
        # One unit named ten thousand times is one unit.
        if len(set(map(str, named))) > SEVERAL_MOST:
            raise WrongValue("too-many", _TOO_MANY, most=SEVERAL_MOST)
        kind = SEVERAL[field.kind]
        lines = [clean_line(text) if isinstance(text, str) else text for text in named]
        return sorted({self._find(kind, text) for text in lines if text})

    def _find(self, noun: str, value: Any) -> Any:
        return self._county.find(noun, value if isinstance(value, str) else "")

    def _lines(self, field: Field, value: Any) -> list[str]:
        lines = [text for text in (_text(field, typed) for typed in _texts(value)) if text]
        if len(lines) > LIST_MOST:
            raise WrongValue("too-many", _TOO_MANY, most=LIST_MOST)
        self._texts.update({f"{field.name}-{n}": text for n, text in enumerate(lines)})
        return lines

    def _parts(self, field: Field, value: Any) -> list[dict[str, Any]]:
        """Read a division among units: JSON maps, or the form's `parts-0-unit`, `parts-0-task` …"""
        rows = value if value not in (None, "") else self._rows_of_form(field)
        if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
            raise WrongValue("not-a-list", _NOT_A_LIST)
        if len(rows) > LIST_MOST:
            raise WrongValue("too-many", _TOO_MANY, most=LIST_MOST)
        parts: list[dict[str, Any]] = []
        for row in rows:
            typed = {name: row.get(name) or "" for name in PART_FIELDS}
            if not all(isinstance(text, str) for text in typed.values()):
                raise WrongValue("not-text", N_("这一项要用文字填写。"))
            unit, until = clean_line(typed["unit"]), clean_line(typed["until"])
            task = _text(field, typed["task"])
            if not (unit or until or task):
                continue
            if not (unit and until and task):
                raise WrongValue("incomplete", N_("每一行都要填单位、任务和期限。"))
            unit = self._find(FieldKind.UNIT, unit)
            self._texts[f"task-{len(parts)}"] = task
            parts.append({"unit": unit, "until": self._until(until)})
        return parts

    def _rows_of_form(self, field: Field) -> list[dict[str, Any]]:
        return [
            {name: self._raw.get(f"{field.name}-{n}-{name}") for name in PART_FIELDS}
            for n in range(LIST_MOST)
        ]


_NOT_A_LIST = N_("这一项要用列表填写。")
_TOO_MANY = N_("一次最多 {most} 项。")
_NOT_A_NUMBER = N_("请填整数，没有就填 0。")


def _listed(value: Any) -> Sequence[Any]:
    """Return the values of a list, none for None. Raises WrongValue."""
    if not isinstance(value or [], list | tuple):
        raise WrongValue("not-a-list", _NOT_A_LIST)
    return value or []


def _texts(value: Any) -> Sequence[str]:
    """Return the texts of a list, or one alone. Raises WrongValue."""
    texts = [value] if isinstance(value, str) else _listed(value)
    if not all(isinstance(text, str) for text in texts):
        raise WrongValue("not-a-list", _NOT_A_LIST)
    return texts


def _pictures(value: Any) -> list[str]:
    """Return SHA-256s as they were given, each once; the bytes are looked for by whoever shows."""
    cleaned = (clean_line(sha256).lower() for sha256 in _texts(value))
    pictures = list(dict.fromkeys(sha256 for sha256 in cleaned if sha256))
    if not all(_SHA256.fullmatch(sha256) for sha256 in pictures):
        raise WrongValue("unknown", N_("没有这张照片，请重新上传。"))
    if len(pictures) > PICTURES_MOST:
        raise WrongValue("too-many", _TOO_MANY, most=PICTURES_MOST)
    return pictures


def _text(field: Field, value: str) -> str:
    text = clean_line(value) if field.kind is FieldKind.LINE else clean_words(value)
    if len(text) > field.max_length:
        raise WrongValue(
            "too-long",
            N_("最多 {most} 个字，现在有 {length} 个字。"),
            most=field.max_length,
            length=len(text),
        )
    return text


def _count(value: Any) -> int | str:
    if value is None:
        return ""
    if isinstance(value, str):
        digits = plain_digits(value)
        if not digits:
            return ""
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 8):
            raise WrongValue("not-a-number", _NOT_A_NUMBER)
        value = int(digits)
    if type(value) is not int or not 0 <= value <= COUNT_MOST:
        raise WrongValue("not-a-number", _NOT_A_NUMBER)
    return value


def _limit(value: str) -> str:
    try:
        return read_limit(value)
    except BadLimit as error:
        raise WrongValue(
            "bad-limit",
            N_("时限写法如“一个月”“20天”“10个工作日”，也可写 P1M、P20D；不能是零，最长两年。"),
        ) from error
