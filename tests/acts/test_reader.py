"""Fields of commands: right values become data and words, wrong ones problems, all at once."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from acts.field import SEVERAL, YES_NO, Field, FieldKind
from acts.reader import read_fields
from acts.refusals import BadFields
from matters.actors import VILLAGER
from matters.command import Command
from matters.commands import COMMANDS
from matters.lifecycle import decide, fold
from matters.terms import MatterEvent, Role, State
from tests.eventlog.notes import START_MS
from tests.matters.county import AREAS, CONTESTED, KNOWN, OFFICE, OTHER_NUMBER, History

OTHER = fold(History(number=OTHER_NUMBER).events)
MERGED = fold(History(number="2222222222").add(MatterEvent.MERGED, {"into": b"o" * 16}).events)
MATTERS = {one.number: one for one in (OTHER, MERGED)}
NAMES = {
    "unit": {"roads": "县交通局", "water": "县水务局", "schools": "县教育局"},
    "deputy": {"li": "李明", "wang": "王芳"},
    "station": {"dahe": "大河联络站", "xiaohe": "小河联络站"},
    "category": {"taps": "饮水"},
    "body": {"committee": "县人大常委会"},
}
WORLD = KNOWN._replace(matter=MATTERS.get, names=NAMES)
TODAY, YESTERDAY = "2026-09-21", "2026-09-20"


def read(field: Field, value: Any) -> Any:
    """Return what a command with that one field reads."""
    command = Command("x", MatterEvent.ADOPTED, "", (Role.OFFICE,), tuple(State), None, (field,))
    raw = {field.name: value, "other": "passed over"}
    data, texts = read_fields(command.fields, raw, WORLD, START_MS)
    assert not set(data) & set(texts)
    return (texts if field.is_text else data).get(field.name)


def code(field: Field, value: Any) -> str:
    """Return the code of the one problem."""
    with pytest.raises(BadFields) as caught:
        read(field, value)
    (problem,) = caught.value.problems
    assert problem.field == field.name and problem.message.format(**problem.values)
    return problem.code


WORDS = Field("text", FieldKind.WORDS, "", max_length=10)
LINE = Field("title", FieldKind.LINE, "", max_length=10)
CHOICE = Field("result", FieldKind.CHOICE, "", choices=("A", "B"))
LIMIT = Field("limit", FieldKind.LIMIT, "")
UNIT = Field("lead", FieldKind.UNIT, "")
UNITS = Field("assisting", FieldKind.UNITS, "")
CATEGORY = Field("category", FieldKind.CATEGORY, "")
AREA = Field("area", FieldKind.AREA, "")
BODY = Field("body", FieldKind.BODY, "")
UNTIL = Field("until", FieldKind.UNTIL, "")
DAY = Field("held_on", FieldKind.DAY, "")
PAST = Field("from", FieldKind.DAY, "", past=True)
COUNT = Field("satisfied", FieldKind.COUNT, "")
STATION = Field("station", FieldKind.STATION, "")
DEPUTY = Field("deputy", FieldKind.DEPUTY, "")
DEPUTIES = Field("deputies", FieldKind.DEPUTIES, "")
NUMBERS = Field("matters", FieldKind.MATTERS, "")
YES = Field("granted", FieldKind.CHOICE, "", choices=YES_NO)
MATTER = Field("into", FieldKind.MATTER, "")
EVENT = Field("event", FieldKind.EVENT, "")
TEXTS = Field("texts", FieldKind.TEXTS, "", max_length=10)
PARTS = Field("parts", FieldKind.PARTS, "", max_length=10)
PICTURES = Field("after", FieldKind.PICTURES, "")
EVERY = (
    *(WORDS, LINE, CHOICE, LIMIT, UNIT, UNITS, CATEGORY, AREA, BODY, UNTIL, MATTER, EVENT),
    *(TEXTS, PARTS, PICTURES, DAY, PAST, COUNT, STATION, DEPUTY, DEPUTIES, NUMBERS),
)
# Those that only a session can look up.
HELD = {FieldKind.QUESTION, FieldKind.PROMISE, FieldKind.ENTRY}
LISTS = (*SEVERAL, FieldKind.TEXTS, FieldKind.PARTS, FieldKind.PICTURES)


def end_of(day: str) -> int:
    """Return the end of a day in Asia/Shanghai, ms, UTC."""
    return int(datetime.fromisoformat(f"{day}T23:59:59+08:00").timestamp() * 1000)


def part(unit: Any = "roads", task: Any = "迁水管", until: Any = "2026-10-10") -> dict[str, Any]:
    """Return a part of a division."""
    return {"unit": unit, "task": task, "until": until}


def test_each_kind_is_tried_here() -> None:
    assert {field.kind for field in EVERY} == set(FieldKind) - HELD


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        (WORDS, " 两行\r\n话\u200b ", "两行\n话"),
        (WORDS, "长" * 10, "长" * 10),
        (LINE, " 一\n行 ", "一 行"),
        (CHOICE, " B ", "B"),
        (LIMIT, "p1m15d", "P1M15D"),
        (LIMIT, "十个工作日", "P10B"),
        (UNIT, "roads", "roads"),
        (UNITS, "roads", ["roads"]),
        (UNITS, ["water", "", "roads", "water"], ["roads", "water"]),
        (UNITS, ("water",), ["water"]),
        (CATEGORY, "taps", "taps"),
        (AREA, AREAS[0], AREAS[0]),
        (BODY, " committee ", "committee"),
        (UNTIL, "2026-12-01", end_of("2026-12-01")),
        (UNTIL, TODAY, end_of(TODAY)),
        (UNTIL, "12月1日", end_of("2026-12-01")),
        # Without a year it is the next such day.
        (UNTIL, "3月1日", end_of("2027-03-01")),
        # Of a time its day counts; a limit is counted from today.
        (UNTIL, "2026-12-01T08:30:00+08:00", end_of("2026-12-01")),
        (UNTIL, "P10D", end_of("2026-10-02") - 86_400_000),
        (YES, True, "yes"),
        (YES, False, "no"),
        (YES, "no", "no"),
        (MATTER, OTHER_NUMBER, OTHER.id),
        (EVENT, CONTESTED, UUID(CONTESTED).bytes),
        (PARTS, [], None),
        (UNIT, "县水务局", "water"),
        (UNIT, "\u3000水务\u200b", "water"),
        (UNITS, "县水务局、交通", ["roads", "water"]),
        (UNITS, ["县水务局", "roads", "水务局"], ["roads", "water"]),
        (CATEGORY, "饮水", "taps"),
        (BODY, "县人大常委会", "committee"),
        (STATION, "dahe", "dahe"),
        (STATION, "小河联络站", "xiaohe"),
        (DEPUTY, "王芳", "wang"),
        (DEPUTIES, "李明，王芳", ["li", "wang"]),
        (NUMBERS, f"{OTHER_NUMBER}\n", [OTHER.id]),
        (COUNT, 0, 0),
        (COUNT, " １２ ", 12),
        (DAY, "2026-09-20", "2026-09-20"),
        # The nearer one, for what was held and what will be stands in one form.
        (DAY, "9月20日", "2026-09-20"),
        (DAY, "12月1日", "2026-12-01"),
        (DAY, "十天", "2026-10-01"),
        (PAST, "12月1日", "2025-12-01"),
        (PAST, "十天", "2026-09-11"),
        (PAST, "三个月", "2026-06-21"),
        (UNTIL, "十天", end_of("2026-10-01")),
    ],
    # By the kind and what is typed: a matter's id is random, and names of tests must not be.
    ids=lambda value: (
        value.kind
        if isinstance(value, Field)
        else repr(value)[:20]
        if isinstance(value, str)
        else ""
    ),
)
def test_what_is_right_is_kept(field: Field, value: Any, kept: Any) -> None:
    assert read(field._replace(required=kept is not None), value) == kept


def test_the_texts_of_a_list_stand_beside_the_data() -> None:
    command = COMMANDS["split"]
    given = {"texts": [" 一 ", "", "二"]}
    assert read_fields(command.fields, given, KNOWN, START_MS) == (
        {},
        {"texts-0": "一", "texts-1": "二"},
    )
    many = {"texts": ["字"] * 20}
    assert len(read_fields(command.fields, many, KNOWN, START_MS)[1]) == 20


@pytest.mark.parametrize("form", [False, True])
def test_parts_come_as_a_list_or_as_the_rows_of_a_form(form: bool) -> None:
    rows = [part(), part("", "", ""), part("water", "接管", "10月12日")]
    raw: dict[str, Any] = {"parts": rows}
    if form:
        raw = {f"parts-{n}-{name}": row[name] for n, row in enumerate(rows) for name in row}
    data, texts = read_fields(COMMANDS["divide"].fields, raw, KNOWN, START_MS)
    assert data == {
        "parts": [
            {"unit": "roads", "until": end_of("2026-10-10")},
            {"unit": "water", "until": end_of("2026-10-12")},
        ]
    }
    assert texts == {"task-0": "迁水管", "task-1": "接管"}


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (WORDS, "长" * 11, "too-long"),
        (LINE, "长" * 11, "too-long"),
        (CHOICE, "C", "unknown"),
        (CHOICE, "a", "unknown"),
        (LIMIT, "尽快", "bad-limit"),
        (LIMIT, "P0D", "bad-limit"),
        (LIMIT, "P99M", "bad-limit"),
        (UNIT, "moon", "unknown"),
        (UNIT, "县", "unknown"),
        (UNITS, "roads、moon", "unknown"),
        (DEPUTIES, ["li", "moon"], "unknown"),
        (STATION, "联络站", "ambiguous"),
        (NUMBERS, ["0000000000"], "unknown"),
        (COUNT, "-1", "not-a-number"),
        (COUNT, 100_001, "not-a-number"),
        (COUNT, True, "not-a-number"),
        (DAY, "1989-01-01", "bad-day"),
        (DAY, "soon", "bad-day"),
        (PAST, "10个工作日", "bad-day"),
        (UNITS, ["roads", "moon"], "unknown"),
        (UNITS, ["roads", 5], "unknown"),
        (UNITS, [["roads"]], "unknown"),
        (UNITS, {"roads": 1}, "not-a-list"),
        (UNITS, 5, "not-a-list"),
        (CATEGORY, "cats", "unknown"),
        (AREA, "无名村", "unknown"),
        (BODY, "moon", "unknown"),
        (UNTIL, "soon", "bad-day"),
        (UNTIL, "2026-13-01", "bad-day"),
        (UNTIL, "2026-02-30", "bad-day"),
        (UNTIL, "0", "bad-day"),
        (UNTIL, YESTERDAY, "past"),
        (UNTIL, "0001-01-01", "past"),
        (UNTIL, "2030-01-01", "too-far"),
        (UNTIL, "9999-12-31", "too-far"),
        (MATTER, "0000000000", "unknown"),
        (MATTER, "moon", "unknown"),
        (MATTER, "9" * 10_000, "unknown"),
        (MATTER, MERGED.number, "merged"),
        (EVENT, "moon", "unknown"),
        (EVENT, "01a00000", "unknown"),
        (TEXTS, ["字"] * 21, "too-many"),
        (TEXTS, ["字"] * 10_000, "too-many"),
        (TEXTS, ["长" * 11], "too-long"),
        (TEXTS, {"a": "b"}, "not-a-list"),
        (TEXTS, ["一", 2], "not-a-list"),
        (TEXTS, 5, "not-a-list"),
        (PARTS, [part()] * 21, "too-many"),
        (PARTS, [part()] * 10_000, "too-many"),
        (PARTS, "roads", "not-a-list"),
        (PARTS, ["roads"], "not-a-list"),
        (PARTS, 5, "not-a-list"),
        (PARTS, {"unit": "roads"}, "not-a-list"),
        (PARTS, [part(unit="moon")], "unknown"),
        (PARTS, [part(unit=5)], "not-text"),
        (PARTS, [part(until=["2026-10-10"])], "not-text"),
        (PARTS, [part(task="")], "incomplete"),
        (PARTS, [part(until=" ")], "incomplete"),
        (PARTS, [part(unit="")], "incomplete"),
        (PARTS, [part(task="长" * 11)], "too-long"),
        (PARTS, [part(until=YESTERDAY)], "past"),
        *((field, value, "not-text") for field in EVERY for value in (5, True, {"a": 1}, b"x")
          if field.kind not in (*LISTS, FieldKind.COUNT)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(field: Field, value: Any, expected: str) -> None:
    assert code(field, value) == expected


@pytest.mark.parametrize("field", EVERY)
@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_nothing_is_a_problem_only_where_something_must_be(field: Field, value: Any) -> None:
    if field.kind is FieldKind.PARTS and value and not value.strip():
        assert code(field, value) == "not-a-list"
        return
    assert code(field, value) == "required"
    assert read(field._replace(required=False), value) is None


def test_all_problems_come_at_once() -> None:
    with pytest.raises(BadFields) as caught:
        read_fields(
            COMMANDS["assign"].fields, {"limit": "x", "assisting": ["moon"]}, KNOWN, START_MS
        )
    found = [(problem.field, problem.code) for problem in caught.value.problems]
    assert found == [("lead", "required"), ("assisting", "unknown"), ("limit", "bad-limit")]


def refused(name: str, state: str, **fields: Any) -> list[tuple[str, str]]:
    """Return what `decide` says of fields that are each right."""
    matter = fold(History(publish=True).at(state).events)
    actor = VILLAGER if name == "rate" else OFFICE
    with pytest.raises(BadFields) as caught:
        decide(matter, COMMANDS[name], fields, actor=actor, known=KNOWN, now_ms=START_MS)
    return [(problem.field, problem.code) for problem in caught.value.problems]


def test_what_is_wrong_between_fields_is_told() -> None:
    assert refused("assign", "adopted", lead="roads", assisting=["roads"]) == [
        ("assisting", "lead-too")
    ]
    assert refused("reclassify", "adopted") == [("category", "required")]
    assert refused("reclassify", "adopted", category="") == [("category", "required")]


@pytest.mark.req("L28")
@pytest.mark.parametrize("reply", ["satisfied", "basically", "unsatisfied"])
@pytest.mark.parametrize("result", ["satisfied", "basically", "unsatisfied"])
def test_reply_and_result_are_rated_apart_and_discontent_is_explained(
    reply: str, result: str
) -> None:
    ratings = {"reply_rating": reply, "result_rating": result}
    if "unsatisfied" in (reply, result):
        assert refused("rate", "replied", **ratings) == [("comment", "required")]
    history = History().at("replied")
    draft = decide(
        fold(history.events),
        COMMANDS["rate"],
        {**ratings, "comment": "还漏水"},
        actor=VILLAGER,
        known=KNOWN,
        now_ms=START_MS,
    )
    matter = fold(history.add(draft.type, dict(draft.data)).events)
    assert (matter.reply_rating, matter.result_rating) == (reply, result)
    # Nobody's content closes a matter, and nobody's discontent opens it again.
    assert matter.state is State.REPLIED


def test_no_free_words_stand_in_an_event() -> None:
    marker = "只在旁边的话"
    for command in COMMANDS.values():
        fields = {field.name: marker for field in command.fields if field.is_text}
        texts = {field.name for field in command.fields if field.is_text}
        try:
            data, found = read_fields(command.fields, fields, KNOWN, START_MS)
        except BadFields:
            continue
        assert marker not in repr(data) and set(found) == texts


def test_pictures_are_named_by_their_hash() -> None:
    one, other = "a" * 64, "0123456789abcdef" * 4
    assert read(PICTURES, one) == [one]
    assert read(PICTURES, [one, f" {other.upper()} ", "", one]) == [one, other]
    for empty in (None, [], ["", " "]):
        assert code(PICTURES, empty) == "required"
    assert code(PICTURES, ["a" * 63]) == code(PICTURES, "photo.jpg") == "unknown"
    assert code(PICTURES, [f"{n:064x}" for n in range(7)]) == "too-many"
    assert code(PICTURES, [1]) == code(PICTURES, {"a": 1}) == "not-a-list"
