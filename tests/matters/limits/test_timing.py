"""What a node with a wrong clock wrote counts from when the hub had it, and both times are kept."""

import itertools
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acts.shanghai import DAY_MS, month_of
from eventlog.events import in_order
from eventlog.identifiers import uuid_text
from eventlog.projections import encode_state
from eventlog.transaction import Transaction
from matters.lifecycle import fold
from matters.limits import timekeeping
from matters.limits.deadlines import due_at
from matters.limits.timing import time_arrivals
from matters.registers.categories import Category
from matters.registers.rules import Rules
from matters.terms import MatterEvent, State
from stations.register_log import set_record
from stations.working_days import WEEKENDS_ONLY
from tests.counts import count
from tests.eventlog.arrivals import arrive, departing
from tests.eventlog.notes import START_MS
from tests.matters.county import (
    DEPUTY,
    LIAISON,
    PROJECTIONS,
    ROADS,
    History,
    commanded,
    matter_of,
    message,
    open_county,
    raised,
)
from tests.matters.living import go_on
from tests.matters.station import Station

YEARS_MS = 3652 * DAY_MS
WRONG_BY = [YEARS_MS, -YEARS_MS, -START_MS, 20 * DAY_MS]
RULES = Rules()


def timed(of: bytes, at: Any = START_MS + DAY_MS) -> dict[str, Any]:
    """Return the data of the hub's word on when it had an event."""
    return {"event": of, "at": at}


@pytest.fixture(params=WRONG_BY, ids=["ahead", "behind", "1970", "days"])
def station(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Station]:
    found = Station(tmp_path, request.param)
    yield found
    found.stop()


def test_a_matter_counts_from_when_the_hub_had_it(station: Station) -> None:
    number = raised(station.log).number
    heard = station.day(3)
    station.sync()
    matter = station.matter(number)
    assert matter.received_at == heard
    first = matter.steps[0]
    # Both times are kept.
    assert (first.at, first.received_at) == (START_MS + station.wrong_by, heard)
    assert first.counts_from == heard
    with station.hub.reading() as connection:
        row = connection.execute("SELECT month, received_at FROM matters").fetchone()
    assert tuple(row) == (month_of(heard), heard)
    assert [step.type for step in matter.steps] == ["matter.raised", "matter.timed"]
    assert not matter.contested and matter.steps[1].by == "system"


def test_each_event_is_timed_once(station: Station) -> None:
    number = raised(station.log).number
    heard = station.day(3)
    station.sync()
    arrived = [step.event for step in station.matter(number).steps]
    with station.hub.reading() as connection:
        before = connection.execute("SELECT count(*) FROM events").fetchone()
    for ids in (arrived, arrived * 2, [b"x" * 16], []):
        station.day(9)
        station.hub.write(lambda t, ids=ids: time_arrivals(t, ids, heard + DAY_MS))  # type: ignore[misc]
    with station.hub.reading() as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == before
    assert station.matter(number).received_at == heard


def test_what_is_no_matter_is_passed_over(tmp_path: Path) -> None:
    log = open_county(tmp_path / "hub")
    raised(log)
    log.write(lambda t: set_record(t, "category", Category(id="taps", name="供水"), by="system"))

    def time_all(transaction: Transaction) -> None:
        rows = transaction.connection.execute("SELECT id FROM events").fetchall()
        time_arrivals(transaction, [row[0] for row in rows], START_MS)

    log.write(time_all)
    with log.reading() as connection:
        types = [row[0] for row in connection.execute("SELECT type FROM events ORDER BY position")]
    assert types == ["matter.raised", "category.set", "matter.timed"]
    log.stop()


def test_a_reply_of_a_wrong_clock_waits_for_its_rating_as_long_as_others(station: Station) -> None:
    number = raised(station.log).number
    commanded(station.log, number, "answer", LIAISON, text="已经答复")
    heard = station.day(2)
    station.sync()
    matter = station.matter(number)
    assert (matter.state, matter.replied_at) == (State.REPLIED, heard)
    lapses = due_at(heard, RULES.rate_within, WEEKENDS_ONLY)

    def due(now_ms: int) -> list[str]:
        with station.hub.reading() as connection:
            acts = timekeeping.due_acts(connection, now_ms, RULES, WEEKENDS_ONLY, 10)
        return [act.type for act in acts]

    assert due(heard + 1) == due(lapses) == []
    assert due(lapses + 1) == [MatterEvent.LAPSED]


def test_the_unit_is_late_by_the_hubs_time_only(station: Station) -> None:
    number = raised(station.hub).number
    commanded(station.hub, number, "assign", lead="roads", limit="P10D")
    station.sync()
    station.day(9)
    commanded(station.log, number, "reply", ROADS, text="已经修好", result="A")
    station.sync()
    assert not station.matter(number).late
    commanded(station.hub, number, "assign", lead="roads", limit="P10D")
    station.sync()
    station.day(20)
    commanded(station.log, number, "reply", ROADS, text="又修好了", result="A")
    station.sync()
    assert station.matter(number).late


def test_a_limit_that_a_wrong_clock_gave_is_counted_anew(station: Station) -> None:
    number = raised(station.log).number
    commanded(station.log, number, "assign", lead="roads", limit="P1M")
    heard = station.day(4)
    station.sync()
    matter = station.matter(number)
    assert matter.due_at == due_at(heard, "P1M") and matter.assigned_at == heard
    assert matter.return_by is not None and heard < matter.return_by <= heard + 10 * DAY_MS
    (step,) = [step for step in matter.steps if step.type == MatterEvent.ASSIGNED]
    assert step.data["return_by"] == matter.return_by


@pytest.mark.parametrize("answered_at", ["station", "hub"])
def test_a_question_stops_the_limit_as_long_as_on_any_other_day(
    station: Station, answered_at: str
) -> None:
    number = raised(station.hub).number
    commanded(station.hub, number, "assign", lead="roads", limit="P30D")
    before = matter_of(station.hub, number).due_at
    station.sync()
    asked = station.day(2)
    commanded(station.log, number, "ask", LIAISON, text="是哪一座桥？")
    station.sync()
    matter = station.matter(number)
    assert before is not None
    assert matter.paused_at == asked and matter.due_before == before
    assert matter.pause_until == due_at(asked, RULES.answer_within)
    assert matter.due_at == before + 15 * DAY_MS
    station.day(5)
    message(station.log if answered_at == "station" else station.hub, number, "村口那座")
    station.sync()
    matter = station.matter(number)
    assert not matter.paused and matter.due_at == before + 3 * DAY_MS
    assert matter.paused_days == 3


def test_a_second_question_of_a_wrong_clock_goes_on_with_the_first(station: Station) -> None:
    number = raised(station.hub).number
    commanded(station.hub, number, "assign", lead="roads", limit="P30D")
    before = matter_of(station.hub, number).due_at
    commanded(station.hub, number, "ask", text="是哪一座桥？")
    station.sync()
    station.day(5)
    commanded(station.log, number, "ask", LIAISON, text="哪一头？")
    station.sync()
    matter = station.matter(number)
    assert before is not None and matter.paused_at == START_MS
    assert matter.due_at == before + 20 * DAY_MS


def test_a_press_is_answered_within_days_of_now(station: Station) -> None:
    number = raised(station.hub).number
    commanded(station.hub, number, "assign", lead="roads")
    station.sync()
    heard = station.day(1)
    commanded(station.log, number, "press", DEPUTY, text="请快些")
    station.sync()
    matter = station.matter(number)
    assert matter.press_due_at is not None
    # A clock that is weeks ahead gives weeks more: the day may have been chosen.
    assert heard < matter.press_due_at <= heard + 30 * DAY_MS


def test_a_day_that_somebody_chose_stays(tmp_path: Path) -> None:
    station = Station(tmp_path, -20 * DAY_MS)
    number = raised(station.hub).number
    commanded(station.hub, number, "assign", lead="roads")
    station.sync()
    day = station.day(1) + 3 * DAY_MS
    commanded(station.log, number, "press", DEPUTY, text="请快些", until="2026-09-25")
    station.sync()
    assert abs((station.matter(number).press_due_at or 0) - day) < DAY_MS
    station.stop()


def test_a_conflict_that_is_kept_counts_from_the_hubs_time(station: Station) -> None:
    number = raised(station.hub).number
    station.sync()
    commanded(station.hub, number, "adopt", title="桥")
    commanded(station.log, number, "answer", LIAISON, text="已经答复")
    heard = station.day(2)
    station.sync()
    (step,) = station.matter(number).contested
    event = uuid_text(step.event)
    commanded(station.hub, number, "resolve", event=event, keep="yes", reason="都要")
    station.sync()
    matter = station.matter(number)
    # Which of two at one rank gives way is by id, whatever the clocks.
    assert matter.replied_at == heard and not matter.contested
    assert matter.state == (State.REPLIED if step.type == MatterEvent.ANSWERED else State.ADOPTED)


def test_a_second_word_on_one_event_is_contested_and_can_only_be_dropped() -> None:
    history = History()
    history.add(MatterEvent.TIMED, timed(history.subject), by="system")
    before = fold(history.events)
    history.add(MatterEvent.TIMED, timed(history.subject, START_MS + 9 * DAY_MS), by="system")
    matter = fold(history.events)
    assert matter.received_at == before.received_at == START_MS + DAY_MS
    (second,) = matter.contested
    kept = History()
    kept.events = list(history.events)
    kept.add(MatterEvent.RESOLVED, {"event": second.event, "keep": "yes"})
    assert len(fold(kept.events).contested) == 2
    history.add(MatterEvent.RESOLVED, {"event": second.event, "keep": "no"})
    assert fold(history.events).contested == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"event": b"", "at": START_MS},
        {"event": b"x" * 16, "at": START_MS},
        {"event": "x", "at": START_MS},
        {"at": START_MS},
    ],
)
def test_a_word_on_nothing_changes_nothing(data: dict[str, Any]) -> None:
    history = History()
    before = fold(history.events)
    matter = fold(history.add(MatterEvent.TIMED, data, by="system").events)
    assert len(matter.contested) == 1 and matter.received_at == before.received_at


@pytest.mark.parametrize("at", [None, "now", 1.5, 10**18, -(10**18), True])
def test_a_time_of_a_wrong_shape_is_none(at: Any) -> None:
    history = History()
    before = fold(history.events)
    matter = fold(history.add(MatterEvent.TIMED, timed(history.subject, at), by="system").events)
    assert len(matter.contested) == 1 and matter.received_at == before.received_at
    assert matter.steps[0].received_at is None


def test_a_word_on_what_comes_after_it_or_on_another_word_says_nothing() -> None:
    history = History()
    history.add(MatterEvent.TIMED, timed(b"m" * 16), by="system", id=b"t" * 16)
    history.add(MatterEvent.MESSAGED, id=b"m" * 16)
    history.add(MatterEvent.TIMED, timed(b"t" * 16), by="system")
    matter = fold(history.events)
    assert [step.rank for step in matter.contested] == [1, 3]
    assert all(step.received_at is None for step in matter.steps)


def test_a_word_that_came_before_its_event_is_put_right() -> None:
    history = History()
    history.add(MatterEvent.TIMED, timed(history.subject), by="system")
    assert fold(history.events[1:]).number == ""
    assert fold(history.events).received_at == START_MS + DAY_MS


@settings(max_examples=count(15, 60), deadline=None)
@given(
    choices=st.lists(st.integers(0, 1000), min_size=1, max_size=8),
    wrong_by=st.sampled_from(WRONG_BY),
    which=st.lists(st.booleans(), min_size=1, max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_in_any_order_of_arrival_the_same_is_folded(
    choices: list[int], wrong_by: int, which: list[bool], order: random.Random
) -> None:
    with tempfile.TemporaryDirectory() as home:
        station = Station(Path(home), wrong_by)
        number = raised(station.log, publish="yes").number
        for days, (choice, here, synced) in enumerate(
            zip(choices, itertools.cycle(which), itertools.cycle(which[::-1]), strict=False)
        ):
            station.day(days)
            if synced or days == 0:
                station.sync()
            log, clock = (station.log, station.clock) if here else (station.hub, station.hub_clock)
            go_on(log, number, choice, clock.now_ms)
        station.sync()
        station.sync()
        expected = station.hub.verify()
        assert expected.ok and expected.state_hash == station.log.verify().state_hash
        with station.hub.reading() as connection:
            arrivals = departing(connection)
        matter = station.matter(number)
        # Whatever was counted from a wrong clock, nothing counts from ten years away.
        for moment in (matter.received_at, matter.replied_at, matter.closed_at, matter.rated_at):
            assert moment is None or START_MS <= moment <= START_MS + 10 * DAY_MS
        order.shuffle(arrivals)
        elsewhere = open_county(Path(home) / "elsewhere")
        for arrival in arrivals:
            elsewhere.write(lambda t, one=arrival: arrive(t.connection, [one], PROJECTIONS))  # type: ignore[misc]
        found = elsewhere.verify()
        assert found.ok and found.state_hash == expected.state_hash
        elsewhere.stop()
        station.stop()


@given(
    events=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    MatterEvent.TIMED,
                    MatterEvent.ASKED,
                    MatterEvent.MESSAGED,
                    MatterEvent.ASSIGNED,
                    MatterEvent.PRESSED,
                    MatterEvent.ANSWERED,
                ]
            ),
            st.integers(0, 6),
            st.integers(-1, 5),
            st.sampled_from([START_MS, 0, START_MS + YEARS_MS, -(6 * 10**13), 2 * 10**14, 10**18]),
        ),
        max_size=8,
    ),
    order=st.randoms(use_true_random=False),
)
def test_whatever_stands_in_the_events_they_fold(
    events: list[tuple[MatterEvent, int, int, int]], order: random.Random
) -> None:
    history = History()
    for number, (kind, rank, of, at) in enumerate(events):
        named = history.events[of % len(history.events)].id if of >= 0 else b"?"
        data = timed(named, at) if kind is MatterEvent.TIMED else {"until": at, "lead": "roads"}
        history.add(kind, data, rank=rank, at=START_MS + number if rank else at)
    expected = encode_state(fold(in_order(history.events)))
    shuffled = list(history.events)
    order.shuffle(shuffled)
    assert encode_state(fold(in_order(shuffled))) == expected
