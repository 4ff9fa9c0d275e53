"""Whether a Litestream that runs still does anything: it may hang, and a hung one is ended.

Three things tell of a hang, each harder to be sure of than the one before:

1. `GET /info`, which costs it nothing however busy it is, stays without an answer.
2. A confirmation that was asked for stays without any answer, and so does a question for the local
   part of it alone, while the process writes nothing.
3. The local part is answered, and still nothing comes of the upload, and nothing is written.

One that is busy writes: a snapshot or a long upload goes to a file or a line, 2 KB/s of it on the
slowest line that is planned for. In the third case the place of the replica may just be away, and
Litestream tries on by itself; but an upload into a connection that is dead and was never closed
holds up all others for ever. So that is waited for much longer, and after each end that has helped
nothing twice as long, because an upload that was broken off begins anew.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from sync.keeping.control import ControlError, ControlSocket

SILENCE_LIMIT_S = 30.0
# Of the limit: how often it is looked, and how much longer the place of the replica may be away.
LOOKS = 6
LONGER_FOR_UPLOADS = 10
LONGEST_LIMIT_S = 3600.0
# Less than the slowest line carries. What it takes to answer this node is not work.
LEAST_BYTES_A_S = 512
ANSWER_BYTES = 512


class Pulse:
    """What the running Litestream was seen to do; the keeper's thread looks."""

    def __init__(self, databases: Sequence[Path], limit_s: float = SILENCE_LIMIT_S) -> None:
        self._databases = databases
        self._limit_s = limit_s
        self._upload_limit_s = LONGER_FOR_UPLOADS * limit_s
        # By database: since when a confirmation is waited for. Written by those who ask.
        self._asked_since: dict[str, float] = {}
        self._pid = 0
        self._looked_at = self._answered_at = self._local_at = self._worked_at = 0.0
        self._written_bytes = 0
        self.complaint = ""
        """What is wrong with the process now, "" where nothing is."""

    def begin(self, pid: int) -> None:
        """Look at another process from now on."""
        now = time.monotonic()
        self._pid = pid
        self._looked_at = self._answered_at = self._local_at = self._worked_at = now
        self._written_bytes = _written_bytes(pid)
        self._asked_since.clear()
        self.complaint = ""

    def note_unanswered(self, name: str, asked_at: float) -> None:
        """Take note that a confirmation of that database was asked for and not answered."""
        self._asked_since.setdefault(name, asked_at)

    def note_answer(self, name: str, *, confirmed: bool) -> None:
        """Take note that one was answered; a refusal is an answer, too."""
        self._asked_since.pop(name, None)
        if confirmed:
            self._upload_limit_s = LONGER_FOR_UPLOADS * self._limit_s

    def hangs(self, control: ControlSocket) -> bool:
        """Return whether the process is to be ended; `complaint` says why.

        It looks a few times within the limit, and waits for answers in between as long as that.
        """
        look_s = self._limit_s / LOOKS
        if time.monotonic() - self._looked_at < look_s:
            return False
        answered = _answers(control, "GET", "/info", None, look_s)
        if answered:
            self._answered_at = time.monotonic()
        silent_s = time.monotonic() - self._answered_at
        is_stuck = answered and self._is_stuck(control, look_s)
        if silent_s > 2 * look_s:
            self.complaint = f"Litestream has not answered for {silent_s:.0f} s"
        elif not is_stuck:
            self.complaint = ""
        self._looked_at = time.monotonic()
        return is_stuck or silent_s > self._limit_s

    def works(self) -> bool:
        """Return whether the process wrote anything of note within the limit for uploads."""
        return self._idle_s() < self._upload_limit_s

    def _is_stuck(self, control: ControlSocket, look_s: float) -> bool:
        """Return whether it has left those who ask waiting for too long, and did nothing else."""
        waiting = self._asked_since.copy().values()
        now = time.monotonic()
        if not waiting:
            self._local_at = self._worked_at = now
            self._written_bytes = _written_bytes(self._pid)
            return False
        if all(
            _answers(control, "POST", "/sync", {"path": str(database)}, look_s)
            for database in self._databases
        ):
            self._local_at = now
        self._written_bytes += ANSWER_BYTES * (1 + len(self._databases))
        idle_s = min(self._idle_s(), now - min(waiting))
        if idle_s > self._limit_s and now - self._local_at > self._limit_s:
            self.complaint = f"Litestream has done nothing for {idle_s:.0f} s, though asked"
            return True
        if idle_s > self._upload_limit_s:
            self.complaint = f"Litestream has uploaded nothing for {idle_s:.0f} s, though asked"
            self._upload_limit_s = min(2 * self._upload_limit_s, LONGEST_LIMIT_S)
            return True
        return False

    def _idle_s(self) -> float:
        """Return for how long the process has written next to nothing."""
        now, written = time.monotonic(), _written_bytes(self._pid)
        least = LEAST_BYTES_A_S * (now - self._worked_at)
        if written < 0 or written - self._written_bytes > least:
            self._worked_at, self._written_bytes = now, written
        return now - self._worked_at


def _answers(
    control: ControlSocket,
    method: str,
    target: str,
    body: dict[str, object] | None,
    within_s: float,
) -> bool:
    """Return whether anything came back in time, be it a refusal."""
    try:
        control.request(method, target, body, timeout_s=within_s)
    except ControlError as error:
        return error.answered
    return True


def _written_bytes(pid: int) -> int:
    """Return how much a process ever wrote, to files and to lines; -1 where nobody may know."""
    try:
        for line in Path(f"/proc/{pid}/io").read_text("ascii").splitlines():
            if line.startswith("wchar:"):
                return int(line.split()[1])
    except OSError:
        pass
    return -1
