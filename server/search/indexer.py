"""The indexer: a thread that indexes and counts what was written, in quiet moments.

A submission writes a short row of what waits (`matters/listing/waiting.py`), and lists look at
what waits as well. Here it is worked off: when nothing was written for a moment, or much waits.
"""

import logging
import threading
import time

from eventlog.log import Log
from eventlog.transaction import Transaction
from eventlog.writer import WriterStopped
from matters.listing import waiting

# Nothing was written for so long, or so many wait: then it is time.
QUIET_S = 1.0
MANY = 5_000
LOOK_EVERY_S = 0.5
# So few in one transaction that intake breathes.
AT_ONCE = 32
# Between two batches the database is others' for so long, while they write and else: a command
# beside the server polls for its turn, and never finds one in a row of batches without a gap.
PAUSE_S = 0.25
GAP_S = 0.02

logger = logging.getLogger("huiyin.indexer")


class Indexer:
    """Works off what waits. `start`, `wake` after every commit, and `stop` when the node ends."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._position = 0
        self._written_at = time.monotonic()
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; what waits from before is worked off first."""
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what still waits is found again at the next start."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self, position: int) -> None:
        """Note that events were written, up to a position. Cheap, for the writer's thread.

        What the indexer itself writes brings no events, and so does not wake it.
        """
        if position != self._position:
            self._position = position
            self._written_at = time.monotonic()
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait()
            self._wake.clear()
            try:
                while not self._stopping and not self._time_has_come():
                    time.sleep(LOOK_EVERY_S / 5)
                while not self._stopping and self._log.write(_work_off).result:
                    time.sleep(GAP_S if self._is_quiet() else PAUSE_S)
            except WriterStopped:
                return
            except Exception:
                logger.exception("what waits was not indexed; tried again after the next write")

    def _is_quiet(self) -> bool:
        return time.monotonic() - self._written_at >= QUIET_S

    def _time_has_come(self) -> bool:
        if self._is_quiet():
            return True
        with self._log.reading() as connection:
            return waiting.count(connection) >= MANY


def _work_off(transaction: Transaction) -> int:
    return waiting.work_off(transaction.connection, AT_ONCE)
