"""Follows the hub's site: fetches what changed, in a thread of its own, so that no matter waits."""

import logging
import threading
from collections.abc import Callable

from server.site.site_copy import SiteCopy, SiteNotReached, SiteNotTrusted
from sync.mirror.progress import Progress

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 600.0

logger = logging.getLogger("huiyin.site")


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
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.progress: Progress | None = None
        self.failure = ""

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="site-copy", daemon=True)
        self._thread.start()

    def follow(self, mark: bytes) -> None:
        """Fetch the site of that mark, soon."""
        self._wanted = mark
        self._wake.set()

    def stop(self) -> None:
        """End it; a round that is cut goes on at the next start."""
        self._stopping.set()
        self._wake.set()
        self._copy.close()
        if self._thread is not None:
            self._thread.join(0.5)

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            if self._stopping.is_set():
                return
            mark = self._wanted
            try:
                url, verify_key = self._hub()
                self._copy.fetch_round(url, verify_key, report=self._report)
                self._done(mark)
                self.failure, pause_s = "", FIRST_PAUSE_S
            except Exception as error:
                if not isinstance(error, (SiteNotReached, SiteNotTrusted, OSError)):
                    logger.exception("the site was not fetched, in a way that was not foreseen")
                self.failure = str(error) or type(error).__name__
                self._stopping.wait(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                self._wake.set()

    def _report(self, progress: Progress) -> None:
        self.progress = progress
