"""Commands in a fork of the test's process, which imports nothing, and dies at a crash point."""

import os

from eventlog import crash_points
from tests.hub import huiyin


def begun(*command: str, die_at: str = "") -> int:
    """Run a command in a fork of this process that dies at a crash point; return its id."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            crash_points._countdown = crash_points._Countdown(die_at)
            code = huiyin(*command, check=False).returncode
        finally:
            os._exit(code)
    return pid


def ended(pid: int) -> int:
    """Return how a process ended: minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
