"""The timekeeper: a thread that writes what time alone brings (`matters/limits/timekeeping.py`).

While the hub doubts its clock it writes nothing; once the time is known it says of what was written
meanwhile when that was.
"""

from collections.abc import Callable, Sequence
from functools import partial

from eventlog.events import Draft, Event, decode
from eventlog.log import Log
from eventlog.transaction import Transaction
from eventlog.worker import Worker
from matters import store
from matters.actors import SYSTEM
from matters.echoes import catch_up
from matters.limits import timekeeping, timing
from server.county.county_registers import CountyRegisters
from server.folder.hub_clock import HubClock, Span
from stations.working_days import WorkingDays

LOOK_EVERY_S = 20.0
# So few in one transaction that intake breathes.
AT_ONCE = 100


class Timekeeper:
    """Looks every `LOOK_EVERY_S` for what is due. `start`, and `stop` when the node ends."""

    def __init__(self, log: Log, registers: Callable[[], CountyRegisters], clock: HubClock) -> None:
        self._log = log
        self._registers = registers
        self._clock = clock
        self._counted_by: WorkingDays | None = None
        self._worker = Worker("timekeeper", self._step)

    def start(self) -> None:
        """Begin to look; the first time at once, for the node may have been off for weeks."""
        self._worker.start()

    def stop(self) -> None:
        """End the thread; a batch that is being written is finished."""
        self._worker.stop()

    def wake(self) -> None:
        """Look now: a register has changed."""
        self._worker.wake()

    def look(self) -> int:
        """Write all that is due now and return how many events that were."""
        if not self._clock.trusted:
            return 0
        for span in self._clock.moved:
            self._put_right(span)
        county = self._registers()
        written = 0
        if county.calendar != self._counted_by:
            # Also at the first look, for the calendar may have changed while the node was off.
            written += self._move_limits(county.calendar)
        written += self._catch_up()
        while self._clock.trusted and not self._worker.stopping:
            now_ms = self._log.now_ms()
            with self._log.reading() as connection:
                drafts = timekeeping.due_acts(
                    connection, now_ms, county.rules, county.calendar, AT_ONCE
                )
            if not drafts:
                break
            self._write(drafts)
            written += len(drafts)
        return written

    def _put_right(self, span: Span) -> None:
        """Write when it was that the hub wrote what it wrote while it doubted its clock."""
        with self._log.reading() as connection:
            events = [
                decode(body)
                for (body,) in connection.execute(
                    "SELECT body FROM events WHERE position > ? AND position <= ? "
                    "AND log IN (SELECT log FROM logs) AND type >= 'matter.' AND type < 'matter/'",
                    (span.after_position, span.until_position),
                )
            ]
        written = [each for each in events if span.since_ms <= each.at <= span.until_ms]

        def job(transaction: Transaction, part: Sequence[Event]) -> None:
            for event in part:
                timing.time_arrivals(transaction, [event.id], event.at + span.moved_ms)

        for start in range(0, len(written), AT_ONCE):
            self._log.write(partial(job, part=written[start : start + AT_ONCE]))
        self._clock.put_right(span)

    def _catch_up(self) -> int:
        """Tell merged villagers what a leading matter was answered elsewhere."""
        with self._log.reading() as connection:
            waiting = timekeeping.unheard(connection, AT_ONCE)
        if not waiting:
            return 0

        def job(transaction: Transaction) -> int:
            steps = 0
            for identity in waiting:
                follower = store.by_id(transaction.connection, identity)
                if follower is not None:
                    steps += catch_up(transaction, follower, by=SYSTEM.signature)
            return steps

        return self._log.write(job).result

    def _move_limits(self, calendar: WorkingDays) -> int:
        written = 0
        with self._log.reading() as connection:
            for drafts in timekeeping.moved_limits(connection, calendar, batch=AT_ONCE):
                if self._worker.stopping:
                    return written
                if drafts:
                    self._write(drafts)
                    written += len(drafts)
        self._counted_by = calendar
        return written

    def _write(self, drafts: Sequence[Draft]) -> None:
        def job(transaction: Transaction) -> None:
            now_ms = transaction.now_ms()
            due = [
                draft
                for draft in drafts
                if timekeeping.still_due(transaction.connection, draft, now_ms)
            ]
            transaction.append(due, by=SYSTEM.signature)

        self._log.write(job)

    def _step(self) -> float:
        self.look()
        return LOOK_EVERY_S
