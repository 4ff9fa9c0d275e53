"""Processes that render and write the pages of a large fresh site side by side."""

import multiprocessing
import select
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType

from publisher.sources import PageSource

# So many pages at a time are some ten kilobytes on their way, and twenty milliseconds of work.
_TOGETHER = 8


class PagesNotWrittenError(Exception):
    """A process that writes pages has failed; it has told of its error on stderr."""


class PageWriters:
    """Some processes that call `write` with each page, in any order, until the `with` ends.

    They are forked, so no other thread may be running. Whoever hands the pages over and is killed
    takes them along, for each ends with the pipe that it reads from.
    """

    def __init__(self, write: Callable[[PageSource], object], processes: int) -> None:
        fork = multiprocessing.get_context("fork")
        self._waiting: list[PageSource] = []
        self._processes = []
        self._pipes: list[Connection] = []
        for _ in range(processes):
            reading, writing = fork.Pipe(duplex=False)
            process = fork.Process(target=_write_all, args=(write, reading, writing), daemon=True)
            process.start()
            reading.close()
            self._processes.append(process)
            self._pipes.append(writing)

    def __enter__(self) -> "PageWriters":
        """These writers."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Waits until all pages are written. Raises PagesNotWrittenError."""
        if error is not None:
            for process in self._processes:
                process.terminate()
        else:
            self._hand_over()
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join()
        if error is None and any(process.exitcode for process in self._processes):
            raise PagesNotWrittenError

    def write(self, source: PageSource) -> None:
        """Has a page written, sooner or later."""
        self._waiting.append(source)
        if len(self._waiting) == _TOGETHER:
            self._hand_over()

    def _hand_over(self) -> None:
        if not self._waiting:
            return
        _, ready, _ = select.select([], self._pipes, [])
        pipe = ready[0]
        # The others come first the next time.
        self._pipes.remove(pipe)
        self._pipes.append(pipe)
        try:
            pipe.send(self._waiting)
        except BrokenPipeError as error:
            raise PagesNotWrittenError from error
        self._waiting = []


def _write_all(
    write: Callable[[PageSource], object], reading: Connection, writing: Connection
) -> None:
    """Writes what comes until the other end is closed."""
    writing.close()
    while True:
        try:
            sources = reading.recv()
        except EOFError:
            return
        for source in sources:
            write(source)
