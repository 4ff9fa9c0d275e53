"""Reading the fields of a session's acts: what came in a form or JSON becomes data and words."""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from acts.refusals import N_, BadFields, FieldProblem
from acts.shanghai import end_of_day
from acts.text import clean_words
from eventlog.identifiers import parse_uuid
from matters.known import Known
from matters.sessions.acts import Ask, SessionField

COUNT_MOST = 100_000
MATTERS_MOST = 500


class SessionKnown(NamedTuple):
    """The ids that a county knows, and how a matter's number becomes its id.

    `matter_id` returns b"" for a number that is unknown, or not the actor's to see.
    """

    ids: Known
    matter_id: Callable[[str], bytes]


class _Wrong(Exception):
    def __init__(self, code: str, message: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.values = code, message, values


def read_session_fields(
    fields: Sequence[SessionField], raw: Mapping[str, Any], known: SessionKnown
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return structural data and texts. Raises BadFields with every problem.

    `until` is ms, UTC, the end of its day in Asia/Shanghai, with the day itself as `until_day`
    for the rules to compare; `held_on` stays a day.
    """
    data: dict[str, Any] = {}
    texts: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for field in fields:
        try:
            value = _read(field, raw.get(field.name), known)
        except _Wrong as wrong:
            problems.append(FieldProblem(field.name, wrong.code, wrong.message, wrong.values))
            continue
        if value is None or value == "" or value == []:
            if field.required:
                problems.append(FieldProblem(field.name, "required", N_("这一项要填。")))
        elif field.is_text:
            texts[field.name] = value
        elif field.name == "until":
            data["until_day"], data["until"] = value, end_of_day(datetime.date.fromisoformat(value))
        else:
            data[field.name] = value
    if problems:
        raise BadFields(problems)
    return data, texts


def _read(field: SessionField, value: Any, known: SessionKnown) -> Any:
    if value is None:
        return ""
    if field.ask is Ask.COUNT:
        return _count(value)
    if field.ask in (Ask.UNITS, Ask.DEPUTIES, Ask.MATTERS):
        return _many(field, value, known)
    if not isinstance(value, str):
        raise _Wrong("not-text", N_("这一项要用文字填写。"))
    if field.is_text:
        return _text(field, value)
    value = value.strip()
    if not value:
        return ""
    match field.ask:
        case Ask.CHOICE:
            if value not in field.choices:
                raise _Wrong("unknown", N_("请从给出的选项中选一个。"))
            return value
        case Ask.DATE:
            return _day(value)
        case Ask.QUESTION | Ask.PROMISE | Ask.ENTRY:
            try:
                return parse_uuid(value)
            except ValueError as error:
                raise _Wrong("unknown", N_("这次会里没有这一条。")) from error
        case _:
            return _one(field.ask, value, known)


def _one(ask: Ask, value: Any, known: SessionKnown) -> Any:
    """Return an id that the county knows, or a matter's id for its number."""
    if ask in (Ask.MATTER, Ask.MATTERS):
        found = known.matter_id(value) if isinstance(value, str) else b""
        if not found:
            raise _Wrong("unknown", N_("没有这个编号的事项：{number}"), number=value)
        return found
    ids, message = {
        Ask.STATION: (known.ids.stations, N_("没有这个联络站。")),
        Ask.UNIT: (known.ids.units, N_("没有这个单位。")),
        Ask.UNITS: (known.ids.units, N_("没有这个单位。")),
        Ask.DEPUTY: (known.ids.deputies, N_("没有这位代表。")),
        Ask.DEPUTIES: (known.ids.deputies, N_("没有这位代表。")),
    }[ask]
    if not isinstance(value, str) or value not in ids:
        raise _Wrong("unknown", message)
    return value


def _many(field: SessionField, value: Any, known: SessionKnown) -> list[Any]:
    if isinstance(value, str):
        # Numbers are said in groups, so only lines and commas part them from each other.
        parts = value.splitlines() if field.ask is Ask.MATTERS else [value]
        value = [one for part in parts for one in _parted(field.ask, part)]
    if not isinstance(value, list | tuple):
        raise _Wrong("not-a-list", N_("这一项要用列表填写。"))
    if len(value) > MATTERS_MOST:
        raise _Wrong("too-many", N_("一次最多 {most} 个。"), most=MATTERS_MOST)
    return sorted({_one(field.ask, one, known) for one in value if one})


def _parted(ask: Ask, line: str) -> list[str]:
    if ask is not Ask.MATTERS:
        return [line]
    return [one for one in re.split(r"[,，、;；]", line) if one.strip()]


def _text(field: SessionField, value: str) -> str:
    text = clean_words(value)
    if field.ask is Ask.LINE:
        text = " ".join(text.split())
    if len(text) > field.max_length:
        raise _Wrong(
            "too-long",
            N_("最多 {most} 个字，现在有 {length} 个字。"),
            most=field.max_length,
            length=len(text),
        )
    return text


def _count(value: Any) -> int | None:
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if not (value.isascii() and value.isdecimal() and len(value) < 8):
            raise _Wrong("not-a-number", N_("请填整数，没有就填 0。"))
        value = int(value)
    if type(value) is not int or not 0 <= value <= COUNT_MOST:
        raise _Wrong("not-a-number", N_("请填整数，没有就填 0。"))
    return value


def _day(value: str) -> str:
    try:
        day = datetime.date.fromisoformat(value)
    except ValueError as error:
        raise _Wrong("not-a-day", N_("日期写法如 2026-11-21。")) from error
    if not 1990 <= day.year <= 2100:
        raise _Wrong("not-a-day", N_("年份不对，请看一看。"))
    return day.isoformat()
