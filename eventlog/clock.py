"""The time as a node knows it. Time is the hub's (DESIGN decision 14; docs/decisions/0018).

A hub's system clock is the time. A station's may be dead: it stands in 1970 after each start, or
was set by hand to anything. So a station asks the hub, goes on from its answer by a clock that
only counts, and keeps in a small file what it needs to judge the system clock at the next start.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from eventlog.files import write_atomically

FILE_NAME = "clock.json"
KEEP_EVERY_MS = 60_000
# By so much two clocks may differ before one of them is called wrong.
TOLERANCE_MS = 5 * 60_000
# 2026-01-01, UTC: this program was not there before, so no earlier time is the true one.
EARLIEST_MS = 1_767_225_600_000
LATEST_MS = 253_402_300_799_000
# A node that was off for longer has to hear the hub before it believes its system clock.
OFF_MOST_MS = 400 * 86_400_000
# By so much a sound clock may be set back while the machine is off: it shows whole seconds.
SLACK_MS = 10_000
# How far an unheated crystal runs wrong: 0.1 ms a second.
DRIFT = 1e-4


def system_clock_ms() -> int:
    """Return the time by this machine's clock: milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def counting_clock_ms() -> int:
    """Return milliseconds since this machine was started, the time asleep included.

    `time.monotonic` stands still while a laptop's lid is closed.
    """
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def is_off(sender_now_ms: int, hub_now_ms: int) -> bool:
    """Return whether a sender's idea of now is so far from the hub's that its clock is wrong."""
    return abs(sender_now_ms - hub_now_ms) > TOLERANCE_MS


class ClockStatus(NamedTuple):
    """How a station's clock is.

    - `trusted`: whether the time is known.
    - `skew_ms`: how far the system clock is ahead of the hub's time (behind: negative), or was
      when that was last known; None where the hub was never heard, and the system clock is all
      there is.
    - `heard_at_ms`: when the hub was heard last, by its time; None for never.
    """

    trusted: bool
    skew_ms: int | None
    heard_at_ms: int | None

    @property
    def is_off(self) -> bool:
        """Whether the system clock was wrong by more than five minutes."""
        return self.skew_ms is not None and is_off(self.skew_ms, 0)


class _Kept(msgspec.Struct, kw_only=True):
    """The file.

    `last_ms` is the time that the clock had reached, `known` whether it ever was a time known;
    `system_ms` is what the system clock showed then.
    `doubted`: a file could not be read, and the hub was not heard since.
    """

    last_ms: Annotated[int, msgspec.Meta(ge=EARLIEST_MS, le=LATEST_MS)] = EARLIEST_MS
    system_ms: int = 0
    skew_ms: int | None = None
    heard_at_ms: int | None = None
    known: bool = False
    doubted: bool = False


class NodeClock:
    """A station's clock. Any thread may ask it.

    It never goes back, but for the hub's own word that it was wrong by more than five minutes:
    else a node whose clock stood ten years ahead would stand still for ten years. Between two
    words of the hub the system clock may be set to anything; only the next start looks at it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        system_ms: Callable[[], int] = system_clock_ms,
        monotonic_ms: Callable[[], int] = counting_clock_ms,
    ) -> None:
        """Read the file and judge the system clock by it. Writes nothing."""
        self._path = folder / FILE_NAME
        self._system_ms = system_ms
        self.monotonic_ms = monotonic_ms
        self._lock = threading.Lock()
        self._keeping = threading.Lock()
        self._kept_at: int | None = None
        # By how much the hub's word may be wrong; nothing was heard in this process yet.
        self._error_ms: float | None = None
        self._heard_on = 0
        kept = _read(self._path)
        self._skew_ms, self._heard_at_ms = kept.skew_ms, kept.heard_at_ms
        self._doubted = kept.doubted
        system = system_ms()
        now = system - (kept.skew_ms or 0)
        # A little behind is what a small correction left.
        earliest = max(kept.last_ms - TOLERANCE_MS, EARLIEST_MS)
        # A new node has no time that it could be too long after.
        latest = kept.last_ms + OFF_MOST_MS if kept.known else LATEST_MS
        # A dead clock begins at the same moment each time, so what the hub said of the last time
        # says nothing of this one.
        went_on = system >= kept.system_ms - SLACK_MS
        self._trusted = not kept.doubted and went_on and earliest <= now <= latest
        self._known = kept.known or self._trusted
        # The time is `_base_ms` when the counting clock shows `_based_on`.
        self._base_ms = now if self._trusted else kept.last_ms
        self._based_on = monotonic_ms()
        self._last_ms = max(self._base_ms, kept.last_ms)

    def now_ms(self) -> int:
        """Return the best time known: milliseconds since 1970, UTC."""
        with self._lock:
            return self._now(self.monotonic_ms())

    @property
    def trusted(self) -> bool:
        """Whether the time is known. Ask before `now_ms`, not after: it may come between."""
        with self._lock:
            return self._trusted

    @property
    def status(self) -> ClockStatus:
        """How the clock is, for the console and `huiyin doctor`."""
        with self._lock:
            skew_ms = self._skew(self.monotonic_ms())
            return ClockStatus(self._trusted, skew_ms, self._heard_at_ms)

    def time_unknown(self) -> bool:
        """Return whether the time is not known: what `Log` asks for each event."""
        return not self.trusted

    def correct(self, hub_ms: int, asked_at_ms: int, answered_at_ms: int) -> int:
        """Take the hub's signed time and return by how many ms the clock was moved.

        The other two are `monotonic_ms` before the question and after the answer. The hub read
        its clock somewhere between, so half of that is added, and it may be wrong by as much. A
        worse answer than one heard before changes nothing as long as the two agree. One that was
        more than ten minutes under way, as on a stick, or that was asked for before the machine
        was started, is a floor and no more.
        """
        error = (answered_at_ms - asked_at_ms) / 2
        if not 0 <= error <= TOLERANCE_MS:
            return self.is_at_least(hub_ms)
        with self._lock:
            monotonic = self.monotonic_ms()
            before = self._now(monotonic)
            heard = hub_ms + round(error) + max(0, monotonic - answered_at_ms)
            worse = self._trusted and error > self._expected_error(monotonic)
            self._heard_at_ms = heard
            if worse and abs(before - heard) <= error:
                return 0
            self._skew_ms = self._system_ms() - heard
            self._base_ms, self._based_on = heard, monotonic
            self._error_ms, self._heard_on = error, monotonic
            self._trusted, self._known, self._doubted = True, True, False
            if is_off(before, heard):
                self._last_ms = heard
            return heard - before

    def is_at_least(self, hub_ms: int) -> int:
        """Take the hub's time of a bundle, which is past; return by how many ms the clock moved.

        A clock that is behind it goes on from there, and where it is far behind, the time is
        unknown until the hub is heard.
        """
        with self._lock:
            monotonic = self.monotonic_ms()
            now = self._now(monotonic)
            if now >= hub_ms:
                return 0
            if is_off(now, hub_ms):
                self._trusted = False
            self._base_ms, self._based_on = hub_ms, monotonic
            return hub_ms - now

    def keep(self, *, at_once: bool = False) -> None:
        """Write the file where a minute has passed, or `at_once` when the node stops."""
        with self._keeping:
            monotonic = self.monotonic_ms()
            recent = self._kept_at is not None and monotonic - self._kept_at < KEEP_EVERY_MS
            if recent and not at_once:
                return
            with self._lock:
                kept = _Kept(
                    last_ms=self._now(monotonic),
                    system_ms=self._system_ms(),
                    skew_ms=self._skew(monotonic),
                    heard_at_ms=self._heard_at_ms,
                    known=self._known,
                    doubted=self._doubted,
                )
            self._kept_at = monotonic
            write_atomically(self._path, msgspec.json.encode(kept))

    def _now(self, monotonic: int) -> int:
        self._last_ms = max(self._last_ms, self._base_ms + max(0, monotonic - self._based_on))
        return self._last_ms

    def _skew(self, monotonic: int) -> int | None:
        """Return how far the system clock is off: as of now where that is known."""
        if self._trusted and self._skew_ms is not None:
            return self._system_ms() - self._base_ms - (monotonic - self._based_on)
        return self._skew_ms

    def _expected_error(self, monotonic: int) -> float:
        """Return by how much the clock may be wrong by now, without end where nothing was heard."""
        if self._error_ms is None:
            return float("inf")
        return self._error_ms + (monotonic - self._heard_on) * DRIFT


def _read(path: Path) -> _Kept:
    """Return what was kept. A file that can't be read hides whether the clock was ever right."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return _Kept()
    except msgspec.DecodeError:
        return _Kept(doubted=True)
