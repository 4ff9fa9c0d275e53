"""Publishing: a thread that follows the log and keeps the static site up to date.

It has read the log up to a position that it keeps in a small file beside the site. A crash leaves
the old pages whole; at the next start it goes on from that position, or builds anew where it can't
tell.
"""

import hashlib
import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import msgspec

from acts.shanghai import day_of
from eventlog.clock import system_clock_ms
from eventlog.database import connect, copied_moment
from eventlog.files import write_atomically
from eventlog.log import Log
from eventlog.worker import Worker, told
from matters.public.notices import ListKind
from matters.public.public import NoticeShelf
from matters.registers.county import County
from publisher.content import Content
from publisher.frame import Frame
from publisher.machinery import REPOSITORY
from publisher.server_pages import AskedPages
from publisher.site import Publisher
from publisher.writing.squeezing import squeeze
from publisher.writing.touched import Changes
from server.county.bare_content import registers_only
from server.county.county_registers import CountyRegisters
from server.search.keeper import SearchKeeper
from server.site import site_building
from server.site.site_building import Building, Standing
from server.site.site_content import read_content
from server.site.site_news import News, news_since

LOOK_EVERY_S = 1.0
# Least time between two looks, so that a burst of commits is followed as one.
PAUSE_S = 0.1
# How often a build in a child process looks whether the node is stopping.
CHILD_LOOK_S = 0.2
# New matters alone change only the counts, which follow at this pace or slower.
COUNTS_EVERY_S = 5.0
NOTICES_AT_ONCE = 50
MARK_BYTES = 4
# A site of more notices is built by several processes.
ALONE_MOST = 300
# Up to so many notices, deputies and stations are built before anybody is served, in under a
# second; a site of more is built meanwhile.
BEFORE_MOST = 100
# A build that has not ended by then hangs: it is ended, and begun anew.
BUILD_MOST_S = 2 * 3600.0
# A site that was built quickly is squeezed once nothing has changed for so long.
SQUEEZE_AFTER_S = 3.0

_MADE_WITH = (REPOSITORY / "site", Path(__file__).parents[1] / "templates" / "public")
_MADE_WITH_KINDS = (".py", ".js", ".html", ".css", ".md", ".yml", ".csv")
# Another version of these may give other bytes.
_MADE_BY = ("mkdocs", "mkdocs-material", "jinja2", "markdown", "brotli", "zstandard", "pillow")


logger = logging.getLogger("huiyin.publishing")


class SiteBuildError(Exception):
    """The whole site could not be built; what the child process said of it."""


class SiteState(msgspec.Struct):
    """Up to where the site is built: arrival position, its own day (for the rota), its address.

    `made_by` marks the program and templates that made it; others make it anew.
    """

    position: int
    day: str
    address: str
    made_by: str = ""


def program_mark() -> str:
    """Return a mark of everything that the site is made with: templates, texts, code, libraries."""
    running = hashlib.sha256(zlib.ZLIB_RUNTIME_VERSION.encode())
    for name in _MADE_BY:
        running.update(f"{name} {version(name)}\n".encode())
    for folder in _MADE_WITH:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in _MADE_WITH_KINDS:
                running.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return running.hexdigest()[:16]


class SiteKeeper:
    """Keeps the site of one node. `start`, and `stop` when the node ends.

    With `copied` the site is a copy of the hub's, which others bring (`server.site.site_copy`):
    then it is never built, and only the search and the frame of the server's own pages are kept.
    """

    def __init__(
        self,
        log: Log,
        folder: Path,
        address: str,
        registers: Callable[[], CountyRegisters],
        *,
        copied: bool = False,
    ) -> None:
        self.out = folder / "site"
        self._copied = copied
        self._state_file = folder / "site.json"
        self._log = log
        self._folder = folder
        self._address = address
        self._registers = registers
        self._worker = Worker("publishing", self._follow)
        self._connection: sqlite3.Connection | None = None
        self._frame: Frame | None = None
        self._framed: County | None = None
        self._publisher: Publisher | None = None
        self._asked: AskedPages | None = None
        # Never held during a build: a person who asks for a page meanwhile must not wait for it.
        self._making = threading.RLock()
        self._made_by = program_mark()
        self.search = SearchKeeper(log, folder)
        self.built_position = 0
        # Of the site as it stands, for whoever keeps a copy: another once a page may be another.
        self.mark = b""
        self._read_up_to = 0
        self._counts_stale = False
        self._counts_due = 0.0
        self._squeezing = squeeze(self.out)
        self._squeeze_at = 0.0
        # What is under way or went wrong, None where the site is as it should be.
        self._building = site_building.read(folder)

    @property
    def asked(self) -> AskedPages:
        """What makes the frame and the form for people who ask; made at the first call."""
        with self._making:
            if self._asked is None:
                self._asked = AskedPages(lambda: registers_only(self._registers()), self._address)
            return self._asked

    def frame(self) -> Frame:
        """Return the frame for the server's own pages, as the county is now."""
        county = self._registers().county
        with self._making:
            # No build tells a copy that the county has changed.
            if self._frame is None or (self._copied and county != self._framed):
                self._frame = self.asked.frame()
                self._framed = county
            return self._frame

    def start(self) -> None:
        """Follow the log in a thread, which also builds the site where there is none.

        Nobody is to wait for a build who has something to say: it takes minutes at 25,000 notices.
        Only a county with next to none is built first, for that is quicker than another process.
        """
        state = self._read_state()
        if self._copied:
            self._bring_up_to_date()
        elif state is not None and self._stands():
            self._note_made(state)
        elif self._is_small():
            try:
                self._bring_up_to_date()
            except Exception as error:
                # The thread tries again.
                logger.exception("the site could not be built before the start")
                self._note_building(told(error))
        self._squeeze_at = time.monotonic() + SQUEEZE_AFTER_S
        self._worker.start()

    def stop(self) -> None:
        """End the thread; a page that is being written is finished."""
        self._worker.stop()
        self.search.close()
        self._close()

    def wake(self) -> None:
        """Look at the log now: something was committed. Called on the writer thread."""
        self._worker.wake()

    @property
    def last_error(self) -> str:
        """Why the site could not be brought up to date the last time, "" where it could."""
        return told(self._worker.last_error)

    @property
    def standing(self) -> Standing:
        """Whether the site is as it should be, is being built whole, or could not be brought so."""
        if self._worker.last_error is not None:
            return "failed"
        return "ready" if self._building is None else "building"

    def _is_small(self) -> bool:
        """Return whether the site has so few pages that it is built before anybody is served."""
        registers = self._registers()
        with self._log.reading() as connection:
            notices = NoticeShelf(connection).extent(ListKind.ALL, "").places
        return notices + len(registers.deputies) + len(registers.stations) <= BEFORE_MOST

    def _content(self) -> Content:
        """The whole content, for the publishing thread, which owns the connection."""
        if self._connection is None:
            self._connection = connect(self._log.path, read_only=True)
        return read_content(self._connection, self._log.now_ms())

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _resident(self) -> Publisher:
        """The publisher of the publishing thread; made at the first change."""
        if self._publisher is None:
            self._publisher = Publisher(self._content, self.out, base_url=self._address)
        return self._publisher

    def _follow(self) -> float:
        """Bring site and search up to date. Where it fails, the old pages stand."""
        if not self._worker.rest(PAUSE_S):
            return 0.0
        try:
            if self._bring_up_to_date():
                self._squeeze_at = time.monotonic() + SQUEEZE_AFTER_S
        except Exception as error:
            self._note_building(told(error))
            raise
        if self._building is not None and not self._worker.stopping:
            self._building = None
            site_building.clear(self._folder)
        if self.search.follow(self._read_up_to):
            return 0.0
        squeezed = time.monotonic() >= self._squeeze_at and next(self._squeezing, None)
        return 0.0 if squeezed else LOOK_EVERY_S

    def _bring_up_to_date(self) -> bool:
        """Return whether a page may be another now."""
        if self._copied:
            # It told of pages that were built here, should this have been a hub.
            self._state_file.unlink(missing_ok=True)
            self._read_up_to = self._log.newest_position()
            # Made before anybody asks: the first takes a second or more.
            self.frame()
            return False
        state = self._read_state()
        anew = (
            state is None
            or not self._stands()
            or (state.address, state.made_by) != (self._address, self._made_by)
        )
        if anew or state is None:
            # Nothing that happened need be looked at: all of it is written.
            news = News(Changes(), counts=False, position=self._log.newest_position())
        else:
            with self._log.reading() as connection:
                news = news_since(connection, max(self._read_up_to, state.position))
        day = str(day_of(self._log.now_ms()))
        began = time.monotonic()
        if (
            anew
            or state is None
            or news.changes.everything
            or len(news.changes.notices) > NOTICES_AT_ONCE
        ):
            if not self._build():
                return False
            self._squeezing = squeeze(self.out)
            with self._making:
                self._frame = None
        elif news.changes != Changes() or state.day != day:
            new_day = state.day != day
            self._resident().publish(
                replace(news.changes, registers=news.changes.registers or new_day)
            )
        elif (self._counts_stale or news.counts) and began >= self._counts_due:
            self._resident().publish(Changes())
        else:
            # Nothing of it has to be looked at again but that the counts have moved.
            self._read_up_to = news.position
            self._counts_stale = self._counts_stale or news.counts
            return False
        # Only now, for what failed above is tried again with the same news.
        self._read_up_to = news.position
        self._counts_stale = False
        took_s = time.monotonic() - began
        self._counts_due = time.monotonic() + max(COUNTS_EVERY_S, 20 * took_s)
        made = SiteState(news.position, day, self._address, self._made_by)
        write_atomically(self._state_file, msgspec.json.encode(made))
        self._note_made(made)
        return True

    def _stands(self) -> bool:
        return (self.out / "index.html").exists()

    def _note_made(self, made: SiteState) -> None:
        self.built_position = made.position
        self.mark = hashlib.sha256(msgspec.json.encode(made)).digest()[:MARK_BYTES]

    def _note_building(self, error: str = "") -> None:
        """Note that a build is under way, or why it failed; since when does not change by that."""
        since_ms = self._log.now_ms() if self._building is None else self._building.since_ms
        self._building = Building(since_ms, error[-site_building.ERROR_MOST :])
        site_building.note(self._folder, self._building)

    def _build(self) -> bool:
        """Build the whole site quickly; return False where the node is stopping."""
        if self._worker.alive:
            self._note_building()
            return self._build_in_child()
        # Nobody is served yet who could be kept waiting, and another process takes longer to load.
        self._resident().build_full(quick=True)
        self._close()
        return True

    def _build_in_child(self) -> bool:
        """Build the whole site in a process of its own, so that intake keeps its core.

        Return False where the node is stopping and the build was given up. Raises SiteBuildError.
        """
        command = [sys.executable, "-m", "server.site"]
        command += [str(self._log.path), str(self.out), self._address, str(self._log.now_ms())]
        with tempfile.TemporaryFile("w+") as errors:
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
            try:
                # Made while the child loads, for whoever asks first would wait for it.
                self.frame()
                code = self._ended(child)
            finally:
                # The old pages stand; the next start, or the next try, builds again.
                child.kill()
                child.wait()
            if code is None and self._worker.stopping:
                return False
            if code is None:
                raise SiteBuildError(f"not built within {BUILD_MOST_S:.0f} s")
            if code != 0:
                errors.seek(0)
                raise SiteBuildError(errors.read()[-2000:] or f"the build ended with {code}")
        return True

    def _ended(self, child: "subprocess.Popen[bytes]") -> int | None:
        """Return with what a build ended; None where the node is stopping, or it hangs."""
        until = time.monotonic() + BUILD_MOST_S
        while not self._worker.stopping and time.monotonic() < until:
            try:
                return child.wait(CHILD_LOOK_S)
            except subprocess.TimeoutExpired:
                continue
        return None

    def _read_state(self) -> SiteState | None:
        try:
            return msgspec.json.decode(self._state_file.read_bytes(), type=SiteState)
        except (FileNotFoundError, msgspec.DecodeError):
            return None


def build_whole(
    database: Path,
    out: Path,
    *,
    base_url: str,
    server_url: str,
    from_files: bool = False,
    quick: bool = False,
    now_ms: int | None = None,
) -> None:
    """Write the whole site of a database to `out`; a `quick` one is to be squeezed later.

    `now_ms` is the time as the node knows it, by default that of the system clock.
    Where there are many notices this forks: no other thread may be running.
    """
    processes = len(os.sched_getaffinity(0))
    # All pages speak of the same moment.
    with copied_moment(database) as connection:
        content = read_content(connection, system_clock_ms() if now_ms is None else now_ms)
        places = content.notices.extent(ListKind.ALL, "").places
        publisher = Publisher(lambda: content, out, base_url, server_url, from_files=from_files)
        publisher.build_full(quick=quick, processes=processes if places > ALONE_MOST else 0)
