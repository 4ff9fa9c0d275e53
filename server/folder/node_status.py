"""`node-status.json`: how the node that serves a folder is, for commands that run beside it.

It is written again every few seconds in its own place, whose room is taken at the start: a full
disk takes it all the same. Blanks after the JSON fill it; a reader who meets a write in the middle
reads once more. It holds codes and what programs said, never anything of people.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

FILE_NAME = "node-status.json"
SIZE_BYTES = 8192
# One that is older is of a node that has died, or hangs.
FRESH_S = 20.0
_TRIES = 5


class ToldProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem as the node tells it: its code, what fills its words, what was said, since when."""

    code: str
    values: dict[str, Any] = {}
    said: str = ""
    since_ms: int = 0


class NodeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a node is: at what time, by which process, and what is wrong with it."""

    at_ms: int
    pid: int
    replica: str
    durable_lag_s: float
    problems: list[ToldProblem] = []

    @property
    def age_s(self) -> float:
        """How old it is; a clock that was set makes no old one new."""
        return abs(time.time() - self.at_ms / 1000)


class StatusFile:
    """The file as the node keeps it; one thread's own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._descriptor: int | None = None

    def write(self, status: NodeStatus) -> None:
        """Put the status in the file's place. Raises OSError."""
        content = msgspec.json.encode(status)
        if len(content) > SIZE_BYTES:
            few = [
                msgspec.structs.replace(problem, said="", values={}) for problem in status.problems
            ]
            content = msgspec.json.encode(msgspec.structs.replace(status, problems=few))
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(self._descriptor, content.ljust(SIZE_BYTES), 0)

    def end(self) -> None:
        """Remove it: nobody serves the folder any more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def read_status(folder: Path) -> NodeStatus | None:
    """Return what the node that serves a folder wrote last, None where nothing can be read."""
    for _ in range(_TRIES):
        try:
            return msgspec.json.decode((folder / FILE_NAME).read_bytes().strip(), type=NodeStatus)
        except OSError:
            return None
        except msgspec.DecodeError:
            time.sleep(0.01)
    return None
