"""How far a round of a copy is, for whoever waits for it."""

from collections.abc import Callable
from typing import NamedTuple

from sync.mirror.manifest import Change


class Progress(NamedTuple):
    """How far a round is. Left and done are files and their sizes, as listed.

    `fetched_bytes` is what came, coded. What could not be had is counted as left.
    """

    files_done: int
    files_left: int
    bytes_done: int
    bytes_left: int
    fetched_bytes: int


class Tally:
    """Counts what a round did, and reports it after each file and each piece."""

    def __init__(
        self, coming: list[Change], report: Callable[[Progress], None] | None = None
    ) -> None:
        self._report = report
        self._files = len(coming)
        self._bytes = sum(one.size or 0 for one in coming)
        self._files_done = self._bytes_done = self._fetched = 0

    def did(self, change: Change) -> None:
        """Count a file as done."""
        self._files_done += 1
        self._bytes_done += change.size or 0
        self._tell()

    def came(self, size: int) -> None:
        """Count bytes that came over the line."""
        self._fetched += size
        self._tell()

    def progress(self) -> Progress:
        """Return how far the round is."""
        return Progress(
            self._files_done,
            self._files - self._files_done,
            self._bytes_done,
            self._bytes - self._bytes_done,
            self._fetched,
        )

    def _tell(self) -> None:
        if self._report is not None:
            self._report(self.progress())
