"""Crash points: where a node may die, by name, so that the fault tests can make it die there.

Nothing is done at any of them unless the environment names one (`HUIYIN_DIE_AT=commit-made`, or
`commit-made:7` for the seventh time): then the process kills itself, as a power cut would, without
a word and without anything written any more.
"""

import os
import signal
import threading
from enum import StrEnum

VARIABLE = "HUIYIN_DIE_AT"


class CrashPoint(StrEnum):
    """Where a process may be made to die; the names are what the tests and the variable say."""

    # Of the log, on any node.
    APPENDED = "appended"
    COMMITTING = "committing"
    COMMITTED = "commit-made"
    # Of whole files: keys, marks, the role.
    FILE_WRITTEN = "file-written"
    FILE_RENAMED = "file-renamed"
    # Of a restore: a database is in its place; all is, and the mark goes next.
    DATABASE_RESTORED = "database-restored"
    RESTORED = "restored"
    # Of the hub's side of a round.
    ANSWERING = "answering"
    ANSWERED = "answered"
    # Of the lower node's side.
    ASKING = "asking"
    ANSWER_CAME = "answer-came"
    CURSOR_MOVED = "cursor-moved"
    SETTLED = "settled"
    ROUND_MADE = "round-made"
    # Of the site: a page that is published, and all of it in the place of the old one.
    PAGE_WRITTEN = "page-written"
    PAGE_RENAMED = "page-renamed"
    SITE_BUILT = "site-built"
    SITE_SWAPPED = "site-swapped"


class _Countdown:
    """How many times the named point is still to be reached; none is named as a rule."""

    def __init__(self, told: str) -> None:
        self.label, _, count = told.partition(":")
        self._left = int(count or 1)
        self._lock = threading.Lock()

    def is_over(self) -> bool:
        """Return whether the point was reached for the last time."""
        with self._lock:
            self._left -= 1
            return self._left == 0


_countdown = _Countdown(os.environ.get(VARIABLE, ""))


def reached(point: CrashPoint) -> None:
    """Kill this process where the environment says that it dies here; else do nothing."""
    if _countdown.label == point and _countdown.is_over():
        os.kill(os.getpid(), signal.SIGKILL)
