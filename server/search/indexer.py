"""The indexer: a thread that indexes and counts what was written, in quiet moments.

A submission writes a short row of what waits (`matters/listing/waiting.py`), and lists look at
what waits as well. Here it is worked off: when nothing was written for a moment, or much waits.
"""

import time

from eventlog.log import Log
from eventlog.transaction import Transaction
from eventlog.worker import Worker
from matters.listing import waiting

# Nothing was written for so long, or so many wait: then it is time.
QUIET_S = 1.0
MANY = 5_000
LOOK_EVERY_S = 0.1
# So few in one transaction that intake breathes.
AT_ONCE = 32
# Between two batches the database is others' for so long, while they write and else: a command
# beside the server polls for its turn, and never finds one in a row of batches without a gap.
PAUSE_S = 0.25
GAP_S = 0.02


class Indexer:
    """Works off what waits. `start`, `wake` after every commit, and `stop` when the node ends."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._position = 0
        self._written_at = time.monotonic()
        self._worker = Worker("indexer", self._step)

    def start(self) -> None:
        """Begin; what waits from before is worked off first."""
        self._worker.start()

    def stop(self) -> None:
        """End the thread; what still waits is found again at the next start."""
        self._worker.stop()

    def wake(self, position: int) -> None:
        """Note that events were written, up to a position. Cheap, for the writer's thread.

        What the indexer itself writes brings no events, and so does not wake it.
        """
        if position != self._position:
            self._position = position
            self._written_at = time.monotonic()
            self._worker.wake()

    def _step(self) -> None:
        while not self._time_has_come():
            if not self._worker.rest(LOOK_EVERY_S):
                return
        while self._log.write(_work_off).result:
            if not self._worker.rest(GAP_S if self._is_quiet() else PAUSE_S):
                return

    def _is_quiet(self) -> bool:
        return time.monotonic() - self._written_at >= QUIET_S

    def _time_has_come(self) -> bool:
        if self._is_quiet():
            return True
        with self._log.reading() as connection:
            return waiting.count(connection) >= MANY


def _work_off(transaction: Transaction) -> int:
    return waiting.work_off(transaction.connection, AT_ONCE)
