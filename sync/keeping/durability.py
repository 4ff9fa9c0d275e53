"""Knows up to which commit the replica holds everything.

The writer counts its commits and tells each (`note_commit`); whoever acknowledges something to a
sender waits for that number. One thread asks Litestream for a confirmation (`POST /sync` with
`wait`), always of what was committed *before* it asked, and resolves all waiters up to there.
A lone commit is confirmed at once; under a stream there is a pause between two questions, so
that one covers many commits.

What one question proves and what not is in `sync.keeping.confirmation`.
"""

import enum
import heapq
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from eventlog.worker import Worker
from sync.keeping.claims.claim import ReplicaRefused
from sync.keeping.confirmation import Confirmation, NotRestorableError, Pace
from sync.keeping.control import ControlError, ControlSocket
from sync.keeping.durable_position import DurablePosition
from sync.keeping.litestream import Litestream
from sync.keeping.stores.store import StoreError

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
STOP_WITHIN_S = 0.3
LOCAL_COPY_WITHIN_S = 0.4
# How often it is looked whether another process committed something.
LOOK_EVERY_S = 1.0

logger = logging.getLogger("huiyin.durability")


class DurabilityState(enum.StrEnum):
    """How it stands with the replica of one database."""

    STARTING = "starting"
    CURRENT = "current"
    # The last question failed; nothing is called durable until one succeeds.
    LAGGING = "lagging"
    # The replica can't be restored from as it is; a fresh snapshot is on its way.
    BROKEN = "broken"
    # The replica knows more than the database, or is another's: it is not written.
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True)
class DurabilityReport:
    """What is known now; commits are the writer's numbers, -1 for none yet."""

    state: DurabilityState
    committed: int
    replicated: int
    durable: int
    lag_s: float
    same_disk: bool
    last_error: str


class Durability:
    """What is durable of one database; `note_commit` is the writer's, the rest everybody's.

    A commit is *replicated* when the replica holds it, and *durable* when that replica is also
    on another disk than the data or `same_disk_counts`.
    """

    def __init__(
        self,
        litestream: Litestream,
        name: str,
        *,
        same_disk_counts: bool = False,
        pace: Pace | None = None,
        newest: Callable[[], int] | None = None,
        keep: DurablePosition | None = None,
    ) -> None:
        """`newest` returns the newest commit, also of another process; `keep` is told what became
        durable, for commands that run beside this one.
        """
        self._newest = newest
        self._keep = keep
        self._litestream = litestream
        self._database = litestream.database(name)
        self._same_disk_counts = same_disk_counts
        self._pace = pace or Pace()
        self._lock = threading.Lock()
        # Of what became durable. A commit wakes the worker only.
        self._news = threading.Condition(self._lock)
        self._worker = Worker(
            f"durability-{name}",
            self._step,
            foreseen=(NotRestorableError, ReplicaRefused, ControlError, StoreError, OSError),
            first_pause_s=FIRST_PAUSE_S,
            longest_pause_s=LONGEST_PAUSE_S,
        )
        self._committed = 0
        self._replicated = -1
        self._durable = -1
        self._waiting_since: float | None = time.monotonic()
        self._next_since: float | None = None
        self._futures: list[tuple[int, int, Future[bool]]] = []
        self._futures_kept = 1024
        self._order = itertools.count()
        self._state = DurabilityState.STARTING
        self._last_error = ""
        self._same_disk = self._database.replica.same_disk_as(self._database.path)
        self._stopping = self._letting_go = False
        self._asked_at = -math.inf
        self._looked_at = time.monotonic()
        self._confirmation = Confirmation(litestream, name, self._pace)
        self._control: ControlSocket | None = None

    # The writer's.

    def note_commit(self, number: int) -> None:
        """Take note that everything up to `number` is committed; called after each COMMIT."""
        with self._lock:
            if number <= self._committed:
                return
            now = time.monotonic()
            if self._waiting_since is None:
                self._waiting_since = now
            if self._next_since is None:
                self._next_since = now
            self._committed = number
        self._worker.wake()

    # Everybody's.

    def await_durable(self, number: int, timeout_s: float) -> bool:
        """Return whether `number` became durable in time; 0 stands for what was there at start."""
        durable = self.when_durable(number)
        try:
            return durable.result(timeout_s)
        except TimeoutError:
            durable.cancel()
            return False

    def when_durable(self, number: int) -> "Future[bool]":
        """Return a future: True once `number` is durable, False when it won't be.

        It won't be when the node stops, or when the replica is on the data's own disk and that
        does not count. There is no time limit: that is the caller's, who may cancel it. For
        asyncio: `asyncio.wrap_future`.
        """
        future: Future[bool] = Future()
        with self._lock:
            if self._durable >= number:
                future.set_result(True)
            elif self._letting_go or self._stopping or self._is_final(number):
                future.set_result(False)
            else:
                heapq.heappush(self._futures, (number, next(self._order), future))
                if len(self._futures) > self._futures_kept:
                    self._drop_cancelled()
        return future

    def ask_again(self) -> None:
        """Ask at once, though nothing new is committed: the replica may be another than it was."""
        self._looked_at = -math.inf
        self._worker.hurry()

    def report(self) -> DurabilityReport:
        """Return what is known now; `lag_s` is the age of the oldest unreplicated commit."""
        with self._lock:
            since = self._waiting_since
            return DurabilityReport(
                state=self._state,
                committed=self._committed,
                replicated=self._replicated,
                durable=self._durable,
                lag_s=0.0 if since is None else time.monotonic() - since,
                same_disk=self._same_disk,
                last_error=self._last_error,
            )

    def final_sync(self, deadline_s: float) -> bool:
        """Return whether everything that is committed now got into the replica in time.

        For the stop, in this order: intake, writer, this, close SQLite while Litestream still
        holds the database (the last one to close makes a checkpoint), `Litestream.stop`.
        """
        deadline = time.monotonic() + deadline_s
        with self._lock:
            number = self._committed
            self._worker.hurry()
            while self._replicated < number and not self._stopping:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._news.wait(left)
            arrived = self._replicated >= number
        if not arrived and self._litestream.status.pid is not None:
            self._ask_for_local_copy()
        return arrived

    def _ask_for_local_copy(self) -> None:
        """Mark the replica broken unless Litestream has at least read everything.

        It makes a checkpoint when it closes the database as its last user, and what it had not
        read by then it would never miss (`sync.keeping.wal`).
        """
        control = ControlSocket(self._litestream.socket_path)
        try:
            control.request(
                *("POST", "/sync", {"path": str(self._database.path), "timeout": 1}),
                timeout_s=LOCAL_COPY_WITHIN_S,
            )
        except ControlError as error:
            self._litestream.mark_broken(self._database.name, f"left behind at a stop: {error}")
        finally:
            control.close()

    def let_go(self) -> None:
        """Tell all who wait, and will, that it is not durable yet: the node is about to stop."""
        with self._lock:
            self._letting_go = True
            left, self._futures = self._futures, []
        _resolve([future for _, _, future in left], False)

    def start(self) -> None:
        """Begin to confirm; Litestream may be started before or after."""
        self._worker.start()

    def stop(self) -> None:
        """End it; what waits is told False."""
        with self._lock:
            self._stopping = True
            self._news.notify_all()
            durable = self._durable
        if durable >= 0:
            self._note_kept(durable, at_once=True)
        # It ends within a moment, unless it waits for a replica's plan: not worth a delay.
        self._worker.stop(STOP_WITHIN_S, interrupt=self._interrupt)
        if self._control is not None and not self._worker.alive:
            self._control.close()
        with self._lock:
            self._state = DurabilityState.STOPPED
            left, self._futures = self._futures, []
        _resolve([future for _, _, future in left], False)

    def _is_final(self, number: int) -> bool:
        """Return whether a commit is as safe as it will get; called with the lock held."""
        return self._replicated >= number and self._same_disk and not self._same_disk_counts

    def _drop_cancelled(self) -> None:
        """Forget futures that nobody waits for any more; called with the lock held."""
        self._futures = [entry for entry in self._futures if not entry[2].done()]
        heapq.heapify(self._futures)
        self._futures_kept = 1024 + 2 * len(self._futures)

    # The worker's.

    def _step(self) -> float:
        """Confirm what is committed, where it is time, and return how long to wait then.

        A lone commit is confirmed at once, a stream at the pace, a crowd sooner. Where nothing is
        committed for long it is asked all the same, for the plan's sake.
        """
        # What is hard about the pace is kept here, whoever wakes.
        self._worker.rest(self._asked_at + self._pace.crowd_gap_s - time.monotonic())
        now = time.monotonic()
        with self._lock:
            unconfirmed = self._committed - self._replicated
            is_early = now < self._asked_at + self._pace.gap_s and unconfirmed < self._pace.crowd
            is_idle = unconfirmed <= 0 and now < self._looked_at + self._pace.plan_every_s
            number, durable = self._committed, self._durable
            if not is_early and not is_idle:
                self._next_since = None
        if is_early:
            return self._asked_at + self._pace.gap_s - now
        if is_idle:
            if durable >= 0:
                self._note_kept(durable)
            if self._newest is not None:
                self.note_commit(self._newest())
            return self._look_after_s()
        try:
            self._confirmation.confirm(self._connected())
            same_disk = self._database.replica.same_disk_as(self._database.path)
        except BaseException as error:
            self._failed(error)
            raise
        self._succeeded(number, same_disk)
        self._asked_at, self._looked_at = now, time.monotonic()
        return 0.0

    def _interrupt(self) -> None:
        if self._control is not None:
            self._control.interrupt()

    def _look_after_s(self) -> float:
        """Return how long to wait before it is looked for what others did."""
        both = (self._newest, self._keep)
        return self._pace.plan_every_s if both == (None, None) else LOOK_EVERY_S

    def _note_kept(self, durable: int, *, at_once: bool = False) -> None:
        """Write down what is durable; without it, commands beside the server say less."""
        if self._keep is None:
            return
        try:
            self._keep.note(durable, at_once=at_once)
        except OSError as error:
            logger.warning("the durable position could not be written: %s", error)

    def _connected(self) -> ControlSocket:
        """Return the connection; each start of the keeper may have put the socket elsewhere."""
        control, path = self._control, self._litestream.socket_path
        if control is None or control.path != path:
            if control is not None:
                control.close()
            control = self._control = ControlSocket(path)
        return control

    def _failed(self, error: BaseException) -> None:
        state = DurabilityState.LAGGING
        if isinstance(error, ReplicaRefused):
            state = DurabilityState.REFUSED
        elif isinstance(error, NotRestorableError) and error.broken:
            state = DurabilityState.BROKEN
        with self._lock:
            self._state = state
            # Where it hangs, that is why the question came to nothing.
            self._last_error = self._litestream.pulse.complaint or str(error)

    def _succeeded(self, number: int, same_disk: bool) -> None:
        ready: list[Future[bool]] = []
        with self._lock:
            self._state, self._last_error = DurabilityState.CURRENT, ""
            self._same_disk = same_disk
            self._replicated = number
            self._waiting_since = self._next_since
            durable = self._same_disk_counts or not same_disk
            if durable:
                self._durable = number
            while self._futures and self._futures[0][0] <= number:
                ready.append(heapq.heappop(self._futures)[2])
            self._news.notify_all()
        _resolve(ready, durable)
        if durable:
            self._note_kept(number)


def _resolve(futures: list["Future[bool]"], result: bool) -> None:
    """Resolve them outside the lock, because their callbacks run here."""
    for future in futures:
        if future.set_running_or_notify_cancel():
            future.set_result(result)
