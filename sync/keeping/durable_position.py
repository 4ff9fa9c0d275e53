"""Up to where the replica has a log, for commands that run beside the server: a small file.

Positions are of one voice of the log, so a database that was put back is not taken for the one of
before, whose positions were given again.
"""

import time
from collections.abc import Callable
from pathlib import Path

from eventlog.files import write_atomically

FILE_NAME = "durable-position"
EVERY_S = 1.0


class DurablePosition:
    """Writes the file, at most once a second and when the node stops."""

    def __init__(
        self,
        folder: Path,
        voice: Callable[[], bytes],
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`voice` returns the id of the log in which the node writes now."""
        self._folder = folder
        self._voice = voice
        self._clock_s = clock_s
        self._written: tuple[bytes, int] | None = None
        self._written_s = float("-inf")

    def note(self, position: int, *, at_once: bool = False) -> bool:
        """Note that all up to `position` is durable; return whether the file says so now."""
        mark = (self._voice(), position)
        if mark == self._written:
            return True
        now_s = self._clock_s()
        if not at_once and now_s - self._written_s < EVERY_S:
            return False
        write_atomically(self._folder / FILE_NAME, f"{mark[0].hex()} {position}\n".encode())
        self._written, self._written_s = mark, now_s
        return True


def durable_position(folder: Path, voice: bytes) -> int:
    """Return up to which position of that voice all is durable; -1 where nothing is known."""
    try:
        told, _, position = (folder / FILE_NAME).read_text("ascii").partition(" ")
        return int(position) if told == voice.hex() else -1
    except (OSError, ValueError):
        return -1
