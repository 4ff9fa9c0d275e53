"""A hub's clock: the system clock, unless it is hours off the last moment that was sure (0025).

A clock that jumps by a year closes and escalates for good what is not due, and one that falls back
holds everything up. So a hub keeps the last moment that it is sure of. Where the system clock is
over five minutes before it, or over six hours after it, the hub doubts its clock: it goes on from
that moment by a clock that only counts, and leaves alone what time brings.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from acts.shanghai import iso
from eventlog.clock import (
    EARLIEST_MS,
    FILE_NAME,
    KEEP_EVERY_MS,
    TOLERANCE_MS,
    counting_clock_ms,
    system_clock_ms,
)
from eventlog.database import reading
from eventlog.events import decode
from eventlog.files import write_atomically
from eventlog.log import FILE_NAME as LOG_FILE
from eventlog.worker import Worker
from server.folder import kernel_time

# A hub that was off for a night's work goes on at once.
AHEAD_MOST_MS = 6 * 3_600_000
# So far off the word of the kernel is enough; beyond that a time source may be the one that is off.
KEPT_MOST_MS = 30 * 86_400_000
LOOK_EVERY_S = 5.0
# So many looks in a row the kernel has to say it: three minutes, for it says so of the time before,
# too, for as long as nobody has told it otherwise.
KEPT_LOOKS = 36
# The counting clock may jump along, as that of a machine that is moved. Between two questions it
# counts no more than this.
STEP_MOST_MS = 60_000

logger = logging.getLogger("huiyin.clock")


class Doubt(NamedTuple):
    """Why a clock is doubted: what it shows, and what time it should be; ms, UTC."""

    system_ms: int
    expected_ms: int

    @property
    def ahead_ms(self) -> int:
        """How far the clock is ahead of what is expected; behind: negative."""
        return self.system_ms - self.expected_ms


class Span(msgspec.Struct, frozen=True):
    """A time of doubt that is over: what the hub wrote then was written `moved_ms` later.

    These are its events after one arrival position and up to another, from `since_ms` to
    `until_ms` by the time that it went by.
    """

    since_ms: int
    until_ms: int
    moved_ms: int
    after_position: int
    until_position: int


class _Kept(msgspec.Struct, kw_only=True):
    """The file. `doubted_since_ms` is when a doubt began, by the time that the hub goes by.

    `doubted_after` is the arrival position that the log had reached then.
    """

    last_ms: int
    doubted_since_ms: int | None = None
    doubted_after: int = 0
    moved: list[Span] = []
    confirmed_by: str = ""
    confirmed_ms: int | None = None


class HubClock:
    """A hub's clock. Any thread may ask it. `start`, and `stop` when the node ends.

    A command asks one of its own, which is never started and writes nothing.
    """

    def __init__(
        self,
        folder: Path,
        *,
        system_ms: Callable[[], int] = system_clock_ms,
        counting_ms: Callable[[], int] = counting_clock_ms,
        is_kept: Callable[[], bool] = kernel_time.is_kept,
    ) -> None:
        """Judge the system clock by the file, or by the newest event where there is none."""
        self._path = folder / FILE_NAME
        self._database = folder / LOG_FILE
        self._system_ms = system_ms
        self._counting_ms = counting_ms
        self._is_kept = is_kept
        self._lock = threading.Lock()
        self._keeping = threading.Lock()
        self._kept_at: int | None = None
        self._kept_looks = 0
        self._doubted_at_look = False
        self._counted_ms = counting_ms()
        kept = _read(self._path)
        if kept is None:
            newest_ms = _newest_own_ms(self._database)
            kept = _Kept(last_ms=max(newest_ms or system_ms(), EARLIEST_MS))
        self._kept = kept
        # Called once the time is known again, by any thread: each is only to wake another.
        self.settled: list[Callable[[], None]] = []
        self._untold = False
        self._worker = Worker("clock", self._step)
        self.now_ms()

    def start(self) -> None:
        """Begin to look at the clock, and to keep the file."""
        self._worker.start()

    def stop(self) -> None:
        """End the looks, and write how far the time had come, unless the disk is full."""
        self._worker.stop()
        with suppress(OSError):
            self.keep(at_once=True)

    def now_ms(self) -> int:
        """Return the best time known: milliseconds since 1970, UTC."""
        with self._lock:
            now_ms = self._now(self._system_ms())
        self._tell()
        return now_ms

    @property
    def trusted(self) -> bool:
        """Whether the time is known: what time brings may be written and sent."""
        return self.doubt is None

    def doubts(self) -> bool:
        """Return whether the time is not known."""
        return self.doubt is not None

    @property
    def doubt(self) -> Doubt | None:
        """Why the clock is doubted now, None where it is not."""
        with self._lock:
            system_ms = self._system_ms()
            expected_ms = self._now(system_ms)
            doubted = self._kept.doubted_since_ms is not None
        self._tell()
        return Doubt(system_ms, expected_ms) if doubted else None

    @property
    def confirmed(self) -> tuple[str, int] | None:
        """Who said last that the clock is right, and when; None for nobody."""
        with self._lock:
            kept = self._kept
            return None if kept.confirmed_ms is None else (kept.confirmed_by, kept.confirmed_ms)

    @property
    def moved(self) -> list[Span]:
        """The times of doubt after which the time was another, not yet put right in the log."""
        with self._lock:
            return list(self._kept.moved)

    def put_right(self, span: Span) -> None:
        """Note that the log says of what was written in a span when it was written."""
        with self._lock:
            self._kept.moved = [each for each in self._kept.moved if each != span]
        self.keep(at_once=True)

    def confirm(self, by: str) -> None:
        """Take the system clock for right, because a person says so, and write down who did."""
        with self._lock:
            system_ms = self._system_ms()
            logger.warning("the clock is right, says %s: %s", by, iso(system_ms))
            self._kept.confirmed_by, self._kept.confirmed_ms = by, system_ms
            self._believe(system_ms)
        self.keep(at_once=True)
        self._tell()

    def look(self) -> None:
        """Look at the clock, ask the kernel about a doubted one, and keep the file."""
        doubt = self.doubt
        turned = (doubt is not None) != self._doubted_at_look
        self._doubted_at_look = doubt is not None
        if turned:
            if doubt is not None:
                shows, expected = iso(doubt.system_ms), iso(doubt.expected_ms)
                logger.warning("the clock shows %s, and %s is expected", shows, expected)
            # Commands beside the server read it.
            self.keep(at_once=True)
        if doubt is None:
            self._kept_looks = 0
        elif abs(doubt.ahead_ms) <= KEPT_MOST_MS and self._is_kept():
            self._kept_looks += 1
        else:
            self._kept_looks = 0
        if self._kept_looks >= KEPT_LOOKS:
            logger.info("a time source keeps the clock, so it is right")
            with self._lock:
                self._believe(self._system_ms())
            self.keep(at_once=True)
            self._tell()
        self.keep()

    def ask_kernel(self) -> None:
        """Believe a time source that keeps the clock now: a command can't wait and see."""
        doubt = self.doubt
        if doubt is not None and abs(doubt.ahead_ms) <= KEPT_MOST_MS and self._is_kept():
            with self._lock:
                self._believe(self._system_ms())

    def keep(self, *, at_once: bool = False) -> None:
        """Write the file where a minute has passed, or `at_once`."""
        with self._keeping:
            counted_ms = self._counting_ms()
            passed_ms = None if self._kept_at is None else abs(counted_ms - self._kept_at)
            if not at_once and passed_ms is not None and passed_ms < KEEP_EVERY_MS:
                return
            self._kept_at = counted_ms
            with self._lock:
                self._now(self._system_ms())
                encoded = msgspec.json.encode(self._kept)
            write_atomically(self._path, encoded)

    def _step(self) -> float:
        self.look()
        return LOOK_EVERY_S

    def _now(self, system_ms: int) -> int:
        """Return the time, and begin or end a doubt. Called with the lock held."""
        kept = self._kept
        counted_ms = self._counting_ms()
        passed_ms = min(max(0, counted_ms - self._counted_ms), STEP_MOST_MS)
        self._counted_ms = counted_ms
        doubted = kept.doubted_since_ms is not None
        if doubted:
            kept.last_ms += passed_ms
        if -TOLERANCE_MS <= system_ms - kept.last_ms <= AHEAD_MOST_MS:
            if doubted:
                self._believe(system_ms)
            kept.last_ms = max(kept.last_ms, system_ms)
            return system_ms
        if not doubted:
            kept.last_ms += passed_ms
            kept.doubted_since_ms = kept.last_ms
            kept.doubted_after = _newest_position(self._database)
        return kept.last_ms

    def _believe(self, system_ms: int) -> None:
        """End a doubt: the system clock is right. Called with the lock held."""
        kept = self._kept
        if kept.doubted_since_ms is not None:
            moved_ms = system_ms - kept.last_ms
            if abs(moved_ms) > TOLERANCE_MS:
                kept.moved.append(
                    Span(
                        kept.doubted_since_ms,
                        kept.last_ms,
                        moved_ms,
                        kept.doubted_after,
                        _newest_position(self._database),
                    )
                )
        kept.doubted_since_ms = None
        kept.last_ms = system_ms
        self._kept_looks = 0
        self._untold = True

    def _tell(self) -> None:
        """Tell at once, by whoever asked, that the time is known again. Without the lock."""
        if self._untold:
            self._untold = False
            for tell in self.settled:
                tell()


def _read(path: Path) -> _Kept | None:
    """Return what was kept; None for the first start, after a restore, or of a damaged file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _newest_own_ms(database: Path) -> int | None:
    """Return when this hub wrote last, by its log; None where it never did.

    The newest event, not the latest: what was written while the clock was ahead says nothing once
    it was set right.
    """
    if not database.exists():
        return None
    with suppress(sqlite3.DatabaseError, msgspec.MsgspecError), reading(database) as connection:
        row = connection.execute(
            "SELECT body FROM events WHERE log IN (SELECT log FROM logs) "
            "ORDER BY position DESC LIMIT 1"
        ).fetchone()
        return None if row is None else decode(row[0]).at
    return None


def _newest_position(database: Path) -> int:
    if not database.exists():
        return 0
    with suppress(sqlite3.DatabaseError), reading(database) as connection:
        row = connection.execute("SELECT max(position) FROM events").fetchone()
        return int(row[0] or 0)
    return 0
