"""The one writer: a thread that takes jobs from all sides and commits them in groups.

SQLite takes one write transaction at a time, and each COMMIT costs an fsync. So all jobs that
wait are run in one transaction, each within a savepoint of its own: one that fails is undone
alone, and the fsync is shared by the rest.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from eventlog.crash_points import CrashPoint, reached

Result = TypeVar("Result")
GROUP_LIMIT = 256
# How long a group waits for more where the one before had company. Senders come in waves, each let
# go by one confirmation; without the wait the first of a wave would cost an fsync of its own.
LINGER_S = 0.001

logger = logging.getLogger("huiyin.writer")


class StorageFull(Exception):
    """The disk is full, read-only or broken: nothing of the job was written (FAULTS, HTTP 507)."""


class WriterBusy(Exception):
    """Another process has held the database for too long; nothing was written (HTTP 503)."""


class WriterStopped(Exception):
    """The node is stopping and takes no more jobs (HTTP 503)."""


class OpenTransaction(Protocol):
    """What a job is given; made anew for each group."""

    connection: sqlite3.Connection

    def mark(self) -> object: ...
    def roll_back(self, mark: object) -> None: ...


class Committed(NamedTuple, Generic[Result]):
    """A job's result, and the newest arrival position that its COMMIT made safe on this disk."""

    result: Result
    position: int


class _Job(NamedTuple):
    run: Callable[[Any], Any]
    deliver: Callable[[Any, BaseException | None], None]
    loop: asyncio.AbstractEventLoop | None


class Writer:
    """Runs jobs on one connection, in groups. Jobs may be submitted from any thread."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        begin: Callable[[sqlite3.Connection], OpenTransaction],
        *,
        position_of: str,
        on_commit: Callable[[int], None] = lambda position: None,
        between_groups: Callable[[sqlite3.Connection], None] = lambda connection: None,
        name: str = "writer",
    ) -> None:
        """`position_of` is the SQL of the newest position; `on_commit` is told it after each
        COMMIT, on the writer thread; `between_groups` may checkpoint where Litestream does not.
        """
        self._connection = connection
        self._begin = begin
        self._position_of = position_of
        self._on_commit = on_commit
        self._between_groups = between_groups
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        # Held while a job or the stop mark is queued, so that no job comes to lie behind the mark.
        self._queueing = threading.Lock()
        self._name = name
        # Started by the first job: by then whatever is told of commits is there.
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """How many jobs wait, about."""
        return self._jobs.qsize()

    def submit(self, run: Callable[[Any], Result]) -> "Future[Committed[Result]]":
        """Queue a job for the next group; the future is resolved after its COMMIT.

        To cancel the future gives up the answer only: the job is run all the same.
        """
        future: Future[Committed[Result]] = Future()

        def deliver(outcome: Any, error: BaseException | None) -> None:
            if not future.set_running_or_notify_cancel():
                return
            if error is None:
                future.set_result(outcome)
            else:
                future.set_exception(error)

        self._put(_Job(run, deliver, None))
        return future

    def call(
        self,
        run: Callable[[Any], Any],
        deliver: Callable[[Any, BaseException | None], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Queue a job; `deliver` is called on the loop with a `Committed`, or with an error.

        One wake-up of the loop serves a whole group.
        """
        self._put(_Job(run, deliver, loop))

    async def write(self, run: Callable[[Any], Result]) -> Committed[Result]:
        """Queue a job and await its COMMIT."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Committed[Result]] = loop.create_future()

        def deliver(outcome: Any, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(outcome)
            else:
                future.set_exception(error)

        self._put(_Job(run, deliver, loop))
        return await future

    def stop(self) -> None:
        """Take no more jobs, finish those that wait, and close the connection."""
        if self._stopping.is_set():
            return
        self.drain()
        self._connection.close()

    def drain(self) -> None:
        """Take no more jobs and finish those that wait; the connection stays open."""
        with self._queueing:
            self._stopping.set()
            self._jobs.put(None)
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Close the connection, after `drain`."""
        self._connection.close()

    def _put(self, job: _Job) -> None:
        with self._queueing:
            if self._stopping.is_set():
                raise WriterStopped("the node is stopping")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._jobs.put(job)

    def _run(self) -> None:
        crowded = False
        while True:
            first = self._jobs.get()
            if first is None:
                break
            group = [first]
            if crowded:
                time.sleep(LINGER_S)
            last = False
            while len(group) < GROUP_LIMIT:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    last = True
                    break
                group.append(job)
            self._run_group(group)
            crowded = len(group) > 1
            if last:
                break

    def _run_group(self, group: list[_Job]) -> None:
        outcomes: list[tuple[_Job, Any, BaseException | None]] = []
        connection = self._connection
        position = 0
        try:
            connection.execute("BEGIN IMMEDIATE")
            transaction = self._begin(connection)
            for job in group:
                outcomes.append(self._run_job(transaction, job))
            position = connection.execute(self._position_of).fetchone()[0] or 0
            reached(CrashPoint.COMMITTING)
            connection.execute("COMMIT")
            reached(CrashPoint.COMMITTED)
        except Exception as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            logger.error("group of %d not committed: %s", len(group), error)
            refused = _as_refused(error)
            # A job that refused for a reason of its own keeps that reason.
            known = {id(job): failure for job, _, failure in outcomes if failure is not None}
            self._deliver([(job, None, known.get(id(job), refused)) for job in group])
            return
        self._tell(self._on_commit, position)
        self._deliver(
            [
                (job, Committed(result, position) if failure is None else None, failure)
                for job, result, failure in outcomes
            ]
        )
        self._tell(self._between_groups, connection)

    def _tell(self, listener: Callable[[Any], None], value: Any) -> None:
        """Call a listener. What was committed stands, and the thread goes on, should it fail."""
        try:
            listener(value)
        except Exception:
            logger.exception("what follows a commit failed")

    def _run_job(
        self, transaction: OpenTransaction, job: _Job
    ) -> tuple[_Job, Any, BaseException | None]:
        connection = transaction.connection
        mark = transaction.mark()
        connection.execute("SAVEPOINT job")
        try:
            result = job.run(transaction)
        except Exception as error:
            if _is_of_storage(error):
                # It concerns the whole group, and SQLite may have rolled back.
                raise
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            transaction.roll_back(mark)
            return job, None, error
        connection.execute("RELEASE job")
        return job, result, None

    def _deliver(self, outcomes: list[tuple[_Job, Any, BaseException | None]]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Job, Any, BaseException | None]]] = {}
        for outcome in outcomes:
            loop = outcome[0].loop
            if loop is None:
                outcome[0].deliver(outcome[1], outcome[2])
            else:
                by_loop.setdefault(loop, []).append(outcome)
        for loop, part in by_loop.items():
            with suppress(RuntimeError):  # The loop was closed: nobody waits any more.
                loop.call_soon_threadsafe(_deliver_all, part)


def _is_of_storage(error: Exception) -> bool:
    """Return whether the disk or the database failed, and not the job's own SQL."""
    if not isinstance(error, sqlite3.OperationalError):
        return False
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR)
    return code & 0xFF != sqlite3.SQLITE_ERROR


def _as_refused(error: Exception) -> Exception:
    """Return what a failed transaction is to those who asked for it."""
    if not isinstance(error, sqlite3.Error):
        return error
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return WriterBusy(str(error))
    return StorageFull(str(error))


def _deliver_all(outcomes: list[tuple[_Job, Any, BaseException | None]]) -> None:
    for job, result, error in outcomes:
        job.deliver(result, error)
