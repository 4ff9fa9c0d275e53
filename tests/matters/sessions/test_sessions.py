"""Sessions: folding never raises and does not depend on arrival; who sees what is one rule."""

import itertools
import sqlite3
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acts.shanghai import end_of_day
from eventlog.events import Event, in_order
from eventlog.identifiers import new_uuid7, uuid_text
from eventlog.projections import encode_state
from matters.actors import Actor
from matters.sessions import store as sessions_store
from matters.sessions.acts import ACTS, SessionEvent
from matters.sessions.execution import carry_out_act, open_session
from matters.sessions.session import Session, fold, is_overdue, may_see
from matters.sessions.store import SessionFilters, SessionsProjection
from matters.terms import Role
from tests.counts import count
from tests.eventlog.arrivals import empty_database
from tests.eventlog.notes import START_MS
from tests.matters.county import (
    ACTORS,
    DEPUTY,
    KNOWN,
    MIGRATIONS,
    OFFICE,
    PROJECTIONS,
    ROADS,
    open_county,
    raised,
)


class Meeting:
    """Events of one session, written by hand; each gets the next rank unless it is told."""

    def __init__(self, **data: Any) -> None:
        self.subject = new_uuid7(START_MS)
        self.events: list[Event] = []
        self._minutes = itertools.count()
        given = {"kind": "director", "held_on": "2026-11-21", "units": ["roads"], **data}
        self.add(SessionEvent.OPENED, given, words=("title",))

    def add(
        self,
        type: str,
        data: dict[str, Any] | None = None,
        *,
        rank: int | None = None,
        words: tuple[str, ...] = ("text",),
    ) -> bytes:
        """Add an event and return its id."""
        at = START_MS + next(self._minutes) * 60_000
        highest = max((event.rank for event in self.events), default=-1)
        event = Event(
            1,
            b"l" * 8,
            len(self.events) + 1,
            bytes(32),
            new_uuid7(at),
            self.subject,
            str(type),
            highest + 1 if rank is None else rank,
            at,
            "office:o1",
            data or {},
            dict.fromkeys(words, b"c" * 32),
        )
        self.events.append(event)
        return event.id

    def folded(self) -> Session:
        """Return the session."""
        return fold(in_order(self.events))


def test_what_did_not_see_the_close_is_kept_and_what_came_after_is_contested() -> None:
    meeting = Meeting()
    meeting.add(SessionEvent.CLOSED, rank=2)
    early = meeting.add(SessionEvent.QUESTION_PUT, {"unit": "roads"}, rank=2)
    late = meeting.add(SessionEvent.QUESTION_PUT, {"unit": "roads"}, rank=3)
    session = meeting.folded()
    assert [one.id for one in session.of(SessionEvent.QUESTION_PUT)] == [early]
    assert [one.id for one in session.entries if one.contested] == [late]


def test_a_check_of_a_promise_that_is_not_there_changes_nothing() -> None:
    meeting = Meeting()
    question = meeting.add(SessionEvent.QUESTION_PUT, {"unit": "roads"})
    for refers in (question, new_uuid7(START_MS), b""):
        meeting.add(SessionEvent.PROMISE_KEPT, {"promise": refers, "kept": "yes"})
    session = meeting.folded()
    assert [one.contested for one in session.entries] == [False, False, True, True, True]


def test_the_newest_check_counts() -> None:
    meeting = Meeting()
    promise = meeting.add(SessionEvent.PROMISE_MADE, {"unit": "roads", "until": START_MS})
    meeting.add(SessionEvent.PROMISE_KEPT, {"promise": promise, "kept": "yes"})
    checked = meeting.add(SessionEvent.PROMISE_KEPT, {"promise": promise, "kept": "no"})
    found = meeting.folded().promises[0]
    assert (found.kept, found.checked) == ("no", checked)


@pytest.mark.parametrize(
    ("type", "data"),
    [
        (SessionEvent.QUESTION_PUT, {"unit": 5}),
        (SessionEvent.QUESTION_PUT, {"about": "not bytes"}),
        (SessionEvent.PROMISE_MADE, {"until": "tomorrow"}),
        (SessionEvent.VOTE_HELD, {"satisfied": -1, "basically": 0, "unsatisfied": 0}),
        (SessionEvent.VOTE_HELD, {}),
        (SessionEvent.OPENED, {"units": 7}),
    ],
)
def test_what_is_of_a_wrong_shape_is_contested(type: str, data: dict[str, Any]) -> None:
    meeting = Meeting()
    meeting.add(type, data)
    session = meeting.folded()
    assert session.entries[-1].contested and session.units == ("roads",)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """An empty database for the tables."""
    connection = empty_database(tmp_path_factory.mktemp("rows") / "rows.db", *MIGRATIONS)
    yield connection
    connection.close()


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=4),
    st.binary(max_size=16),
    st.lists(st.one_of(st.text(max_size=3), st.integers()), max_size=3),
)
NAMES = (
    *("kind", "held_on", "station", "units", "deputies", "matters", "unit", "deputy", "about"),
    *("question", "promise", "entry", "until", "kept", "satisfied", "basically", "unsatisfied"),
)
FIELDS = st.dictionaries(st.sampled_from(NAMES), VALUES)


@settings(max_examples=count(40, 200), deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([*SessionEvent, "session.sung"]), FIELDS, st.integers(0, 5)),
        max_size=8,
    ),
    opens=st.booleans(),
    order=st.randoms(),
)
def test_folding_never_raises_whatever_came_and_in_whatever_order(
    rows: sqlite3.Connection,
    steps: list[tuple[str, dict[str, Any], int]],
    opens: bool,
    order: Any,
) -> None:
    meeting = Meeting()
    if not opens:
        meeting.events.clear()
    for type_, data, rank in steps:
        meeting.add(type_, data, rank=rank)
    if not meeting.events:
        return
    state = meeting.folded()
    shuffled = list(meeting.events)
    order.shuffle(shuffled)
    assert encode_state(fold(in_order(shuffled))) == encode_state(state)
    projection = SessionsProjection()
    projection.clear(rows)
    projection.replace_rows(rows, meeting.subject, state, 1)
    opening = meeting.events and any(not one.contested for one in state.entries)
    assert rows.execute("SELECT count(*) FROM met").fetchone()[0] == bool(opening)


def test_the_list_shows_to_each_just_what_they_may_see(county: Any) -> None:
    log = county
    elsewhere = Actor(Role.DEPUTY, "d2", deputy="wang", stations=frozenset({"xiaohe"}))
    actors = [*ACTORS, elsewhere]

    def opened(actor: Actor, **fields: Any) -> Session:
        raw = {"kind": "inquiry", "title": "问", "held_on": "2026-11-21", **fields}
        done: Session = log.write(lambda t: open_session(t, raw, actor=actor, known=KNOWN)).result
        return done

    made = [
        opened(OFFICE, units=["roads"]),
        opened(OFFICE, units=["water"], station="dahe"),
        opened(DEPUTY, units=["roads", "water"]),
        opened(OFFICE, units=["schools"], station="xiaohe", deputies=["li"]),
    ]
    with log.reading() as connection:
        for actor in actors:
            page = sessions_store.listed(connection, actor, SessionFilters(), now_ms=START_MS)
            shown = {row.session.id for row in page.rows}
            assert shown == {one.id for one in made if may_see(actor, one)}, actor
    assert {len([1 for one in made if may_see(actor, one)]) for actor in actors} >= {0, 1, 2, 4}


def test_promises_and_what_was_said_of_a_matter_are_found(county: Any) -> None:
    log = county
    matter = raised(log)
    raw = {
        "kind": "director",
        "title": "桥",
        "held_on": "2026-11-21",
        "units": ["roads", "water"],
        "deputies": ["li"],
    }
    session = log.write(lambda t: open_session(t, raw, actor=OFFICE, known=KNOWN)).result

    def act(name: str, actor: Actor = OFFICE, **fields: Any) -> Session:
        done: Session = log.write(
            lambda t: carry_out_act(
                t,
                session.id,
                ACTS[name],
                fields,
                actor=actor,
                known=KNOWN,
                seen=None,
                folder=log.folder,
            )
        ).result
        return done

    act("question", unit="roads", asker="李", text="几时修?", about=matter.number)
    act("promise", ROADS, text="后天", until="2026-11-23", about="")
    act("promise", unit="water", text="明天", until="2026-11-22", about=matter.number)

    def shown(promises: str, now_ms: int, **narrowed: str) -> bool:
        filters = SessionFilters(promises=promises, **narrowed)
        with log.reading() as connection:
            return bool(sessions_store.listed(connection, OFFICE, filters, now_ms=now_ms).rows)

    between = end_of_day(date(2026, 11, 22)) + 1
    assert shown("overdue", between) and not shown("overdue", between - 2)
    assert shown("open", between, unit="roads") and not shown("open", between, unit="schools")
    with log.reading() as connection:
        made = sessions_store.by_id(connection, session.id)
        assert made is not None
        assert [
            (sessions_store.shown_text(one, sessions_store.texts_of(connection, made)),
             is_overdue(one, between), one.unit, one.matter)
            for one in made.promises
        ] == [("后天", False, "roads", b""), ("明天", True, "water", matter.id)]  # fmt: skip
    act("keep", promise=uuid_text(made.promises[1].id), kept="yes", text="修好了")
    assert not shown("overdue", between) and shown("open", between)
    with log.reading() as connection:
        notes = sessions_store.about(connection, matter.id)
        assert [one.type for one in notes[0].entries] == [
            "session.question_put",
            "session.promise_made",
            "session.promise_kept",
        ]
        assert notes[0].title == "桥"
        schools = Actor(Role.UNIT, "u3", unit="schools")
        assert sessions_store.about(connection, matter.id, actor=schools) == []


@pytest.fixture
def county(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A county's log that folds sessions, too."""
    monkeypatch.setitem(PROJECTIONS, "session", SessionsProjection())
    log = open_county(tmp_path / "county")
    yield log
    log.close()
