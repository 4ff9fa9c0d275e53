"""The rehearsal of a restore: each night, from the replica into a temporary place, and compared.

A backup is what was restored (DESIGN decision 22). The work is done by a process of its own
(`server.command_line.rehearsing`), for a replay of a large log would hold everybody up. What came
of it stands in a small file beside the database, for the console and for commands.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from acts.shanghai import moment_of
from eventlog.clock import system_clock_ms
from eventlog.files import write_atomically
from eventlog.worker import Worker

FILE_NAME = "rehearsed.json"
HOUR_MS = 3600_000
DAY_MS = 24 * HOUR_MS
# The first one waits until a start is over, and a failed one for the repair.
FIRST_AFTER_S = 600.0
AGAIN_AFTER_MS = HOUR_MS
LOOK_EVERY_S = 60.0
NIGHT_HOURS = range(1, 5)
# A laptop is off at night: then by day.
LATEST_MS = 36 * HOUR_MS
# For so long a good rehearsal stands for the replica. Snapshots are kept for longer than this and
# the day between two of them, so the one that was rehearsed outlives it.
STANDS_FOR_MS = 3 * DAY_MS
WITHIN_S = 4 * 3600.0


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a rehearsal.

    - `at_ms`: when it ended, milliseconds since 1970.
    - `ok`: whether a restore would bring back all that was durable when it began.
    - `code`, `what`: else why not: `damaged` (in the replica), `damaged-here`, `differs`,
      `behind`, `no-room`, `unreachable`, `failed`.
    - `state_hash`: of the restored log; `events` and `photos` how much it had.
    - `took_s`: for how long it was restored and compared.
    - `good_at_ms`: when the newest good one ended; 0 for never.
    """

    at_ms: int
    ok: bool
    code: str = ""
    what: str = ""
    state_hash: str = ""
    events: int = 0
    photos: int = 0
    took_s: float = 0.0
    good_at_ms: int = 0

    def stands(self, now_ms: int) -> bool:
        """Return whether a good one is young enough for older snapshots to go."""
        return 0 <= now_ms - self.good_at_ms < STANDS_FOR_MS


def read_rehearsed(folder: Path) -> Rehearsed | None:
    """Return what came of the newest rehearsal, None where there was none."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Rehearsed)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def keep_rehearsed(folder: Path, rehearsed: Rehearsed) -> Rehearsed:
    """Write down what came of a rehearsal, with when there was a good one, and return it."""
    before = read_rehearsed(folder)
    good_at_ms = rehearsed.at_ms if rehearsed.ok else before.good_at_ms if before else 0
    rehearsed = msgspec.structs.replace(rehearsed, good_at_ms=good_at_ms)
    write_atomically(folder / FILE_NAME, msgspec.json.encode(rehearsed))
    return rehearsed


def is_due(last: Rehearsed | None, now_ms: int) -> bool:
    """Return whether it is time: at night, or by day where there was no night."""
    if last is None:
        return True
    age_ms = now_ms - last.at_ms
    if age_ms < 0 or age_ms > LATEST_MS:
        return True
    if not last.ok:
        return age_ms > AGAIN_AFTER_MS
    # Half a day, so that one at four o'clock is followed by one at one.
    return age_ms > DAY_MS // 2 and moment_of(now_ms).hour in NIGHT_HOURS


class Rehearser:
    """Rehearses each night while the node runs. `start`, and `stop` at the end."""

    def __init__(
        self,
        folder: Path,
        replica_url: str,
        *,
        ready: Callable[[], bool],
        came: Callable[[Rehearsed], None],
        now_ms: Callable[[], int] = system_clock_ms,
        first_after_s: float = FIRST_AFTER_S,
    ) -> None:
        """`ready` says whether the replica is current; `came` is told what came of it."""
        self._folder = folder
        self._replica_url = replica_url
        self._ready = ready
        self._came = came
        self._now_ms = now_ms
        self._first_after_s = first_after_s
        self._worker = Worker("rehearsal", self._step)
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to look whether it is time."""
        self._worker.start(self._first_after_s)

    def stop(self) -> None:
        """End; a rehearsal that is under way is given up."""
        self._worker.stop(interrupt=self._give_up)

    def _give_up(self) -> None:
        with self._lock:
            if self._child is not None:
                self._child.kill()

    def _step(self) -> float:
        if is_due(read_rehearsed(self._folder), self._now_ms()) and self._ready():
            self._rehearse()
        return LOOK_EVERY_S

    def _rehearse(self) -> None:
        command = [sys.executable, "-m", "server.command_line.rehearsing", str(self._folder)]
        with self._lock:
            if self._worker.stopping:
                return
            # The address by the environment: it may hold a password.
            self._child = subprocess.Popen(
                command,
                env={**os.environ, "HUIYIN_REPLICA": self._replica_url},
                stdout=subprocess.DEVNULL,
            )
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._child.pid, 19)
        try:
            self._child.wait(WITHIN_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        with self._lock:
            self._child = None
        rehearsed = read_rehearsed(self._folder)
        if rehearsed is not None and not self._worker.stopping:
            self._came(rehearsed)
