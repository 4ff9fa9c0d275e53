"""What stands in a folder of files, and what changed in it since a copy was made.

The hub keeps a manifest of its built site in a small SQLite file beside it. The file is not
replicated: where it is missing or broken it is made anew with a new log id, and copies then
compare every file by its hash, and fetch none that they have.
"""

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec
from sqlite_utils import Database, Migrations

from eventlog.database import connect, one_moment
from sync.keeping.wal import checkpoint

LOG_BYTES = 8
HASH_BYTES = 32
PATH_MOST_BYTES = 1024
# A name has to leave room for the marks of a temporary one (255 bytes in all).
NAME_MOST_BYTES = 200
# A part that is empty, hidden or leads up, and signs that are no part of a name.
_UNFIT = re.compile(r"(?:^|/)(?:[./]|$)|[\\\x00-\x1f\x7f]")
# The folder may be swapped for a new one while it is looked through.
_TRIES = 3
# What leads to pages must not come before them: pages after pictures, lists for machines last.
_RANKS = {".html": 1, ".xml": 2, ".json": 2}

migrations = Migrations("manifest")


@migrations()
def m001_files(database: Database) -> None:
    """Each file with the version that last changed it; one that is gone has no hash."""
    statements = (
        """CREATE TABLE files(
            path TEXT PRIMARY KEY,
            version INTEGER NOT NULL UNIQUE,
            sha256 BLOB,
            size INTEGER,
            mtime_ns INTEGER,
            inode INTEGER
        ) WITHOUT ROWID""",
        "CREATE INDEX files_by_hash ON files(sha256)",
        "CREATE TABLE made(log BLOB NOT NULL, version INTEGER NOT NULL)",
    )
    for statement in statements:
        database.execute(statement)


class BadPage(Exception):
    """A page of changes is not one: it can't be read, or names a path that no copy may have."""


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A file as it is since `version`; without hash and size it is gone."""

    path: str
    version: int
    sha256: bytes | None
    size: int | None


class Page(msgspec.Struct, frozen=True, array_like=True):
    """Changes in the order of their versions, for a copy that has all up to `since`.

    Another `log` than the copy's, with `since` 0, means from the start: what is not listed up to
    the page without `more` is gone. `at` is the time of the hub (ms) that it was true at.
    """

    log: bytes
    since: int
    until: int
    more: bool
    at: int
    changes: tuple[Change, ...]


class _Stand(NamedTuple):
    """What tells without reading a file that it is the same as before."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> "_Stand":
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


class Manifest:
    """The manifest of one folder. Not for two threads at once."""

    def __init__(self, folder: Path, database: Path, *, copies: tuple[str, ...]) -> None:
        """Open it, or make it. Files whose names end in one of `copies` are not listed."""
        self._folder = folder
        self._copies = copies
        self._connection = _opened(database)

    @property
    def log(self) -> bytes:
        """The log id: 8 random bytes, made with the file."""
        return self._made()[0]

    @property
    def version(self) -> int:
        """The version of the newest change."""
        return self._made()[1]

    def scan(self) -> int:
        """Note what is new, changed or gone in the folder, and return how many files that were.

        Only files that look changed are read. While the folder is missing, or is swapped time
        and again, nothing is noted.
        """
        known = {
            row["path"]: (row["sha256"], _Stand(row["size"], row["mtime_ns"], row["inode"]))
            for row in self._connection.execute("SELECT * FROM files WHERE sha256 IS NOT NULL")
        }
        for _ in range(_TRIES):
            before = _inode(self._folder)
            if before is None:
                return 0
            files = dict(self._found(known))
            if _inode(self._folder) == before:
                return self._note(known, files)
        return 0

    def changes(self, log: bytes, since: int, most: int, *, at_ms: int) -> Page:
        """Return the next `most` changes for a copy that has all up to (log, since).

        A copy of another log, or ahead of this one, gets them from the start. `at_ms` is when
        the folder was last looked through.
        """
        with one_moment(self._connection):
            own, newest = self._made()
            if log != own or since > newest:
                since = 0
            # Who has nothing yet need not be told of what is gone.
            rows = self._connection.execute(
                "SELECT path, version, sha256, size FROM files WHERE version > ? "
                "AND (sha256 IS NOT NULL OR ?) ORDER BY version LIMIT ?",
                (since, since > 0, most + 1),
            ).fetchall()
        more = len(rows) > most
        listed = tuple(Change(*row) for row in rows[:most])
        return Page(own, since, listed[-1].version if more else newest, more, at_ms, listed)

    def path_of(self, sha256: bytes) -> str | None:
        """Return the path of a file with this hash, None where there is none."""
        row = self._connection.execute(
            "SELECT path FROM files WHERE sha256=?", (sha256,)
        ).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _made(self) -> tuple[bytes, int]:
        row = self._connection.execute("SELECT log, version FROM made").fetchone()
        return row[0], row[1]

    def _found(
        self, known: dict[str, tuple[bytes, _Stand]]
    ) -> Iterator[tuple[str, tuple[bytes, _Stand]]]:
        for path, entry in files_in(self._folder, self._copies):
            try:
                stand = _Stand.of(entry.stat(follow_symlinks=False))
                before = known.get(path)
                yield path, before if before and before[1] == stand else _read(entry.path)
            except FileNotFoundError:
                # It went since the folder was read.
                continue

    def _note(
        self,
        known: dict[str, tuple[bytes, _Stand]],
        found: dict[str, tuple[bytes, _Stand]],
    ) -> int:
        version = start = self.version
        touched = [path for path, one in found.items() if known.get(path) != one]
        gone = known.keys() - found.keys()
        if not touched and not gone:
            return 0
        self._connection.execute("BEGIN IMMEDIATE")
        for path in sorted(touched, key=in_order):
            sha256, stand = found[path]
            if path in known and known[path][0] == sha256:
                self._connection.execute(
                    "UPDATE files SET size=?, mtime_ns=?, inode=? WHERE path=?", (*stand, path)
                )
                continue
            version += 1
            self._put(path, version, sha256, *stand)
        for path in sorted(gone):
            version += 1
            self._put(path, version, None, None, None, None)
        self._connection.execute("UPDATE made SET version=?", (version,))
        self._connection.execute("COMMIT")
        checkpoint(self._connection)
        return version - start

    def _put(self, *row: object) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO files(path, version, sha256, size, mtime_ns, inode) "
            "VALUES (?,?,?,?,?,?)",
            row,
        )


def files_in(folder: Path, copies: tuple[str, ...]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield each file below a folder by its path there: none hidden, no link, none of `copies`."""
    waiting = [("", str(folder))]
    while waiting:
        above, place = waiting.pop()
        try:
            entries = os.scandir(place)
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                path = above + entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((f"{path}/", entry.path))
                elif entry.is_file(follow_symlinks=False) and is_kept(path, copies):
                    yield path, entry


def is_kept(path: str, copies: tuple[str, ...]) -> bool:
    """Return whether a copy may hold a file at `path`: inside, not hidden, none of `copies`."""
    if path.endswith(copies) or _UNFIT.search(path):
        return False
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return False
    return size <= NAME_MOST_BYTES or (
        size <= PATH_MOST_BYTES
        and all(len(part.encode()) <= NAME_MOST_BYTES for part in path.split("/"))
    )


def in_order(path: str) -> tuple[int, int, str]:
    """Return by what files are sorted so that hardly one leads to another that is not there yet.

    What pages show comes before them, and of the pages the deepest first and the home page last.
    """
    return _RANKS.get(PurePosixPath(path).suffix, 0), -path.count("/"), path


def encode_page(page: Page) -> bytes:
    """Return a page as bytes (MessagePack)."""
    return msgspec.msgpack.encode(page)


def decode_page(data: bytes, copies: tuple[str, ...]) -> Page:
    """Return a page of changes that holds together. Raises BadPage."""
    try:
        page = msgspec.msgpack.decode(data, type=Page)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadPage("unreadable") from error
    version = page.since
    if len(page.log) != LOG_BYTES or page.since < 0 or page.until < page.since:
        raise BadPage("no such cursor")
    for change in page.changes:
        if not is_kept(change.path, copies):
            raise BadPage("no such path")
        if not version < change.version <= page.until:
            raise BadPage("versions out of order")
        version = change.version
        if (change.sha256 is None) != (change.size is None):
            raise BadPage("half a file")
        if change.sha256 is not None and len(change.sha256) != HASH_BYTES:
            raise BadPage("no hash")
        if change.size is not None and change.size < 0:
            raise BadPage("no size")
    return page


def _read(path: str) -> tuple[bytes, _Stand]:
    """Return hash and stand of an open file, which stays the same if another takes its place."""
    with open(path, "rb") as file:  # noqa: PTH123  # A Path for each of 10,000 files costs.
        stand = _Stand.of(os.fstat(file.fileno()))
        return hashlib.file_digest(file, "sha256").digest(), stand


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except FileNotFoundError:
        return None


def _opened(path: Path) -> sqlite3.Connection:
    """Return a connection to a sound manifest; a broken one is thrown away."""
    try:
        return _prepared(path)
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _prepared(path)


def _prepared(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    try:
        migrations.apply(Database(connection, execute_plugins=False))
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT 1 FROM made").fetchone() is None:
            connection.execute(
                "INSERT INTO made(log, version) VALUES (?, 0)", (os.urandom(LOG_BYTES),)
            )
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection
