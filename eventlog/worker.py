"""A worker: one supervised thread that makes a step, pauses, and makes the next.

What the threads of a node have in common stands here: that they are woken, end in time, and
outlive an error, which is told and tried again after a pause that grows.
"""

import logging
import threading
from collections.abc import Callable

from eventlog.writer import WriterStopped

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class Worker:
    """Makes one step after the other in a thread of its own. `start`, and `stop` at the end."""

    def __init__(
        self,
        name: str,
        step: Callable[[], float | None],
        *,
        foreseen: tuple[type[Exception], ...] = (),
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        """`step` returns how many seconds to pause unless woken; None: until woken.

        After an error the pause grows from `first_pause_s` to `longest_pause_s`, and `wake` does
        not cut it. Errors that are `foreseen` are told (`last_error`), but not logged.
        """
        self._name = name
        self._step = step
        self._foreseen = foreseen
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._logger = logging.getLogger(f"huiyin.{name}")
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.last_error: Exception | None = None
        """Why the last step failed, None where it did not."""

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it was told to end: a long step looks at this between its parts."""
        return self._stopping.is_set()

    def start(self, after_s: float = 0.0) -> None:
        """Make the first step, after a while or once woken. Nothing where it runs already."""
        if self.alive:
            return
        self._stopping.clear()
        self._hurry.clear()
        self._thread = threading.Thread(
            target=self._run, args=(after_s,), name=self._name, daemon=True
        )
        self._thread.start()

    def stop(
        self, timeout_s: float | None = None, *, interrupt: Callable[[], None] = lambda: None
    ) -> None:
        """End the thread once its step is over, or leave it behind after `timeout_s`.

        `interrupt` breaks off what a step waits for, once no other will be made.
        """
        self._stopping.set()
        self.hurry()
        interrupt()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def wake(self) -> None:
        """End the pause, except one after an error. Cheap, for the writer's thread."""
        self._wake.set()

    def hurry(self) -> None:
        """End the pause, also one after an error."""
        self._hurry.set()
        self._wake.set()

    def rest(self, seconds: float) -> bool:
        """Wait within a step, whoever wakes; return False at once where it was told to end."""
        return not self._stopping.wait(seconds)

    def _run(self, after_s: float) -> None:
        pause_s: float | None = after_s
        failures = 0
        while True:
            self._wake.wait(pause_s)
            self._wake.clear()
            if self.stopping:
                return
            try:
                pause_s = self._step()
            except WriterStopped:
                return
            except Exception as error:
                self.last_error = error
                if self.stopping:
                    return
                pause_s = min(self._first_pause_s * 2.0 ** min(failures, 16), self._longest_pause_s)
                failures += 1
                if not isinstance(error, self._foreseen):
                    self._logger.exception("a step failed; the next is in %.1f s", pause_s)
                self._hurry.wait(pause_s)
                self._hurry.clear()
                pause_s = 0.0
            else:
                self.last_error, failures = None, 0


def told(error: Exception | None) -> str:
    """Return an error as people are told of it, "" for none."""
    return "" if error is None else f"{type(error).__name__}: {error}"
