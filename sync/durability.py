"""Knows up to which commit the replica holds everything.

The writer counts its commits and tells each (`note_commit`); whoever acknowledges something to a
sender waits for that number. One thread asks Litestream for a confirmation (`POST /sync` with
`wait`), always of what was committed *before* it asked, and resolves all waiters up to there.
A lone commit is confirmed at once; under a stream there is a pause between two questions, so
that one covers many commits.

What a 200 proves, from Litestream 0.5.17's source and from trying: everything that was in the
WAL when the request came has been written as a file to the replica and, for a folder, fsynced.
`no_change` is a 200 as well. It does **not** prove that these files can be restored from:

- a replica folder that was deleted, exchanged or unmounted is made anew, and later files are
  uploaded to it without those that they build on (seen: 200 `synced`, and the restore says "no
  matching backup files"); while nothing new is written, the answer stays 200 for ever;
- a local position that was reset below the replica's uploads nothing at all, with a 200.

So three more things must hold here before a commit is called durable: the replica's transaction
id equals ours; a folder still holds the token that was put there; and after each start of
Litestream, and every two minutes, a restore's plan is asked for and reaches without a gap to
what was confirmed. A replica that fails is marked broken, is repaired by a fresh snapshot
(`sync.litestream`), and nothing counts as durable before the plan holds again. A deleted bucket
is noticed only by the plan, so up to two minutes late.
"""

import enum
import heapq
import itertools
import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from sync.configuration import write_private
from sync.control import ControlError, ControlSocket
from sync.litestream import Litestream

TOKEN_NAME = "huiyin-replica"
LITESTREAM_TIMEOUT_S = 60
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
BROKEN_AFTER_DOUBTS = 3
FIRST_REPAIR_PAUSE_S = 5.0
LONGEST_REPAIR_PAUSE_S = 300.0


class DurabilityState(enum.StrEnum):
    """How it stands with the replica of one database."""

    STARTING = "starting"
    CURRENT = "current"
    # The last question failed; nothing is called durable until one succeeds.
    LAGGING = "lagging"
    # The replica can't be restored from as it is; a fresh snapshot is on its way.
    BROKEN = "broken"
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


@dataclass(frozen=True)
class Pace:
    """How often Litestream is asked.

    `gap_s` is the least time from one question to the next. The other two guard against a
    Litestream that hangs and a replica that can't be restored from.
    """

    gap_s: float = 0.03
    answer_within_s: float = 10.0
    plan_every_s: float = 120.0


class _DoubtError(Exception):
    """The upload was confirmed, and yet a restore may not hold it."""


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
    ) -> None:
        self._litestream = litestream
        self._database = litestream.database(name)
        self._same_disk_counts = same_disk_counts
        self._pace = pace or Pace()
        self._lock = threading.Lock()
        # Two conditions on one lock, so that a commit wakes the confirming thread only.
        self._work = threading.Condition(self._lock)
        self._news = threading.Condition(self._lock)
        self._interrupt = threading.Event()
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
        self._stopping = False
        self._thread: threading.Thread | None = None
        # Owned by the confirming thread.
        self._generation = -1
        self._plan_at = 0.0
        self._token = ""
        self._doubts = 0
        self._repair_pause_s = FIRST_REPAIR_PAUSE_S
        self._repair_not_before = 0.0

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
            self._work.notify()

    # Everybody's.

    def await_durable(self, number: int, timeout_s: float) -> bool:
        """Return whether `number` became durable in time; 0 stands for what was there at start."""
        deadline = time.monotonic() + timeout_s
        with self._lock:
            while self._durable < number:
                left = deadline - time.monotonic()
                if left <= 0 or self._stopping or self._is_final(number):
                    return False
                self._news.wait(left)
            return True

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
            elif self._stopping or self._is_final(number):
                future.set_result(False)
            else:
                heapq.heappush(self._futures, (number, next(self._order), future))
                if len(self._futures) > self._futures_kept:
                    self._drop_cancelled()
        return future

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
            self._interrupt.set()
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
        read by then it would never miss (`sync.wal`).
        """
        control = ControlSocket(self._litestream.socket_path)
        try:
            control.request(
                "POST", "/sync", {"path": str(self._database.path), "timeout": 2}, timeout_s=2
            )
        except ControlError as error:
            self._litestream.mark_broken(self._database.name, f"left behind at a stop: {error}")
        finally:
            control.close()

    def start(self) -> None:
        """Begin to confirm; Litestream may be started before or after."""
        self._thread = threading.Thread(
            target=self._confirm, name=f"durability-{self._database.name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End it; what waits is told False."""
        with self._lock:
            self._stopping = True
            self._interrupt.set()
            self._work.notify()
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
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

    # The confirming thread.

    def _confirm(self) -> None:
        control = ControlSocket(self._litestream.socket_path)
        socket_path = self._litestream.socket_path
        pause_s = FIRST_PAUSE_S
        while True:
            with self._lock:
                while not self._stopping and self._replicated >= self._committed:
                    if not self._work.wait(self._pace.plan_every_s):
                        break  # Idle for long: ask all the same, for the plan's sake.
                if self._stopping:
                    break
                number = self._committed
                self._next_since = None
            if socket_path != self._litestream.socket_path:
                control.close()
                socket_path = self._litestream.socket_path
                control = ControlSocket(socket_path)
            started = time.monotonic()
            try:
                self._ask(control)
            except _DoubtError as error:
                self._doubt(str(error))
            except (ControlError, OSError, ValueError) as error:
                self._failed(str(error), DurabilityState.LAGGING)
            else:
                pause_s = FIRST_PAUSE_S
                self._succeeded(number)
                time.sleep(max(0.0, started + self._pace.gap_s - time.monotonic()))
                continue
            # A final sync doesn't wait for the end of a pause.
            if self._interrupt.wait(pause_s):
                self._interrupt.clear()
                time.sleep(FIRST_PAUSE_S)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        control.close()

    def _ask(self, control: ControlSocket) -> None:
        """Return when everything committed before the call can be restored from the replica.

        Raises `ControlError` or `OSError` where it isn't there, `_DoubtError` where it may not
        be of use.
        """
        generation = self._litestream.generation
        name, replica = self._database.name, self._database.replica
        why = self._litestream.broken(name)
        if why:
            raise _DoubtError(f"waiting for a fresh snapshot: {why}")
        try:
            answer = control.request(
                "POST",
                "/sync",
                {
                    "path": str(self._database.path),
                    "wait": True,
                    "timeout": LITESTREAM_TIMEOUT_S,
                },
                timeout_s=self._pace.answer_within_s,
            )
        except ControlError as error:
            message = str(error)
            if str(self._database.meta_folder) in message and (
                "no such file" in message or "corrupt" in message
            ):
                raise _DoubtError(f"local state lost: {message}") from error
            raise
        ours, replicas = _number(answer, "txid"), _number(answer, "replicated_txid")
        if ours != replicas:
            # Litestream's own round may have come between the two readings.
            raise _DoubtError(f"the replica is at {replicas}, the database at {ours}")
        if generation != self._generation or time.monotonic() > self._plan_at:
            self._check_plan(ours, generation)
        elif replica.folder is not None and self._read_token(replica.folder) != self._token:
            raise _DoubtError("the replica's folder was deleted, exchanged or unmounted")
        if generation != self._litestream.generation:
            raise ControlError("Litestream was started anew meanwhile", answered=True)

    def _check_plan(self, at_least: int, generation: int) -> None:
        """Ask the replica whether a restore would come up to `at_least` without a gap."""
        try:
            reached = self._litestream.restorable_up_to(self._database.name)
        except ControlError as error:
            if "no matching backup" in str(error) or "non-contiguous" in str(error):
                raise _DoubtError(str(error)) from error
            raise
        if reached < at_least:
            raise _DoubtError(f"a restore would end at {reached} of {at_least}")
        folder = self._database.replica.folder
        if folder is not None:
            self._token = self._read_token(folder) or self._write_token(folder)
        self._generation = generation
        self._plan_at = time.monotonic() + self._pace.plan_every_s

    @staticmethod
    def _token_path(folder: Path) -> Path:
        # Inside of what Litestream itself makes, so that whoever removes that removes this.
        return folder / "ltx" / TOKEN_NAME

    def _read_token(self, folder: Path) -> str:
        try:
            return self._token_path(folder).read_text()
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def _write_token(self, folder: Path) -> str:
        token = uuid.uuid4().hex
        write_private(self._token_path(folder), token)
        return token

    def _doubt(self, why: str) -> None:
        """Note a doubt; the third in a row makes the replica broken and asks for a repair."""
        self._doubts += 1
        self._generation = -1
        name = self._database.name
        if self._doubts < BROKEN_AFTER_DOUBTS and not self._litestream.broken(name):
            self._failed(why, DurabilityState.LAGGING)
            return
        if not self._litestream.broken(name):
            self._litestream.mark_broken(name, why)
        if time.monotonic() >= self._repair_not_before:
            self._litestream.repair()
            self._repair_not_before = time.monotonic() + self._repair_pause_s
            self._repair_pause_s = min(2 * self._repair_pause_s, LONGEST_REPAIR_PAUSE_S)
        self._failed(why, DurabilityState.BROKEN)

    def _failed(self, why: str, state: DurabilityState) -> None:
        with self._lock:
            self._state, self._last_error = state, why

    def _succeeded(self, number: int) -> None:
        self._doubts = 0
        same_disk = self._database.replica.same_disk_as(self._database.path)
        if time.monotonic() >= self._repair_not_before:
            self._repair_pause_s = FIRST_REPAIR_PAUSE_S
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


def _resolve(futures: list["Future[bool]"], result: bool) -> None:
    """Resolve them outside the lock, because their callbacks run here."""
    for future in futures:
        if future.set_running_or_notify_cancel():
            future.set_result(result)


def _number(answer: dict[str, object], key: str) -> int:
    value = answer.get(key)
    if not isinstance(value, int):
        raise ControlError(f"no {key} in the answer", answered=True)
    return value
