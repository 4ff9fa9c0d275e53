"""Folding: the same for every order, never raising, nothing lost, conflicts shown."""

import sqlite3
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.events import Event, in_order
from eventlog.projections import Projection, encode_state
from matters.attempts import AttemptsProjection, Refused
from matters.lifecycle import fold
from matters.matter import Matter
from matters.projection import Import, ImportsProjection, MattersProjection
from matters.terms import Kind, MatterEvent, Publicity, RecordEvent, State
from tests.counts import count
from tests.eventlog.arrivals import empty_database
from tests.eventlog.notes import START_MS
from tests.matters.county import MIGRATIONS, History

ASSIGN = {"lead": "roads", "limit": "P1M"}
UNHAPPY = {"reply_rating": "satisfied", "result_rating": "unsatisfied"}


def test_two_decisions_of_one_rank_are_one_conflict() -> None:
    for first, second in ((b"\x01" * 16, b"\x02" * 16), (b"\x02" * 16, b"\x01" * 16)):
        history = History()
        history.add(MatterEvent.ASSIGNED, ASSIGN, rank=1, id=first)
        history.add(MatterEvent.ASSIGNED, {"lead": "water", "limit": "P1M"}, rank=1, id=second)
        matter = fold(in_order(history.events))
        assert matter.lead == ("roads" if first < second else "water")
        assert [step.event for step in matter.contested] == [max(first, second)]
        assert len(matter.steps) == 3


def test_a_decision_that_did_not_see_another_is_contested() -> None:
    # The station's log has adopt at rank 1; the deputy, offline, answered at the same rank.
    history = History().add(MatterEvent.ADOPTED, rank=1, id=b"\x01" * 16)
    history.add(MatterEvent.ANSWERED, rank=1, id=b"\x02" * 16)
    matter = fold(in_order(history.events))
    assert matter.state is State.ADOPTED and len(matter.contested) == 1


def test_what_changes_no_state_is_no_conflict() -> None:
    history = History().at("assigned")
    for rank in (2, 2, 2):
        history.add(MatterEvent.PROGRESSED, rank=rank)
    history.add(MatterEvent.MESSAGED, rank=2).add(MatterEvent.RECLASSIFIED, rank=2)
    assert fold(in_order(history.events)).contested == []


def test_types_that_are_not_known_are_passed_over() -> None:
    history = History().at("replied")
    before = fold(history.events)
    after = fold(history.add("matter.sung", {"verse": 3}).events)
    assert after.steps == before.steps and after.version == before.version + 1


def test_a_child_that_came_before_its_parent_is_put_right() -> None:
    history = History().at("replied")
    early = fold(history.events[1:])
    assert early.number == "" and len(early.contested) == 2
    assert fold(history.events).contested == []


def test_a_second_beginning_is_contested_and_changes_nothing() -> None:
    history = History()
    before = fold(history.events)
    after = fold(history.add(MatterEvent.RAISED, {"number": "9999999999"}).events)
    assert after.number == before.number and len(after.contested) == 1


FAR = 10**18
WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("adopted", MatterEvent.ASSIGNED, {"lead": "roads", "assisting": 7}),
    ("adopted", MatterEvent.ASSIGNED, {"lead": "roads", "assisting": "water"}),
    ("adopted", MatterEvent.ASSIGNED, {"lead": "roads", "assisting": [{}]}),
    ("adopted", MatterEvent.ASSIGNED, {"lead": 5}),
    ("adopted", MatterEvent.ASSIGNED, {}),
    ("adopted", MatterEvent.ASSIGNED, {"lead": ""}),
    ("adopted", MatterEvent.ASSIGNED, {"lead": "roads", "limit": 30}),
    ("adopted", MatterEvent.ASSIGNED, {"lead": "roads", "due_at": "soon"}),
    ("adopted", MatterEvent.ASSIGNED, {"lead": "roads", "due_at": FAR}),
    ("adopted", MatterEvent.ASSIGNED, {"lead": "roads", "return_by": True}),
    ("adopted", MatterEvent.ASSIGNED, {"lead": "roads", "handover": "A1"}),
    ("received", MatterEvent.RENUMBERED, {"number": 5}),
    ("received", MatterEvent.RENUMBERED, {"number": ""}),
    ("received", MatterEvent.ADOPTED, {"body": 5}),
    ("received", MatterEvent.ADOPTED, {"deputy": ["li"]}),
    ("received", MatterEvent.MERGED, {}),
    ("received", MatterEvent.MERGED, {"into": ""}),
    ("received", MatterEvent.MERGED, {"into": "1234567890"}),
    ("received", MatterEvent.SPLIT, {"parts": b"p" * 16}),
    ("received", MatterEvent.SPLIT, {"parts": ["p"]}),
    ("received", MatterEvent.JOINED, {"from": 7}),
    ("received", MatterEvent.JOINED, {"from": b"f" * 16, "people": "12"}),
    ("received", MatterEvent.PARTED, {"from": "f"}),
    ("received", MatterEvent.PARTED, {"from": b"f" * 16, "people": 1.5}),
    ("merged", MatterEvent.ECHOED, {"result": 1}),
    ("replied", MatterEvent.ECHO_RATED, {"from": "f"}),
    ("assigned", MatterEvent.REPLIED, {"result": ["A"]}),
    ("assigned", MatterEvent.ASKED, {"until": "2026"}),
    ("assigned", MatterEvent.ASKED, {"until": START_MS, "due_at": -FAR}),
    ("assigned", MatterEvent.DIVIDED, {"parts": 5}),
    ("assigned", MatterEvent.DIVIDED, {"parts": [5]}),
    ("assigned", MatterEvent.DIVIDED, {"parts": [{"unit": "water"}]}),
    ("assigned", MatterEvent.DIVIDED, {"parts": [{"unit": 5, "until": START_MS}]}),
    ("assigned", MatterEvent.DIVIDED, {"parts": [{1: 2}]}),
    ("assigned", MatterEvent.EXTENSION_ASKED, {}),
    ("assigned", MatterEvent.EXTENSION_ASKED, {"until": 1.5}),
    ("assigned", MatterEvent.LIMIT_MOVED, {"due_at": []}),
    ("assigned", MatterEvent.PROGRESSED, {"unit": 5, "done": "yes"}),
    ("assigned", MatterEvent.PRESSED, {"until": FAR}),
    ("assigned", MatterEvent.INSPECTED, {"until": "x"}),
    ("assigned", MatterEvent.ESCALATED, {"level": 3}),
    ("unsatisfied", MatterEvent.EXPLAINED, {}),
    ("unsatisfied", MatterEvent.DECIDED, {"until": "x"}),
    ("replied", MatterEvent.RATED, {"reply_rating": 5}),
    ("replied", MatterEvent.RATED, {"result_rating": {}}),
    ("replied", MatterEvent.EVALUATED, {"reply_rating": b"x"}),
    ("received", MatterEvent.RECLASSIFIED, {"area": 5}),
    ("received", MatterEvent.RESOLVED, {"event": "x", "keep": "yes"}),
    ("received", MatterEvent.RESOLVED, {"event": b"", "keep": "yes"}),
    ("received", MatterEvent.TIMED, {}),
    ("received", MatterEvent.TIMED, {"event": "x", "at": START_MS}),
    ("received", MatterEvent.TIMED, {"event": b"x" * 16, "at": START_MS}),
    ("received", MatterEvent.TIMED, {"event": b"", "at": FAR}),
]


@pytest.mark.parametrize(("state", "type", "data"), WRONG)
def test_data_of_a_wrong_shape_changes_nothing_at_all(
    state: str, type: str, data: dict[str, Any]
) -> None:
    history = History()
    match state:
        case "merged":
            history.add(MatterEvent.MERGED, {"into": b"o" * 16})
        case "unsatisfied":
            history.at("replied").add(MatterEvent.RATED, UNHAPPY)
        case _:
            history.at(state)
    before = fold(history.events)
    after = fold(history.add(type, data).events)
    assert [step.type for step in after.contested] == [type]
    after.steps.pop()
    after.version = before.version
    assert after == before


def test_a_flood_of_people_can_still_be_counted() -> None:
    history = History(people=2**64 - 1)
    for number in range(20):
        history.add(MatterEvent.JOINED, {"from": bytes([number]) * 16, "people": 2**64 - 1})
    matter = fold(history.events)
    assert matter.people == 21 * 99_999 and encode_state(matter)


def test_a_late_answer_of_a_wrong_shape_leaves_the_matter_open() -> None:
    batch = b"b" * 16
    history = History()
    history.events.clear()
    history.add(MatterEvent.IMPORTED, {"number": "1", "received_at": START_MS, "batch": batch})
    history.add(MatterEvent.ANSWER_IMPORTED, {"replied_at": "yesterday", "batch": batch})
    matter = fold(history.events)
    assert matter.state is State.RECEIVED and not matter.answered
    assert len(matter.contested) == 1
    later = fold(history.add(MatterEvent.ANSWER_IMPORTED, {"replied_at": START_MS}).events)
    assert later.state is State.REPLIED and later.answered


@pytest.mark.req("L31")
def test_nobody_publishes_what_was_made_a_report_meanwhile() -> None:
    for other, data in (
        (MatterEvent.RECLASSIFIED, {"kind": "report"}),
        (MatterEvent.ERASED, {"what": "words"}),
        (MatterEvent.WITHDRAWN, {}),
    ):
        for first, second in ((b"\x01" * 16, b"\x02" * 16), (b"\x02" * 16, b"\x01" * 16)):
            history = History(publish=True).at("replied").add(MatterEvent.PUBLISHED)
            history.add(other, data, rank=4, id=first)
            history.add(MatterEvent.PUBLISHED, rank=4, id=second)
            matter = fold(in_order(history.events))
            assert matter.publicity is Publicity.WITHDRAWN, other
            assert len(matter.steps) == len(history.events)


def test_without_consent_no_event_makes_a_matter_public() -> None:
    matter = fold(History().at("replied").add(MatterEvent.PUBLISHED).events)
    assert matter.publicity is Publicity.NONE and len(matter.contested) == 1


def test_an_imported_report_is_never_a_draft() -> None:
    data = {"number": "1", "received_at": START_MS, "batch": b"b" * 16}
    for kind, publicity in ((Kind.HELP, Publicity.DRAFT), (Kind.REPORT, Publicity.NONE)):
        history = History()
        history.events.clear()
        history.add(MatterEvent.IMPORTED, {**data, "kind": str(kind)})
        assert fold(history.events).publicity is publicity
        history.add(MatterEvent.RECLASSIFIED, {"kind": "report"})
        assert fold(history.events).publicity is not Publicity.DRAFT


def test_erasing_the_words_takes_the_contact_along() -> None:
    history = History()
    history.events.clear()
    history.add(MatterEvent.RAISED, {"number": "1"}, words=("text", "contact"))
    assert fold(history.events).has_contact
    assert not fold(history.add(MatterEvent.ERASED, {"what": "words"}).events).has_contact


anything = st.recursive(
    st.sampled_from([None, True])
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.sampled_from(["help", "report", "P1M", "P99M", "roads", "published", "contact", "words"])
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers(0, 3), inner, max_size=3)
    ),
    max_leaves=2,
)
# fmt: off
NAMES = [
    "kind", "channel", "category", "area", "station", "deputy",
    "share_phone", "photos", "content", "quarantine", "batch", "received_at",
    "replied_at", "source_number", "grade", "lead", "assisting", "limit",
    "result", "reply_rating", "what", "file", "body", "alarm", "people", "split_from", "into",
    "from", "of", "answer", "parts", "key", "handover", "due_at", "due_before", "return_by",
    "until", "granted", "done", "unit", "level", "result_rating", "event", "keep",
    "matter", "command", "code", "number", "instead_of",
]
# fmt: on
types = st.sampled_from([*MatterEvent, *RecordEvent, "matter.sung", "weather.told", "", "."])
wild = st.builds(
    Event,
    format=st.just(1),
    log=st.just(b"l" * 8),
    sequence=st.just(1),
    previous=st.just(bytes(32)),
    id=st.binary(min_size=16, max_size=16),
    subject=st.just(b"s" * 16),
    type=types,
    rank=st.integers(0, 6),
    at=st.integers(0, 4 * START_MS) | st.integers(-(2**63), 2**64 - 1),
    by=st.text(max_size=5),
    data=st.dictionaries(st.sampled_from(NAMES), anything, max_size=3).map(
        lambda data: {"number": "1234567890", **data}
    ),
    words=st.sampled_from([{}, {"text": b"c" * 32, "contact": b"c" * 32}]),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    return empty_database(tmp_path_factory.mktemp("wild") / "wild.db", *MIGRATIONS)


@settings(max_examples=count(30, 150), deadline=None)
@given(events=st.lists(wild, min_size=1, max_size=6))
def test_folding_never_raises_and_its_state_can_be_kept(
    database: sqlite3.Connection, events: list[Event]
) -> None:
    several: list[tuple[Projection, Any]] = [
        (MattersProjection(), Matter),
        (ImportsProjection(), Import),
        (AttemptsProjection(), Refused),
    ]
    for projection, kind in several:
        state = projection.fold(in_order(events))
        body = encode_state(state)
        assert encode_state(msgspec.msgpack.decode(body, type=kind)) == body
        database.execute("BEGIN")
        projection.replace_rows(database, events[0].subject, state, 1)
        database.execute("ROLLBACK")


@settings(max_examples=count(20, 100), deadline=None)
@given(events=st.lists(wild, max_size=6))
def test_nothing_that_was_written_is_lost(events: list[Event]) -> None:
    known = {str(type) for type in MatterEvent}
    assert [step.event for step in fold(in_order(events)).steps] == [
        event.id for event in in_order(events) if event.type in known
    ]
