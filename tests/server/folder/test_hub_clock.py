"""A hub doubts a system clock that is hours off what it knows, goes on without it, and heals."""

import ctypes
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eventlog.clock import EARLIEST_MS, FILE_NAME
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.keys import make_keys
from matters.terms import RecordEvent
from server.data_folder import open_log
from server.folder import hub_clock
from server.folder.hub_clock import AHEAD_MOST_MS, KEPT_LOOKS, HubClock, Span
from server.folder.kernel_time import is_kept

START_MS = 1_790_000_000_000
MINUTE_MS, DAY_MS = 60_000, 86_400_000
LOOK_MS = round(hub_clock.LOOK_EVERY_S * 1000)
DAYS_400, YEARS_10 = 400 * DAY_MS, 3652 * DAY_MS


class Server:
    """A server's machine: the true time, how wrong its clock is, whether something keeps it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.true_ms = START_MS
        self.skew_ms = 0
        # What the counting clock has jumped along, as under a debugger or on another machine.
        self.jumped_ms = 0
        self.kept = False

    def clock(self) -> HubClock:
        """Start the hub."""
        return HubClock(
            self.folder,
            system_ms=lambda: self.true_ms + self.skew_ms,
            counting_ms=lambda: self.true_ms - START_MS + self.jumped_ms,
            is_kept=lambda: self.kept,
        )

    def runs(self, clock: HubClock, looks: int) -> None:
        """Let time pass while the hub looks at its clock."""
        for _ in range(looks):
            self.true_ms += LOOK_MS
            clock.look()

    def was_off(self, clock: HubClock, ms: int) -> HubClock:
        """Stop the hub, and start it after a while."""
        clock.keep(at_once=True)
        self.true_ms += ms
        return self.clock()

    def wrote(self, *at_ms: int) -> None:
        """Write an event at each of these moments, in this order."""
        for at in at_ms:
            log = open_log(self.folder, self.keys, now_ms=lambda at=at: at)  # type: ignore[misc]  # int
            draft = Draft(RecordEvent.CONTACT_READ, new_uuid7(at), {"matter": bytes(16)})
            log.write(lambda t, draft=draft: t.append([draft], by="office"))  # type: ignore[misc]  # Draft
            log.stop()

    keys = make_keys()


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_sound_clock_is_the_time(server: Server) -> None:
    clock = server.clock()
    for _ in range(10):
        server.runs(clock, 100)
        assert clock.now_ms() == server.true_ms and clock.trusted
    # Off for less than six hours, over night with a time source, and with a corrected minute.
    clock = server.was_off(clock, AHEAD_MOST_MS - MINUTE_MS)
    assert clock.trusted and clock.now_ms() == server.true_ms
    server.skew_ms = -2 * MINUTE_MS
    assert clock.now_ms() == server.true_ms - 2 * MINUTE_MS and clock.trusted


@pytest.mark.parametrize("off_ms", [DAYS_400, -YEARS_10, YEARS_10, -10 * MINUTE_MS, DAY_MS])
@pytest.mark.parametrize("jumps_along", [False, True])
def test_a_clock_that_jumps_at_run_is_doubted_and_the_time_goes_on(
    server: Server, off_ms: int, jumps_along: bool
) -> None:
    clock = server.clock()
    server.runs(clock, 3)
    server.skew_ms, server.jumped_ms = off_ms, off_ms if jumps_along else 0
    # Seen at once by who asks, not at the next look only.
    assert abs(clock.now_ms() - server.true_ms) <= MINUTE_MS
    doubt = clock.doubt
    assert doubt is not None and abs(doubt.ahead_ms - off_ms) <= MINUTE_MS
    server.runs(clock, 500)
    assert abs(clock.now_ms() - server.true_ms) <= 2 * MINUTE_MS and clock.doubts()
    # A restart in between changes nothing of it, also with events written meanwhile.
    clock = server.was_off(clock, MINUTE_MS)
    assert clock.doubts() and abs(clock.now_ms() - server.true_ms) <= 4 * MINUTE_MS
    told: list[str] = []
    clock.settled.append(lambda: told.append("settled"))
    server.runs(clock, 1)
    assert told == []
    server.skew_ms = 0
    # Whoever asks next has it told, and a look once more does not.
    assert clock.now_ms() == server.true_ms and told == ["settled"]
    server.runs(clock, 1)
    assert clock.trusted and told == ["settled"]
    assert clock.moved == []


@pytest.mark.parametrize("off_ms", [DAYS_400, -YEARS_10, AHEAD_MOST_MS + MINUTE_MS])
def test_a_clock_that_is_wrong_at_start_is_doubted(server: Server, off_ms: int) -> None:
    clock = server.was_off(server.clock(), MINUTE_MS)
    server.skew_ms = off_ms
    clock = server.was_off(clock, MINUTE_MS)
    assert clock.doubts() and abs(clock.now_ms() - server.true_ms) <= 2 * MINUTE_MS


def test_a_long_weekend_is_over_once_a_time_source_keeps_the_clock(server: Server) -> None:
    clock = server.was_off(server.clock(), 4 * DAY_MS)
    assert clock.doubts()
    server.runs(clock, KEPT_LOOKS)
    assert clock.doubts()
    server.kept = True
    server.runs(clock, KEPT_LOOKS - 1)
    assert clock.doubts()
    # Somebody sets the clock: the kernel takes its word back, and the looks are counted anew.
    server.kept = False
    server.runs(clock, 1)
    server.kept = True
    server.runs(clock, KEPT_LOOKS - 1)
    assert clock.doubts()
    server.runs(clock, 1)
    assert clock.trusted and clock.now_ms() == server.true_ms
    # What was written meanwhile was written four days later than it seemed.
    (span,) = clock.moved
    assert abs(span.moved_ms - 4 * DAY_MS) <= MINUTE_MS and span.since_ms < span.until_ms
    clock = server.was_off(clock, MINUTE_MS)
    assert clock.moved == [span]
    clock.put_right(span)
    assert server.was_off(clock, MINUTE_MS).moved == []


def test_the_kernel_is_not_believed_beyond_a_month(server: Server) -> None:
    clock = server.clock()
    server.skew_ms, server.kept = DAYS_400, True
    server.runs(clock, 20 * KEPT_LOOKS)
    clock.ask_kernel()
    assert clock.doubts()


def test_a_command_asks_the_kernel_once_and_writes_nothing(server: Server) -> None:
    clock = server.was_off(server.clock(), 4 * DAY_MS)
    kept = (server.folder / FILE_NAME).read_bytes()
    clock.ask_kernel()
    assert clock.doubts()
    server.kept = True
    clock.ask_kernel()
    assert clock.trusted and clock.now_ms() == server.true_ms
    assert (server.folder / FILE_NAME).read_bytes() == kept


def test_a_person_says_that_the_clock_is_right(server: Server) -> None:
    clock = server.was_off(server.clock(), DAYS_400)
    server.runs(clock, 3)
    told: list[str] = []
    clock.settled.append(lambda: told.append("settled"))
    clock.confirm("office-1")
    assert clock.trusted and clock.now_ms() == server.true_ms and told == ["settled"]
    assert clock.confirmed == ("office-1", server.true_ms)
    again = server.was_off(clock, MINUTE_MS)
    assert again.trusted and again.confirmed == clock.confirmed


def test_a_file_that_can_not_be_read_leaves_the_newest_event(server: Server) -> None:
    server.wrote(START_MS)
    for content in (None, b"", b"{", b'{"last_ms": "x"}'):
        (server.folder / FILE_NAME).unlink(missing_ok=True)
        if content is not None:
            (server.folder / FILE_NAME).write_bytes(content)
        server.skew_ms = DAY_MS
        assert server.clock().doubts()
        server.skew_ms = 3 * 3_600_000
        assert server.clock().trusted


def test_events_of_the_future_hold_nothing_once_the_clock_was_set_right(server: Server) -> None:
    # A hub of an older release: 400 days ahead for a while, set right, and then upgraded.
    server.wrote(START_MS - DAY_MS, START_MS + DAYS_400)
    assert server.clock().doubts()
    server.wrote(START_MS)
    clock = server.clock()
    assert clock.trusted and clock.now_ms() == START_MS


def test_a_new_hub_believes_its_clock_but_for_a_time_before_this_program(server: Server) -> None:
    assert server.clock().trusted
    server.skew_ms = EARLIEST_MS - START_MS - DAY_MS
    clock = server.clock()
    assert clock.doubts() and clock.now_ms() >= EARLIEST_MS
    server.skew_ms = 0
    clock.confirm("admin-1")
    assert clock.trusted


def test_the_file_is_kept_each_minute_and_when_a_doubt_begins(server: Server) -> None:
    clock, path = server.clock(), server.folder / FILE_NAME

    def last_ms() -> int:
        return int(json.loads(path.read_bytes())["last_ms"])

    server.runs(clock, 1)
    first_ms = last_ms()
    server.runs(clock, MINUTE_MS // LOOK_MS - 1)
    assert last_ms() == first_ms
    server.runs(clock, 1)
    assert last_ms() == server.true_ms
    server.skew_ms = DAYS_400
    server.runs(clock, 1)
    assert json.loads(path.read_bytes())["doubted_since_ms"] >= first_ms
    assert abs(last_ms() - server.true_ms) <= MINUTE_MS


def test_a_span_knows_which_events_it_means(server: Server) -> None:
    server.wrote(START_MS)
    clock = server.was_off(server.clock(), 3 * DAY_MS)
    server.wrote(clock.now_ms())
    server.runs(clock, 1)
    clock.confirm("office-1")
    (span,) = clock.moved
    assert (span.after_position, span.until_position) == (1, 2)
    assert span == Span(START_MS, START_MS + LOOK_MS, 3 * DAY_MS, 1, 2)


@pytest.mark.parametrize(
    ("state", "status", "kept"),
    [(0, 0x2001, True), (5, 0x40, False), (0, 0x40, False), (-1, 0, False)],
)
def test_the_kernel_says_whether_something_keeps_the_clock(
    monkeypatch: pytest.MonkeyPatch, state: int, status: int, kept: bool
) -> None:
    def adjtimex(timex: Any) -> int:
        assert timex._obj.modes == 0
        timex._obj.status = status
        return state

    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(adjtimex=adjtimex))
    assert is_kept() is kept
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    assert not is_kept()
