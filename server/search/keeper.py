"""Keeps the index of the notices up to date: called by the publishing thread, after the pages.

What the index holds is compared with the database when the thread begins, and so a crash between
page and index is made up for. What waits is worked off in short pieces, the newest notices first.
"""

import logging
import sqlite3
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

from eventlog.log import Log
from matters.public.public import NoticeShelf, public_positions, touched_since
from server.search import index as search_index
from server.search.index import Entry

FILE_NAME = "search.db"
# So many notices in one transaction, and about so long at one go.
AT_ONCE = 256
PIECE_S = 0.25
FAILED_WAIT_MOST_S = 60.0
# After a sweep, so many times as long as it took none is made.
SWEEP_PAUSE = 10

logger = logging.getLogger("huiyin.search")


class _Waiting(NamedTuple):
    """A notice that is to be indexed; `old` where it comes after all that are indexed."""

    number: str
    old: bool


class SearchKeeper:
    """The index of one node. All but `path` and `making` belongs to the publishing thread."""

    def __init__(self, log: Log, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._log = log
        self._connection: sqlite3.Connection | None = None
        self._position = -1
        self._waiting: deque[_Waiting] = deque()
        self._settled = True
        # Swept once when the index has been made, too, and after a crash.
        self._swept = False
        self._sweep_due = 0.0
        self._wait_s = 0.0
        self._again_at = 0.0

    def follow(self, position: int) -> bool:
        """Bring the index up to what the pages show; True where more waits to be done at once.

        `position` is that of the newest event that the pages know of. Never raises what concerns
        the index alone: a broken one is thrown away and made anew, at longer and longer intervals.
        """
        if time.monotonic() < self._again_at:
            return False
        try:
            self._follow(position)
            self._wait_s = 0.0
        except sqlite3.DatabaseError:
            logger.exception("the index of the search is broken and will be made anew")
            self._throw_away()
            self._wait_s = min(max(2 * self._wait_s, 1.0), FAILED_WAIT_MOST_S)
            self._again_at = time.monotonic() + self._wait_s
            return False
        return bool(self._waiting)

    @property
    def making(self) -> bool:
        """Whether much of the index is still to be made. Read by any thread."""
        return self._position < 0 or len(self._waiting) > AT_ONCE

    def close(self) -> None:
        """Let go of the file; what waits is found again at the next start."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _throw_away(self) -> None:
        try:
            self.close()
        finally:
            self._connection = None
            self._position = -1
            self._waiting.clear()
            self._settled, self._swept = True, False
            search_index.remove(self.path)

    def _follow(self, position: int) -> None:
        if self._connection is not None and position == self._position and not self._waiting:
            self._settle()
            return
        with self._log.reading() as reader:
            # One moment, so that a notice and the position of its matter belong together.
            reader.execute("BEGIN")
            if self._connection is None:
                self._open()
                self._compare(reader)
            elif position != self._position:
                touched = touched_since(reader, self._position, position)
                if touched is None:
                    self._compare(reader)
                else:
                    self._wait_for(touched)
            self._position = position
            self._work_off(reader)
            reader.execute("ROLLBACK")
        self._settle()

    def _open(self) -> None:
        source = self._log.voice.log.hex()
        self._connection = search_index.open_sound(self.path, source)
        if self._connection is None:
            self._connection = search_index.make(self.path, source)

    def _compare(self, reader: sqlite3.Connection) -> None:
        """Forget what is public no more, and let wait what is new or was changed."""
        connection = self._writing()
        held = search_index.positions(connection)
        public = public_positions(reader)
        gone = held.keys() - public.keys()
        for number in gone:
            connection.execute("BEGIN IMMEDIATE")
            self._take_out(connection, number)
            connection.execute("COMMIT")
            self._settled = False
        indexed = held.keys() - gone
        newer: list[str] = []
        older: list[str] = []
        for number in public:
            if number in indexed:
                # What stands between two that are indexed counts as new.
                newer += older
                older = []
                if held[number] != public[number]:
                    newer.append(number)
            else:
                older.append(number)
        # The oldest of the new first, as they would have come; then the old, the newest first.
        self._waiting = deque(
            [
                *(_Waiting(number, False) for number in reversed(newer)),
                *(_Waiting(number, True) for number in older),
            ]
        )

    def _wait_for(self, touched: list[str]) -> None:
        """Put what was just published behind the new and before the old, to stand above both."""
        new: list[_Waiting] = []
        while self._waiting and not self._waiting[0].old:
            new.append(self._waiting.popleft())
        new += (_Waiting(number, False) for number in touched)
        self._waiting.extendleft(reversed(new))

    def _work_off(self, reader: sqlite3.Connection) -> None:
        """Index what waits, for about as long as a piece of work may take."""
        connection = self._writing()
        shelf = NoticeShelf(reader)
        began = time.monotonic()
        while self._waiting and time.monotonic() - began < PIECE_S:
            part = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._index(connection, shelf, part)
                connection.execute("COMMIT")
            except BaseException:
                self._waiting.extendleft(reversed(part))
                connection.execute("ROLLBACK")
                raise
            self._settled = False

    def _index(
        self, connection: sqlite3.Connection, shelf: NoticeShelf, part: list[_Waiting]
    ) -> None:
        ends = search_index.ends(connection)
        if ends is None:
            # Room below for all that wait, so that what is indexed later may be older.
            lowest = highest = sum(one.old for one in (*part, *self._waiting))
            lowest += 1
        else:
            lowest, highest = ends
        entries: dict[int, Entry] = {}
        taken: set[str] = set()
        for one in part:
            notice = shelf.by_number(one.number)
            if notice is None:
                self._take_out(connection, one.number)
                continue
            if one.number in taken:
                continue
            taken.add(one.number)
            entry = Entry.of(notice, shelf.position_of(one.number))
            stands = search_index.held(connection, one.number)
            if stands is not None and stands[1][2:] == entry[2:]:
                search_index.move(connection, stands[0], entry.position)
            elif stands is not None:
                self._take_out(connection, one.number)
                entries[stands[0]] = entry
            elif one.old and lowest > 1:
                lowest -= 1
                entries[lowest] = entry
            else:
                highest += 1
                entries[highest] = entry
        search_index.put(connection, entries)

    def _take_out(self, connection: sqlite3.Connection, number: str) -> None:
        search_index.take_out(connection, number)
        self._swept = False

    def _settle(self) -> None:
        """Leave no forgotten words in the file or its log; a busy reader puts it off for a look."""
        began = time.monotonic()
        if not self._swept and not self._waiting and began >= self._sweep_due:
            search_index.sweep(self._writing())
            self._swept, self._settled = True, False
            # Who withdraws many in a row has them swept out together.
            self._sweep_due = began + SWEEP_PAUSE * (time.monotonic() - began)
        if not self._settled:
            self._settled = search_index.settle(self._writing())

    def _writing(self) -> sqlite3.Connection:
        assert self._connection is not None
        return self._connection
