"""Ends the process of a node whose stop hangs: on a replica, a disk or a line that is dead.

Nothing is lost by that. What was acknowledged is on this disk, what is durable in the replica, and
a node may be killed at any moment; an orderly stop only saves the next start some work.
"""

import faulthandler
import logging
import os
import sys
import threading
import time
from typing import NoReturn

from eventlog.worker import Bell

# SIGTERM ends a node within 5 s.
END_WITHIN_S = 4.6

logger = logging.getLogger("huiyin.stop")


class LastResort:
    """A thread that is there from the start, for none might be had at the end."""

    def __init__(self, within_s: float = END_WITHIN_S) -> None:
        self._within_s = within_s
        self._told = Bell()
        threading.Thread(target=self._run, name="last-resort", daemon=True).start()

    def begin(self) -> None:
        """Count from now: the process is to end. For a signal handler."""
        self._told.ring()

    def _run(self) -> None:
        self._told.wait()
        time.sleep(self._within_s)
        logger.error("the stop took longer than %.1f s and is cut short", self._within_s)
        faulthandler.dump_traceback(sys.stderr)
        end_now()


def end_now() -> NoReturn:
    """End the process here, with what was printed written out."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
