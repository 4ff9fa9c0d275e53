"""A worker: one supervised thread that makes a step, pauses, and makes the next.

What the threads of a node have in common stands here: that they are woken, end in time, and
outlive an error, which is told and tried again after a pause that grows. Whatever it is: for want
of descriptors, memory or threads anything may fail anywhere, and afterwards all has to go on.
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress

from eventlog.writer import WriterStopped

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 20.0
DEAD = "its thread has ended"

_started: "weakref.WeakSet[Worker]" = weakref.WeakSet()


class Bell:
    """Rung by many, waited for by one; a ring before the wait counts, two count as one.

    On one bare lock: what fails in the middle of a `threading.Event` leaves it locked for good.
    """

    def __init__(self) -> None:
        self._silent = threading.Lock()
        self._silent.acquire()

    def ring(self) -> None:
        """End the wait, or the next one."""
        with suppress(RuntimeError):  # It was rung already.
            self._silent.release()

    def wait(self, seconds: float | None = None) -> None:
        """Return once it is rung, or after a while."""
        self._silent.acquire(timeout=-1 if seconds is None else max(0.0, seconds))


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
        self.name = name
        self._step = step
        self._foreseen = foreseen
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._logger = logging.getLogger(f"huiyin.{name}")
        self._wake = Bell()
        self._hurry = Bell()
        self._end = Bell()
        self._stopping = False
        self._thread: threading.Thread | None = None
        # Ended with the writer: the node is stopping.
        self._over = False
        self.last_error: BaseException | None = None
        """Why the last step failed, None where it did not."""

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_dead(self) -> bool:
        """Whether the thread should run, and does not."""
        return not (self.alive or self.stopping or self._over) and self._thread is not None

    @property
    def stopping(self) -> bool:
        """Whether it was told to end: a long step looks at this between its parts."""
        return self._stopping

    def start(self, after_s: float = 0.0) -> None:
        """Make the first step, after a while or once woken. Nothing where it runs already."""
        if self.alive:
            return
        self._stopping = self._over = False
        # What was rung before is no reason to cut a pause; to wake is.
        self._hurry.wait(0)
        self._end.wait(0)
        thread = threading.Thread(target=self._live, args=(after_s,), name=self.name, daemon=True)
        thread.start()
        self._thread = thread
        _started.add(self)

    def stop(
        self, timeout_s: float | None = None, *, interrupt: Callable[[], None] = lambda: None
    ) -> None:
        """End the thread once its step is over, or leave it behind after `timeout_s`.

        `interrupt` breaks off what a step waits for, once no other will be made.
        """
        self._stopping = True
        self._end.ring()
        _started.discard(self)
        self.hurry()
        interrupt()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def wake(self) -> None:
        """End the pause, except one after an error. Cheap, for the writer's thread."""
        self._wake.ring()

    def hurry(self) -> None:
        """End the pause, also one after an error."""
        self._hurry.ring()
        self._wake.ring()

    def rest(self, seconds: float) -> bool:
        """Wait within a step, whoever wakes; return False at once where it was told to end."""
        if not self._stopping:
            self._end.wait(seconds)
        return not self._stopping

    def _live(self, after_s: float) -> None:
        """Run, and go on where even telling of an error failed, for want of memory or a lock."""
        while True:
            try:
                return self._run(after_s)
            except BaseException:
                time.sleep(self._first_pause_s)

    def _run(self, after_s: float) -> None:
        """Make steps until it is told to end; no error of a step, of whatever kind, ends it."""
        pause_s: float | None = after_s
        failures = 0
        while True:
            try:
                self._wake.wait(pause_s)
                if self.stopping:
                    return
                pause_s = self._step()
            except WriterStopped:
                self._over = True
                return
            except BaseException as error:
                self.last_error = error
                if self.stopping:
                    return
                pause_s = min(self._first_pause_s * 2.0 ** min(failures, 16), self._longest_pause_s)
                failures += 1
                self._tell(error, failures, pause_s)
                # What it holds on to may be what there is too little of.
                error.__traceback__ = None
                self._hurry.wait(pause_s)
                pause_s = 0.0
            else:
                self.last_error, failures = None, 0

    def _tell(self, error: BaseException, failures: int, pause_s: float) -> None:
        """Log an error, where it came from at the first of a row only."""
        if isinstance(error, self._foreseen):
            return
        first = failures == 1
        self._logger.error(
            "a step failed, %s; the next is in %.1f s",
            *(told(error), pause_s),
            exc_info=error if first else None,
        )


def troubles() -> dict[str, str]:
    """Return why each worker of this process that should work doesn't, by its name.

    An error of its last step, or `DEAD` where its thread is gone, which nothing is known to bring
    about.
    """
    known: dict[str, str] = {}
    for worker in list(_started):
        if worker.is_dead:
            known[worker.name] = DEAD
        elif worker.last_error is not None:
            known[worker.name] = told(worker.last_error)
    return known


def told(error: BaseException | None) -> str:
    """Return an error as people are told of it, "" for none."""
    return "" if error is None else f"{type(error).__name__}: {error}"
