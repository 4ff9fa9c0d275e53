"""Follows the hub's site: fetches what changed, in a thread of its own, so that no matter waits."""

from collections.abc import Callable

from eventlog.worker import Worker
from server.site.site_copy import SiteCopy, SiteNotReached, SiteNotTrusted
from sync.mirror.progress import Progress

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 600.0


class SiteFollower:
    """Fetches the site of the hub above once that has another one than is here."""

    def __init__(
        self,
        copy: SiteCopy,
        hub: Callable[[], tuple[str, bytes]],
        done: Callable[[bytes], None],
    ) -> None:
        """`hub` gives the hub's address and signing key; `done` is told of which site is here."""
        self._copy = copy
        self._hub = hub
        self._done = done
        self._wanted = b""
        self._worker = Worker(
            "site-copy",
            self._fetch,
            foreseen=(SiteNotReached, SiteNotTrusted, OSError),
            first_pause_s=FIRST_PAUSE_S,
            longest_pause_s=LONGEST_PAUSE_S,
        )
        self.progress: Progress | None = None

    @property
    def failure(self) -> str:
        """Why the last round failed, "" where it did not."""
        error = self._worker.last_error
        return "" if error is None else str(error) or type(error).__name__

    def start(self) -> None:
        """Begin to wait for a site that is to be fetched."""
        self._worker.start()

    def follow(self, mark: bytes) -> None:
        """Fetch the site of that mark, soon."""
        self._wanted = mark
        self._worker.wake()

    def stop(self) -> None:
        """End it; a round that is cut goes on at the next start."""
        self._worker.stop(0.5, interrupt=self._copy.close)

    def _fetch(self) -> None:
        mark = self._wanted
        if mark:
            url, verify_key = self._hub()
            self._copy.fetch_round(url, verify_key, report=self._report)
            self._done(mark)

    def _report(self, progress: Progress) -> None:
        self.progress = progress
