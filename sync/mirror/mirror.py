"""A copy of a folder of files, kept up to date a changed file at a time.

Which files changed comes as pages (`sync.mirror.manifest`), their bytes from wherever the caller
has them. Pages and what of them is still to be done are kept in a small SQLite file, begun files in
a folder of their own: whatever cuts the work short, the next round goes on at that byte.
"""

import hashlib
import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlite_utils import Database, Migrations

from eventlog.database import connect, reading
from sync.keeping.wal import checkpoint
from sync.mirror.manifest import Change, Page, files_in, in_order
from sync.mirror.parts import Begun, Content, Parts
from sync.mirror.progress import Progress, Tally

# A file that is larger is left out, and taken away where an older one stands.
FILE_MOST_BYTES = 32 * 1024 * 1024
_NOTED_TOGETHER = 200
_FIRST_GONE = 0

logger = logging.getLogger("huiyin.mirror")
migrations = Migrations("mirror")


@migrations()
def m001_copy(database: Database) -> None:
    """Up to where the copy is listed and done, what is pending, and which file has which hash."""
    statements = (
        # `done` is the version up to which everything is in place; `complete` tells whether
        # no further page was left at (log, listed).
        """CREATE TABLE copy(
            log BLOB NOT NULL,
            listed INTEGER NOT NULL,
            done INTEGER NOT NULL,
            complete INTEGER NOT NULL,
            at INTEGER NOT NULL,
            copied_at INTEGER
        )""",
        "INSERT INTO copy VALUES (x'', 0, 0, 0, 0, NULL)",
        # Version 0: a file that was there before a new log, and goes unless that log lists it.
        """CREATE TABLE pending(
            path TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            sha256 BLOB,
            size INTEGER
        ) WITHOUT ROWID""",
        "CREATE INDEX pending_by_hash ON pending(sha256)",
        "CREATE TABLE held(path TEXT PRIMARY KEY, sha256 BLOB NOT NULL) WITHOUT ROWID",
        "CREATE INDEX held_by_hash ON held(sha256)",
    )
    for statement in statements:
        database.execute(statement)


class OutOfStep(Exception):
    """A page begins behind what this copy knows: what lies between must come first."""


class NotThere(Exception):
    """The file can't be had as it was listed: it has changed since, or is gone."""


class Cursor(NamedTuple):
    """Up to where a copy is: the log id, empty for none, and a version of it."""

    log: bytes
    version: int


class Fetched(NamedTuple):
    """A file's bytes as they come: how they are coded, from which of them on, and the bytes.

    `coding` is one of `sync.mirror.parts.CODINGS`. The iterator raises whatever cuts it short.
    """

    coding: str
    start: int
    chunks: Iterable[bytes]


# With what was begun of the file, and the hash of the dictionary that is at hand, if one is.
Fetch = Callable[[Change, Begun, bytes | None], Fetched]
Place = Callable[[Path, bytes, bytes | None], None]


def copied_at(database: Path) -> int | None:
    """Return when (ms, by the source) a copy was as its source was; None before it is whole.

    For a command beside the server; writes nothing.
    """
    try:
        with reading(database) as connection:
            row = connection.execute("SELECT copied_at FROM copy").fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if row is None else row[0]


class Mirror:
    """A copy of one folder. Not for two threads at once, but for `copied_at`."""

    def __init__(
        self,
        folder: Path,
        parts: Path,
        database: Path,
        *,
        copies: tuple[str, ...],
        place: Place,
        dictionary: str = "",
        file_most_bytes: int = FILE_MOST_BYTES,
    ) -> None:
        """Open the state of the copy in `folder`, or begin one.

        `place` puts a file at its path, whole or not at all and outliving a power cut, with
        whatever copies a web server hands out; it is given the brotli copy where the file came so.
        Names of those copies end in one of `copies`. `parts` is a folder for what is on its way.
        The file at the path `dictionary` comes first, and helps to unpack the others.
        """
        self._folder = folder
        self._parts = Parts(parts)
        self._copies = copies
        self._place = place
        self._dictionary = dictionary
        self._file_most_bytes = file_most_bytes
        self._connection = connect(database)
        migrations.apply(Database(self._connection, execute_plugins=False))
        self.copied_at: int | None = self._connection.execute(
            "SELECT copied_at FROM copy"
        ).fetchone()[0]
        self._done: list[Change] = []

    @property
    def listed(self) -> Cursor:
        """Up to where changes are known: what the next page is asked for with."""
        return Cursor(*self._connection.execute("SELECT log, listed FROM copy").fetchone())

    @property
    def done(self) -> Cursor:
        """Up to where every file is in place: what one who packs changes has to know."""
        return Cursor(*self._connection.execute("SELECT log, done FROM copy").fetchone())

    @property
    def at(self) -> int:
        """The hub's time of the newest page that was taken (ms), 0 before the first."""
        return int(self._connection.execute("SELECT at FROM copy").fetchone()[0])

    def take(self, page: Page, *, anew: bool = False) -> None:
        """Note what a page lists. What is known already is passed over.

        A page of another log, or with `anew`, is from the start: all that is there and is not
        listed by it, and the pages after it, will go. Raises OutOfStep.
        """
        with self._transaction():
            log, listed = self.listed
            if anew or page.log != log:
                if page.since:
                    raise OutOfStep
                self._begin_anew(page.log)
                listed = 0
            elif page.since > listed:
                raise OutOfStep
            self._connection.executemany(
                "INSERT OR REPLACE INTO pending(path, version, sha256, size) VALUES (?,?,?,?)",
                [
                    (one.path, one.version, one.sha256, one.size)
                    for one in page.changes
                    if one.version > listed
                ],
            )
            if page.until >= listed:
                self._connection.execute(
                    "UPDATE copy SET listed=?, complete=?, at=?",
                    (page.until, not page.more, page.at),
                )

    def wants(self, sha256: bytes) -> bool:
        """Return whether a file with this hash is pending."""
        return bool(
            self._connection.execute("SELECT 1 FROM pending WHERE sha256=?", (sha256,)).fetchone()
        )

    def stage(self, sha256: bytes, coding: str, coded: bytes) -> None:
        """Keep a file that is wanted for the next `work`, which then need not fetch it."""
        self._parts.drop(sha256)
        self._parts.append(
            sha256, coding, [coded], most_bytes=self._file_most_bytes, came=lambda size: None
        )

    def work(self, fetch: Fetch, report: Callable[[Progress], None] | None = None) -> Progress:
        """Bring what is pending into place, and return how it went.

        `fetch` gets what is missing of a file that was begun; what else it raises than NotThere
        ends the round. Files that were withdrawn go last, but even then: they must not stay for
        want of a line.
        """
        complete = self._connection.execute("SELECT complete FROM copy").fetchone()[0]
        pending = [
            Change(*row)
            for row in self._connection.execute("SELECT path, version, sha256, size FROM pending")
        ]
        coming = [one for one in pending if one.sha256 is not None]
        going = [one for one in pending if one.sha256 is None]
        tally = Tally(coming, report)
        try:
            for change in sorted(coming, key=self._order):
                if (change.size or 0) > self._file_most_bytes:
                    logger.warning("left out, for it is too large: %s", change.path)
                    self._remove(change.path)
                elif not self._bring(change, fetch, tally):
                    continue
                self._note(change)
                tally.did(change)
        finally:
            for change in going:
                if complete or change.version != _FIRST_GONE:
                    self._remove(change.path)
                    self._note(change)
            self._write_notes()
        self._finish()
        return tally.progress()

    def close(self) -> None:
        """Let go of the state file."""
        self._connection.close()

    def _begin_anew(self, log: bytes) -> None:
        self._connection.execute("DELETE FROM pending")
        self._connection.executemany(
            "INSERT INTO pending(path, version) VALUES (?,?)",
            [(path, _FIRST_GONE) for path, _ in files_in(self._folder, self._copies)],
        )
        self._connection.execute("UPDATE copy SET log=?, listed=0, done=0, complete=0", (log,))

    def _order(self, change: Change) -> tuple[bool, int, bool, int, str]:
        """What leads to others comes after them: a page that is there already may do so."""
        rank, depth, path = in_order(change.path)
        return path != self._dictionary, rank, (self._folder / path).exists(), depth, path

    def _bring(self, change: Change, fetch: Fetch, tally: Tally) -> bool:
        """Bring one file into place; False where it can't be had as listed."""
        sha256, target = change.sha256 or b"", self._folder / change.path
        here = _read(target)
        if here is None or hashlib.sha256(here).digest() != sha256:
            content = self._held(sha256) or self._fetched(change, fetch, tally)
            if content is None:
                return False
            self._make_way(target)
            self._place(target, content.data, content.coded)
        # Only now, for until it is placed a crash must find the part again.
        self._parts.drop(sha256)
        return True

    def _held(self, sha256: bytes) -> Content | None:
        """Return the content of a file that has it at another place here."""
        rows = self._connection.execute("SELECT path FROM held WHERE sha256=?", (sha256,))
        noted = [row["path"] for row in rows]
        for path in (*noted, *(one.path for one in self._done if one.sha256 == sha256)):
            data = _read(self._folder / path)
            if data is not None and hashlib.sha256(data).digest() == sha256:
                return Content(data, _read(self._folder / f"{path}.br"))
        return None

    def _fetched(self, change: Change, fetch: Fetch, tally: Tally) -> Content | None:
        """Return the content from the part that is here and the rest of it from `fetch`.

        A part that proves wrong is fetched once more from its first byte, and no further time:
        then it was changed, and the next page tells how.
        """
        sha256, size = change.sha256 or b"", change.size or 0
        dictionary = _read(self._folder / self._dictionary)
        known = None if dictionary is None else hashlib.sha256(dictionary).digest()
        for _ in range(2):
            begun = self._parts.begun(sha256)
            content = self._parts.content(sha256, begun.coding, size, dictionary)
            if content is not None:
                return content
            try:
                came = fetch(change, begun, known)
            except NotThere:
                # What came of it stays: it may be had from elsewhere.
                return None
            if (came.coding, came.start) != begun:
                self._parts.drop(sha256)
                if came.start:
                    # What goes on elsewhere than the part ended is of no use.
                    continue
            self._parts.append(sha256, came.coding, came.chunks, most_bytes=size, came=tally.came)
            content = self._parts.content(sha256, came.coding, size, dictionary)
            if content is not None:
                return content
            self._parts.drop(sha256)
        return None

    def _make_way(self, target: Path) -> None:
        """Remove what can't stand beside `target`: a file where its folder goes, or a folder."""
        for above in target.parents:
            if above == self._folder:
                break
            if above.is_file():
                self._remove(above.relative_to(self._folder).as_posix())
        if target.is_dir():
            shutil.rmtree(target)

    def _remove(self, path: str) -> None:
        """Remove a file with its copies, these first, and the folders that it leaves empty."""
        target = self._folder / path
        if target.is_file():
            for suffix in self._copies:
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            target.unlink()
        for above in target.parents:
            if above == self._folder or not above.is_dir() or any(above.iterdir()):
                break
            above.rmdir()

    def _note(self, change: Change) -> None:
        """Note that a change is done. Many share a commit: one that is lost is found in place."""
        self._done.append(change)
        if len(self._done) >= _NOTED_TOGETHER:
            self._write_notes()

    def _write_notes(self) -> None:
        done, self._done = self._done, []
        with self._transaction():
            self._connection.executemany(
                "DELETE FROM pending WHERE path=? AND version=?",
                [(one.path, one.version) for one in done],
            )
            self._connection.executemany(
                "INSERT OR REPLACE INTO held(path, sha256) VALUES (?,?)",
                [(one.path, one.sha256) for one in done if one.sha256 is not None],
            )
            self._connection.executemany(
                "DELETE FROM held WHERE path=?",
                [(one.path,) for one in done if one.sha256 is None],
            )

    def _finish(self) -> None:
        """Note the time of the copy where everything that was listed is in place."""
        if self._connection.execute("SELECT 1 FROM pending").fetchone() is None:
            with self._transaction():
                self._connection.execute("UPDATE copy SET done=listed")
                self._connection.execute("UPDATE copy SET copied_at=at WHERE complete")
            self._parts.clear()
        self.copied_at = self._connection.execute("SELECT copied_at FROM copy").fetchone()[0]
        checkpoint(self._connection)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
