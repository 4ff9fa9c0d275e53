"""Writes that tell how safe they are: committed here, and in the replica or not (decision 3)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, NamedTuple, TypeVar

from acts.refusals import Refusal
from eventlog.log import Log
from eventlog.transaction import Transaction
from eventlog.writer import Committed, Writer
from sync.keeping.durability import Durability

Result = TypeVar("Result")


class Kept(NamedTuple, Generic[Result]):
    """A job's result, the position that holds it, and whether the replica had it in time."""

    result: Result
    position: int
    durable: bool


class SafeWriter:
    """Commits jobs of one database and waits a while for its replica; `write` on one event loop.

    There all jobs of one COMMIT wait together: one timer, and one wake-up of the loop, serve all.
    """

    def __init__(self, writer: Writer, wait_s: float) -> None:
        """`durability` is set once there is a replica to ask."""
        self.durability: Durability | None = None
        self._writer = writer
        self._wait_s = wait_s
        self._groups: dict[int, list[tuple[asyncio.Future[Any], Committed[Any]]]] = {}

    async def write(self, run: Callable[[Any], Result]) -> Kept[Result]:
        """Commit a job, and return once the replica has it or the wait is over.

        Raises what the job raises, StorageFull, WriterBusy or WriterStopped.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Kept[Result]] = loop.create_future()

        def deliver(committed: Committed[Result] | None, error: BaseException | None) -> None:
            if future.done():
                return
            if committed is None:
                future.set_exception(error or RuntimeError("neither a result nor an error"))
            else:
                self._hold(loop, future, committed)

        self._writer.call(run, deliver, loop)
        return await future

    def commit(self, run: Callable[[Any], Result]) -> Kept[Result]:
        """Do as `write` does, for a thread that may wait; not for the event loop's."""
        committed = self._writer.submit(run).result()
        durability, position = self.durability, committed.position
        durable = durability is not None and durability.await_durable(position, self._wait_s)
        return Kept(committed.result, position, durable)

    async def confirmed(self, position: int) -> bool:
        """Return whether the replica has everything up to `position`, after waiting a while."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Kept[None]] = loop.create_future()
        self._hold(loop, future, Committed(None, position))
        return (await future).durable

    def is_durable(self, position: int) -> bool:
        """Return whether everything up to `position` is known to be durable now."""
        durability = self.durability
        return durability is not None and durability.report().durable >= position > 0

    def _hold(
        self,
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
        committed: Committed[Any],
    ) -> None:
        """Keep a committed job's sender waiting with the others of its COMMIT."""
        position = committed.position
        group = self._groups.get(position)
        if group is None:
            if self.durability is None:
                _tell(future, committed, False)
                return
            waiting = self.durability.when_durable(position)
            if waiting.done():
                _tell(future, committed, waiting.result())
                return
            group = self._groups[position] = []
            self._settle_once(loop, position, waiting)
        group.append((future, committed))

    def _settle_once(
        self, loop: asyncio.AbstractEventLoop, position: int, waiting: "Future[bool]"
    ) -> None:
        """Arrange that the senders of a position are told when it is durable, or time is up."""

        def settle(durable: bool) -> None:
            timer.cancel()
            waiting.cancel()
            for future, committed in self._groups.pop(position, ()):
                _tell(future, committed, durable)

        def arrived(done: "Future[bool]") -> None:
            if not done.cancelled():
                loop.call_soon_threadsafe(settle, done.result())

        timer = loop.call_later(self._wait_s, settle, False)
        waiting.add_done_callback(arrived)


def _tell(future: asyncio.Future[Any], committed: Committed[Any], durable: bool) -> None:
    if not future.done():
        future.set_result(Kept(committed.result, committed.position, durable))


def commit_or_keep(
    log: Log,
    writes: SafeWriter,
    job: Callable[[Transaction], Result],
    keep_attempt: Callable[[Transaction, str], None],
) -> Result:
    """Commit an act's job, wait for the replica, and return what it gives. Raises a Refusal.

    What is refused with 409 is kept on record by `keep_attempt`, with the refusal's code.
    """
    try:
        return writes.commit(job).result
    except Refusal as refusal:
        if refusal.status == 409:
            code = refusal.code
            log.write(lambda transaction: keep_attempt(transaction, code))
        raise
