"""The indexer: a thread that indexes and counts what was written, in quiet moments.

A submission writes a short row of what waits (`matters/waiting.py`), and lists look at what waits
as well. Here it is worked off: when nothing was written for a moment, or when much waits.
"""

import logging
import threading
import time

from eventlog.log import Log
from eventlog.transaction import Transaction
from eventlog.writer import WriterStopped
from matters import waiting

# Nothing was written for so long, or so many wait: then it is time.
QUIET_S = 1.0
MANY = 2_000
LOOK_EVERY_S = 0.5
# So few in one transaction that intake breathes.
AT_ONCE = 256

logger = logging.getLogger("huiyin.indexer")


class Indexer:
    """Works off what waits. `start`, `wake` after every commit, and `stop` when the node ends."""

    def __init__(self, log: Log) -> None:
        self._log = log
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

    def wake(self) -> None:
        """Note that something was written. Cheap, for the writer's thread."""
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
                    pass
                self._wake.clear()
            except WriterStopped:
                return
            except Exception:
                logger.exception("what waits was not indexed; tried again after the next write")

    def _time_has_come(self) -> bool:
        if time.monotonic() - self._written_at >= QUIET_S:
            return True
        with self._log.reading() as connection:
            return waiting.count(connection) >= MANY


def _work_off(transaction: Transaction) -> int:
    return waiting.work_off(transaction.connection, AT_ONCE)
