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
        self.storage_error: StorageFull | None = None
        """Why the last group was not committed, where its disk was why; None once one was."""
        self.storage_failed_at = 0.0
        """When that was, by the monotonic clock."""
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
            if future.done() or not future.set_running_or_notify_cancel():
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
            if future.done():
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
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:
                    raise WriterBusy(str(error)) from error
                self._thread = thread
            self._jobs.put(job)

    def _run(self) -> None:
        """Run group after group until the stop mark; no error, of whatever kind, ends it before."""
        crowded = last = False
        while not last:
            group: list[_Job] = []
            try:
                last = self._take(group, crowded)
                crowded = len(group) > 1
                self._run_group(group)
            except BaseException as error:
                self._give_up(group, error)

    def _take(self, group: list[_Job], crowded: bool) -> bool:
        """Fill a group with what waits, once something does; return whether the stop mark came."""
        job = self._jobs.get()
        if job is None:
            return True
        group.append(job)
        if crowded:
            # What stands between a process and its clock may refuse a sleep (libfaketime does):
            # then the group has less company.
            with suppress(OSError):
                time.sleep(LINGER_S)
        while len(group) < GROUP_LIMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return True
            group.append(job)
        return False

    def _run_group(self, group: list[_Job]) -> None:
        if not group:
            return
        outcomes: list[tuple[_Job, Any, Exception | None]] = []
        connection = self._connection
        position = 0
        try:
            if connection.in_transaction:
                # The one before could not even be undone.
                connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            transaction = self._begin(connection)
            for job in group:
                outcomes.append(self._run_job(transaction, job))
            position = connection.execute(self._position_of).fetchone()[0] or 0
            reached(CrashPoint.COMMITTING)
            connection.execute("COMMIT")
            reached(CrashPoint.COMMITTED)
        except BaseException as error:
            self._undo()
            self._note(_as_refused(error))
            logger.error("group of %d not committed: %s", len(group), error)
            refused = _as_refused(error)
            # A job that refused for a reason of its own keeps that reason.
            known = {id(job): failure for job, _, failure in outcomes if failure is not None}
            self._deliver(group, [(job, None, known.get(id(job), refused)) for job in group])
            return
        self.storage_error = None
        self._tell(self._on_commit, position)
        self._deliver(
            group,
            [
                (job, Committed(result, position) if failure is None else None, failure)
                for job, result, failure in outcomes
            ],
        )
        self._tell(self._between_groups, connection)

    def _note(self, refused: Exception) -> None:
        """Remember that the disk took nothing, for whoever asks how the node is."""
        if isinstance(refused, StorageFull):
            self.storage_failed_at = time.monotonic()
            self.storage_error = refused

    def _undo(self) -> None:
        """Undo what is open; where that fails, the next group begins with it."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            logger.exception("a group could not be undone")

    def _give_up(self, group: list[_Job], error: BaseException) -> None:
        """Refuse what is left of a group where even refusing it had failed."""
        with suppress(BaseException):
            self._undo()
            logger.error("a group was given up: %r", error)
        refused = _as_refused(error)
        with suppress(BaseException):
            self._deliver(group, [(job, None, refused) for job in group])

    def _tell(self, listener: Callable[[Any], None], value: Any) -> None:
        """Call a listener. What was committed stands, and the thread goes on, should it fail."""
        try:
            listener(value)
        except BaseException:
            logger.exception("what follows a commit failed")

    def _run_job(
        self, transaction: OpenTransaction, job: _Job
    ) -> tuple[_Job, Any, Exception | None]:
        connection = transaction.connection
        mark = transaction.mark()
        connection.execute("SAVEPOINT job")
        try:
            result = job.run(transaction)
        except BaseException as error:
            if _is_of_storage(error):
                # It concerns the whole group, and SQLite may have rolled back.
                raise
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            transaction.roll_back(mark)
            return job, None, _as_error(error)
        connection.execute("RELEASE job")
        return job, result, None

    def _deliver(
        self, group: list[_Job], outcomes: list[tuple[_Job, Any, Exception | None]]
    ) -> None:
        """Tell all of a group what came of them; it is empty once that is done.

        Who was told already, should it be done again, keeps what he was told first.
        """
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Job, Any, Exception | None]]] = {}
        for outcome in outcomes:
            loop = outcome[0].loop
            if loop is not None:
                by_loop.setdefault(loop, []).append(outcome)
        for job, result, failure in outcomes:
            if job.loop is None:
                _deliver_one(job, result, failure)
        for loop, part in by_loop.items():
            with suppress(RuntimeError):  # The loop was closed: nobody waits any more.
                loop.call_soon_threadsafe(_deliver_all, part)
        group.clear()


def _is_of_storage(error: BaseException) -> bool:
    """Return whether the disk or the database failed, and not the job's own SQL."""
    if not isinstance(error, sqlite3.OperationalError):
        return False
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR)
    return code & 0xFF != sqlite3.SQLITE_ERROR


def _as_error(error: BaseException) -> Exception:
    """Return an error that ends nobody's thread or loop: an exit in a job is a fault of the job."""
    return error if isinstance(error, Exception) else RuntimeError(repr(error))


def _as_refused(error: BaseException) -> Exception:
    """Return what a failed transaction is to those who asked for it."""
    if not isinstance(error, sqlite3.Error):
        return _as_error(error)
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return WriterBusy(str(error))
    return StorageFull(str(error))


def _deliver_all(outcomes: list[tuple[_Job, Any, Exception | None]]) -> None:
    for job, result, failure in outcomes:
        _deliver_one(job, result, failure)


def _deliver_one(job: _Job, result: Any, failure: Exception | None) -> None:
    """Tell one job's outcome, again where it failed. Others wait for theirs, so this never does."""
    for _ in range(2):
        with suppress(BaseException):
            try:
                return job.deliver(result, failure)
            except BaseException:
                logger.exception("an outcome could not be told")
