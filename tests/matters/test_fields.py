"""Fields of commands: right values become data and words, wrong ones problems, all at once."""

from typing import Any

import pytest

from matters.actors import VILLAGER
from matters.command import Command, Field, FieldKind
from matters.commands import COMMANDS
from matters.fields import read_fields
from matters.lifecycle import decide, fold
from matters.refusals import BadFields
from matters.terms import MatterEvent, Role, State
from tests.matters.county import AREAS, KNOWN, OFFICE, History


def read(field: Field, value: Any) -> Any:
    """Return what a command with that one field reads."""
    command = Command("x", MatterEvent.ADOPTED, "", (Role.OFFICE,), tuple(State), None, (field,))
    data, texts = read_fields(command, {field.name: value, "other": "passed over"}, KNOWN)
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
EVERY = (WORDS, LINE, CHOICE, LIMIT, UNIT, UNITS, CATEGORY, AREA)


def test_each_kind_is_tried_here() -> None:
    assert {field.kind for field in EVERY} == set(FieldKind)


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
    ],
)
def test_what_is_right_is_kept(field: Field, value: Any, kept: Any) -> None:
    assert read(field, value) == kept


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
        (UNITS, ["roads", "moon"], "unknown"),
        (UNITS, ["roads", 5], "unknown"),
        (UNITS, [["roads"]], "unknown"),
        (UNITS, {"roads": 1}, "not-a-list"),
        (UNITS, 5, "not-a-list"),
        (CATEGORY, "cats", "unknown"),
        (AREA, "大河村", "unknown"),
        *((field, value, "not-text") for field in EVERY for value in (5, True, {"a": 1}, b"x")
          if field.kind is not FieldKind.UNITS),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(field: Field, value: Any, expected: str) -> None:
    assert code(field, value) == expected


@pytest.mark.parametrize("field", EVERY)
@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_nothing_is_a_problem_only_where_something_must_be(field: Field, value: Any) -> None:
    if field.kind is FieldKind.UNITS and value is not None and not value.strip() and value:
        assert code(field, value) == "unknown"
        return
    assert code(field, value) == "required"
    assert read(field._replace(required=False), value) is None


def test_all_problems_come_at_once() -> None:
    with pytest.raises(BadFields) as caught:
        read_fields(COMMANDS["assign"], {"limit": "x", "assisting": ["moon"]}, KNOWN)
    found = [(problem.field, problem.code) for problem in caught.value.problems]
    assert found == [("lead", "required"), ("assisting", "unknown"), ("limit", "bad-limit")]


def refused(name: str, state: str, **fields: Any) -> list[tuple[str, str]]:
    """Return what `decide` says of fields that are each right."""
    matter = fold(History(publish=True).at(state).events)
    actor = VILLAGER if name == "rate" else OFFICE
    with pytest.raises(BadFields) as caught:
        decide(matter, COMMANDS[name], fields, actor=actor, known=KNOWN)
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
            data, found = read_fields(command, fields, KNOWN)
        except BadFields:
            continue
        assert marker not in repr(data) and set(found) == texts
