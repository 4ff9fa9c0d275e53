"""A station's clock: dead batteries, clocks that jump, and what the hub says (DESIGN 14)."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from eventlog.clock import (
    EARLIEST_MS,
    FILE_NAME,
    KEEP_EVERY_MS,
    NodeClock,
    counting_clock_ms,
    is_off,
    system_clock_ms,
)
from eventlog.events import Event
from tests.eventlog.notes import START_MS, add, line, open_notes

MINUTE_MS, DAY_MS = 60_000, 86_400_000
YEARS_MS = 3652 * DAY_MS


class Machine:
    """A station's laptop: the true time, how wrong its system clock is, and since when it runs."""

    def __init__(self, folder: Path, skew_ms: int = 0) -> None:
        self.folder = folder
        self.true_ms = START_MS
        self.skew_ms = skew_ms
        self._started_ms = START_MS - 5 * MINUTE_MS

    @property
    def system_ms(self) -> int:
        """What the system clock shows."""
        return self.true_ms + self.skew_ms

    @property
    def counting_ms(self) -> int:
        """What the counting clock shows: it knows nothing of the time of day."""
        return self.true_ms - self._started_ms

    def clock(self) -> NodeClock:
        """Start the node."""
        return NodeClock(
            self.folder,
            system_ms=lambda: self.system_ms,
            monotonic_ms=lambda: self.counting_ms,
        )

    def goes_on(self, ms: int) -> "Machine":
        """Let time pass."""
        self.true_ms += ms
        return self

    def is_off_for(self, ms: int, battery: bool = True, starts_at: int = 0) -> "Machine":
        """Be without power for a while; with a dead battery the clock then starts anywhere."""
        self.true_ms += ms
        self._started_ms = self.true_ms
        if not battery:
            self.skew_ms = starts_at - self.true_ms
        return self

    def hears(self, clock: NodeClock, round_trip_ms: int = 40) -> int:
        """Let the node hear the hub, and return by how much its clock was moved."""
        asked = self.counting_ms
        self.true_ms += round_trip_ms // 2
        hub_ms = self.true_ms
        self.true_ms += round_trip_ms - round_trip_ms // 2
        return clock.correct(hub_ms, asked, self.counting_ms)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_node_that_never_heard_the_hub_goes_by_its_system_clock(machine: Machine) -> None:
    clock = machine.clock()
    assert clock.trusted and clock.now_ms() == machine.true_ms
    assert not clock.status.is_off and clock.status == (True, None, None)
    machine.goes_on(DAY_MS)
    assert clock.now_ms() == machine.true_ms
    # Nothing is written but where it is asked to.
    assert list(machine.folder.iterdir()) == []


@pytest.mark.parametrize("skew_ms", [YEARS_MS, -YEARS_MS, 3 * MINUTE_MS, -3 * MINUTE_MS])
def test_the_hub_puts_a_clock_right_and_restarts_keep_it_so(machine: Machine, skew_ms: int) -> None:
    machine.skew_ms = skew_ms
    clock = machine.clock()
    # Ten years behind, it was before this program was made; ten years ahead, it can't be known.
    assert clock.trusted == (skew_ms > -YEARS_MS)
    machine.goes_on(MINUTE_MS).hears(clock)
    assert clock.trusted and clock.status.skew_ms == skew_ms
    assert clock.status.heard_at_ms == machine.true_ms
    assert clock.status.is_off == (abs(skew_ms) == YEARS_MS)
    machine.goes_on(4 * MINUTE_MS)
    assert clock.now_ms() == machine.true_ms
    for _ in range(3):
        clock.keep(at_once=True)
        machine.is_off_for(20 * DAY_MS)
        clock = machine.clock()
        assert clock.trusted and clock.now_ms() == machine.true_ms
        assert clock.status.skew_ms == skew_ms


def test_a_small_correction_never_takes_the_time_back(machine: Machine) -> None:
    machine.skew_ms = 2 * MINUTE_MS
    clock = machine.clock()
    before = clock.now_ms()
    assert machine.hears(clock, 0) == -2 * MINUTE_MS
    assert clock.now_ms() == before
    machine.goes_on(MINUTE_MS)
    assert clock.now_ms() == before
    # A restart makes no difference, and no doubt.
    clock.keep(at_once=True)
    clock = machine.clock()
    assert clock.trusted and clock.now_ms() == before
    machine.goes_on(MINUTE_MS)
    assert clock.now_ms() == machine.true_ms


def test_a_system_clock_that_jumps_in_between_changes_nothing(machine: Machine) -> None:
    clock = machine.clock()
    times = []
    for skew_ms in (0, -YEARS_MS, YEARS_MS, -START_MS, 0):
        machine.skew_ms = skew_ms
        times.append(clock.now_ms())
        machine.goes_on(10)
    assert times == [START_MS + 10 * n for n in range(5)]


def test_who_sets_the_system_clock_while_the_node_runs_is_believed_after_it(
    machine: Machine,
) -> None:
    machine.skew_ms = -YEARS_MS
    clock = machine.clock()
    machine.hears(clock)
    machine.skew_ms = 0
    assert clock.status.skew_ms == 0 and not clock.status.is_off
    clock.keep(at_once=True)
    clock = machine.is_off_for(DAY_MS).clock()
    assert clock.trusted and clock.now_ms() == machine.true_ms


def test_events_of_a_batch_keep_their_order_though_the_clock_jumps_back(
    machine: Machine,
) -> None:
    clock = machine.clock()
    log = open_notes(machine.folder, now_ms=clock.now_ms, time_unknown=clock.time_unknown)
    written: list[Event] = []
    for skew_ms in (0, -YEARS_MS, -START_MS):
        machine.skew_ms = skew_ms
        written += log.write(lambda t: add(t, line(1), line(1))).result
        machine.goes_on(1)
    assert [event.rank for event in written] == [0, 1, 2, 3, 4, 5]
    assert [event.at - START_MS for event in written] == [0, 0, 1, 1, 2, 2]
    assert not any(event.data for event in written)
    log.stop()


def test_a_node_that_boots_in_1970_goes_on_from_the_time_that_it_knew(machine: Machine) -> None:
    clock = machine.clock()
    machine.hears(clock)
    clock.keep(at_once=True)
    for _ in range(3):
        known = clock.now_ms()
        machine.is_off_for(30 * DAY_MS, battery=False).goes_on(MINUTE_MS)
        clock = machine.clock()
        assert not clock.trusted and clock.now_ms() == known
        machine.goes_on(MINUTE_MS)
        assert clock.now_ms() == known + MINUTE_MS
        clock.keep(at_once=True)
    assert machine.hears(clock) > 80 * DAY_MS
    assert clock.trusted and clock.now_ms() == machine.true_ms
    # The battery stays dead, and the offset of today says nothing tomorrow.
    clock.keep(at_once=True)
    machine.is_off_for(DAY_MS, battery=False)
    assert not machine.clock().trusted


def test_a_new_node_that_boots_in_1970_waits_for_the_hub(machine: Machine) -> None:
    machine.is_off_for(0, battery=False)
    clock = machine.clock()
    assert not clock.trusted and clock.now_ms() == EARLIEST_MS
    clock.keep(at_once=True)
    # Somebody sets the clock by hand, and starts the node again.
    machine.skew_ms = 0
    again = machine.clock()
    assert again.trusted and again.now_ms() == machine.true_ms
    machine.hears(clock)
    assert clock.trusted and clock.now_ms() == machine.true_ms


@pytest.mark.parametrize(("days", "trusted"), [(399, True), (402, False), (3652, False)])
def test_a_clock_that_stands_far_ahead_is_not_believed(
    machine: Machine, days: int, trusted: bool
) -> None:
    clock = machine.clock()
    clock.keep(at_once=True)
    machine.skew_ms = days * DAY_MS
    assert machine.is_off_for(0).clock().trusted is trusted


@pytest.mark.parametrize(
    "left", [b"", b"{", b"\xff\x00", b'{"last_ms":"now"}', b'{"last_ms":5}', b'{"last_ms":1e300}']
)
def test_a_file_that_can_not_be_read_is_a_new_start(machine: Machine, left: bytes) -> None:
    (machine.folder / FILE_NAME).write_bytes(left)
    clock = machine.clock()
    # It may have said that this clock is years off: only the hub knows.
    assert not clock.trusted and clock.status == (False, None, None)
    clock.keep(at_once=True)
    clock = machine.is_off_for(MINUTE_MS).clock()
    assert not clock.trusted
    machine.hears(clock)
    clock.keep(at_once=True)
    assert machine.is_off_for(MINUTE_MS).clock().trusted


def test_a_slow_answer_is_worth_less_than_a_quick_one(machine: Machine) -> None:
    clock = machine.clock()
    assert machine.hears(clock, 100) == 0
    asked = machine.counting_ms
    machine.goes_on(10 * MINUTE_MS)
    # The answer lay somewhere for nearly ten minutes: half of it would be four minutes wrong.
    hub_ms = machine.true_ms - 10 * MINUTE_MS + 50
    assert clock.correct(hub_ms, asked, machine.counting_ms) == 0
    assert clock.now_ms() == machine.true_ms
    # One that no delay explains is believed.
    assert clock.correct(hub_ms + DAY_MS, asked, machine.counting_ms) > DAY_MS // 2


def test_a_slow_answer_is_better_than_none(machine: Machine) -> None:
    machine.is_off_for(0, battery=False)
    clock = machine.clock()
    machine.hears(clock, 10 * MINUTE_MS)
    assert clock.trusted and abs(clock.now_ms() - machine.true_ms) <= 5 * MINUTE_MS
    machine.hears(clock, 100)
    assert clock.now_ms() == machine.true_ms


def test_the_time_of_a_bundle_is_only_a_floor(machine: Machine) -> None:
    machine.is_off_for(0, battery=False)
    clock = machine.clock()
    clock.is_at_least(machine.true_ms - DAY_MS)
    assert clock.now_ms() == machine.true_ms - DAY_MS and not clock.trusted
    clock.is_at_least(machine.true_ms - 9 * DAY_MS)
    assert clock.now_ms() == machine.true_ms - DAY_MS
    # Who is a little behind goes along; who is far behind does not know the time.
    machine.hears(clock)
    clock.is_at_least(machine.true_ms + MINUTE_MS)
    assert clock.trusted and clock.now_ms() == machine.true_ms + MINUTE_MS
    clock.is_at_least(machine.true_ms + DAY_MS)
    assert not clock.trusted and clock.now_ms() == machine.true_ms + DAY_MS


@pytest.mark.parametrize("took_ms", [11 * MINUTE_MS, 9 * DAY_MS, -1, -DAY_MS])
def test_an_answer_that_was_long_under_way_is_only_a_floor(machine: Machine, took_ms: int) -> None:
    machine.is_off_for(0, battery=False)
    clock = machine.clock()
    hub_ms = machine.true_ms - DAY_MS
    assert clock.correct(hub_ms, machine.counting_ms - took_ms, machine.counting_ms) > 0
    assert clock.now_ms() == hub_ms and clock.status == (False, None, None)
    machine.hears(clock)
    assert clock.correct(hub_ms, machine.counting_ms - took_ms, machine.counting_ms) == 0
    assert clock.trusted and clock.now_ms() == machine.true_ms


def test_the_file_is_written_once_a_minute_and_at_the_end(machine: Machine) -> None:
    clock = machine.clock()
    path = machine.folder / FILE_NAME

    def writes(*, at_once: bool = False) -> bool:
        path.unlink(missing_ok=True)
        clock.keep(at_once=at_once)
        return path.exists()

    assert writes() and not writes() and writes(at_once=True)
    machine.goes_on(KEEP_EVERY_MS - 1)
    assert not writes()
    machine.goes_on(1)
    assert writes()


def test_an_event_of_an_unknown_time_says_so(machine: Machine) -> None:
    machine.is_off_for(0, battery=False)
    clock = machine.clock()
    log = open_notes(machine.folder, now_ms=clock.now_ms, time_unknown=clock.time_unknown)
    (doubted,) = log.write(lambda t: add(t, line(1))).result
    machine.hears(clock)
    (known,) = log.write(lambda t: add(t, line(1))).result
    assert doubted.data == {"clock": "unknown"} and known.data == {}
    assert known.at == machine.true_ms and known.rank == doubted.rank + 1
    assert log.verify().ok
    log.stop()


def test_many_threads_see_a_time_that_never_goes_back(machine: Machine) -> None:
    clock = machine.clock()
    wrong: list[tuple[int, int]] = []

    def ask(meanwhile: Callable[[], object]) -> None:
        before = 0
        for _ in range(500):
            meanwhile()
            now = clock.now_ms()
            if now < before:
                wrong.append((before, now))
            before = now

    acts: list[Callable[[], object]] = [
        lambda: machine.goes_on(1),
        lambda: machine.hears(clock, 2),
        lambda: clock.is_at_least(START_MS + 50),
        lambda: clock.keep(),
    ]
    threads = [threading.Thread(target=ask, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_five_minutes_apart_are_wrong() -> None:
    assert not is_off(START_MS, START_MS) and not is_off(START_MS + 5 * MINUTE_MS, START_MS)
    assert is_off(START_MS + 5 * MINUTE_MS + 1, START_MS) and is_off(0, START_MS)


def test_the_clocks_of_this_machine_count_in_milliseconds(tmp_path: Path) -> None:
    clock = NodeClock(tmp_path)
    assert abs(clock.now_ms() - system_clock_ms()) < MINUTE_MS
    assert 0 < counting_clock_ms() <= counting_clock_ms()
