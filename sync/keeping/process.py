"""How another process is ended, and how one is found that outlived its server."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from sync.keeping.concealing import scrubbed

POLL_S = 0.02


def end(process: subprocess.Popen[bytes], within_s: float) -> None:
    """End a child: by request, and by force when that took longer than `within_s`."""
    if process.poll() is None:
        process.terminate()
        # A stopped process can't act on the request.
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def end_previous(pid_file: Path, mark: str, *, timeout_s: float) -> bool:
    """End the process that the file names, if it still lives; return whether it did.

    It is ours only if an argument of its begins with `mark`: process ids are given again.
    """
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return False
    if not is_ours(pid, mark):
        return False
    deadline = time.monotonic() + timeout_s
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
        while is_ours(pid, mark):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                deadline += timeout_s
            time.sleep(POLL_S)
    return True


def kill_orphans(mark: str, *, timeout_s: float = 5.0) -> None:
    """Kill every process with an argument that begins with `mark`, and wait until all are gone.

    For what a killed command left running: one that writes into a folder that nobody else knows.
    """
    orphans = [
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdecimal() and is_ours(int(path.name), mark)
    ]
    deadline = time.monotonic() + timeout_s
    for pid in orphans:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            while is_ours(pid, mark) and time.monotonic() < deadline:
                time.sleep(POLL_S)


def is_ours(pid: int, mark: str) -> bool:
    """Return whether that process lives and has an argument that begins with `mark`."""
    return any(argument.startswith(mark) for argument in command_line(pid))


def command_line(pid: int) -> list[str]:
    """Return the arguments that a living process was started with, or none."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [] if state == "Z" else os.fsdecode(raw).split("\0")


def last_line(output: bytes) -> str:
    """Return the last line of what a program printed, shortened, and without any password."""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return scrubbed(lines[-1])[:300] if lines else ""
