"""How long a station waits before it asks again: never in step, and as long as the hub says."""

import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from sync.rounds.courier import LONGEST_PAUSE_S, WAKE_AFTER_S, Courier, Delivery, Rounds
from tests.hub import until


class Deliveries:
    """Stands in for the courier: deliveries that come to what the test says, and are counted."""

    def __init__(self, *outcomes: Delivery) -> None:
        self.outcomes = list(outcomes)
        self.count = 0
        self.went = threading.Event()

    def deliver(self) -> Delivery:
        """Return the next outcome; the last again and again."""
        self.count += 1
        self.went.set()
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


def rounds_after(*outcomes: Delivery, every_s: float = 60.0) -> Iterator[Rounds]:
    """Yield rounds after each of the outcomes, one after the other."""
    rounds = Rounds(cast(Courier, Deliveries(*outcomes)), every_s=every_s)
    for outcome in outcomes:
        rounds._note(outcome)
        yield rounds


def test_a_hub_that_is_busy_is_asked_when_it_said_and_not_by_all_at_once() -> None:
    busy = Delivery(failure="unreachable", retry_after_s=37.0)
    (rounds,) = rounds_after(busy)
    pauses = {rounds._pause_s() for _ in range(100)}
    assert min(pauses) >= 37.0 and max(pauses) <= 47.0 and len(pauses) == 100


def test_a_line_that_stays_down_is_tried_less_often_and_never_given_up() -> None:
    down = Delivery(failure="unreachable")
    longest = []
    for rounds in rounds_after(*[down] * 40):
        pauses = [rounds._pause_s() for _ in range(50)]
        assert len(set(pauses)) == 50 and max(pauses) <= 1.5 * LONGEST_PAUSE_S
        longest.append(max(pauses))
    assert longest[0] < 4.0 < 100.0 < longest[-1]


def test_a_station_that_asks_seldom_does_not_ask_more_often_because_it_failed() -> None:
    (rounds,) = rounds_after(Delivery(ok=True), every_s=600.0)
    pauses = {rounds._pause_s() for _ in range(100)}
    assert min(pauses) >= 480.0 and max(pauses) <= 720.0 and len(pauses) == 100


def test_a_station_that_belongs_to_no_hub_looks_for_one_as_often_as_ever() -> None:
    *_, last = rounds_after(*[Delivery(failure="not-joined", retryable=False)] * 30)
    assert max(last._pause_s() for _ in range(100)) <= 72.0


def test_a_round_that_writes_is_no_reason_for_another() -> None:
    courier = Deliveries(Delivery(ok=True))
    waiting = threading.Event()
    rounds = Rounds(cast(Courier, courier), every_s=60.0, waits=waiting.is_set)
    deliver = courier.deliver

    def deliver_and_write() -> Delivery:
        rounds.wake()
        return deliver()

    courier.deliver = deliver_and_write  # type: ignore[method-assign]  # As a round notes it.
    rounds.start()
    try:
        until(lambda: courier.count)
        time.sleep(4 * WAKE_AFTER_S)
        assert courier.count == 1
        waiting.set()
        rounds.wake()
        until(lambda: courier.count > 1)
    finally:
        waiting.clear()
        rounds.stop()


@pytest.mark.parametrize("how", ["wake", "now"])
def test_what_was_written_is_carried_at_once_unless_the_line_is_down(how: str) -> None:
    failing = how == "now"
    courier = Deliveries(Delivery(ok=not failing, failure="unreachable" if failing else ""))
    rounds = Rounds(cast(Courier, courier), every_s=0.5)
    rounds.start()
    try:
        until(lambda: courier.count)
        slow: Any = getattr(rounds, how)
        before = courier.count
        slow()
        until(lambda: courier.count > before)
    finally:
        rounds.stop()
