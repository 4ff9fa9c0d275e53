"""Makes a thread's own calls fail, the first, the second, and so on, as for want of memory."""

import sys
from pathlib import Path
from types import FrameType

# Not the packages, which lie below the root in a place of their own.
HOUSE = tuple(
    f"{Path(__file__).parents[2] / folder}/" for folder in ("eventlog", "sync", "server", "tests")
)

# What takes a thing from one place to another, or lets go of a lock: these do not fail.
SURE = {"append", "clear", "pop", "__exit__", "release"}


class FailingCall:
    """Raises an error at the n-th call that the house's own code makes in a thread, once armed."""

    def __init__(self, at: int, error: type[BaseException]) -> None:
        self._left = at
        self._error = error
        self.came = False

    def arm(self) -> None:
        """Count the calls of the current thread from here on; called in that thread."""
        sys.setprofile(self._count)

    def _count(self, frame: FrameType, event: str, argument: object) -> None:
        if event not in ("call", "c_call") or getattr(argument, "__name__", "") in SURE:
            return
        if not frame.f_code.co_filename.startswith(HOUSE):
            return
        self._left -= 1
        if self._left == 0:
            self.came = True
            # Python takes the hook away when it raises.
            raise self._error("injected")
