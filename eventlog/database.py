"""How every SQLite file of a node is opened: one function, so that no connection differs."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

BUSY_TIMEOUT_S = 15.0
WRITER_CACHE_KIB = 64 * 1024


class Connection(sqlite3.Connection):
    """A connection that may know how to open texts that are sealed at rest.

    `opener` is set on connections that read for somebody who has unlocked the node, and never on
    the writer's: what it writes would stand in the tables in plain text.
    """

    opener: Callable[[bytes, bytes], bytes] | None = None


def connect(path: Path, *, read_only: bool = False) -> Connection:
    """Return an open connection to the database at `path`.

    WAL, synchronous=FULL, foreign keys on, `wal_autocheckpoint=0`: checkpoints belong to
    Litestream (or, on a node without it, to the writer), because one made by another
    connection loses rows in the middle of the replica. `isolation_level` is None, so that
    transactions are begun and ended by name. Rows come as `sqlite3.Row`.

    A read-only connection is opened `mode=ro` and never creates the file.

    Raises `sqlite3.OperationalError` where the file can't be opened.
    """
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        factory=Connection,
        cached_statements=512,
    )
    connection.row_factory = sqlite3.Row
    # First of all, for it must hold even while the journal mode is being set.
    connection.execute("PRAGMA wal_autocheckpoint=0")
    if not read_only:
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # Numbers are random, so an insert touches pages all over their index.
        connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Make it a database with a write-ahead log; of several that do, SQLite refuses some at once.

    It does not wait there for `BUSY_TIMEOUT_S`, as it does for every other lock.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """Yield a read-only connection and close it afterwards."""
    connection = connect(path, read_only=True)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def reading_untouched(path: Path) -> Iterator[Connection]:
    """Yield a read-only connection that leaves no file beside a database that nobody has open.

    `mode=ro` alone makes an empty `-wal` and `-shm` there, which it can't remove again. Where a
    write-ahead log is there already, others read and write, and it is `reading`.
    """
    try:
        is_still = Path(f"{path}-wal").stat().st_size == 0
    except FileNotFoundError:
        is_still = True
    if not is_still:
        with reading(path) as connection:
            yield connection
        return
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1",
        uri=True,
        isolation_level=None,
        factory=Connection,
    )
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Return whether a table is there, for databases that an older release left."""
    row = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type='table' AND name=?", (name,)
    ).fetchone()
    return row is not None


@contextmanager
def copied_moment(path: Path) -> Iterator[Connection]:
    """Yield a connection to a copy of the database as it is now, which is gone afterwards.

    For who reads for minutes: as long as a reader looks at one moment of the database itself,
    its write-ahead log can't be begun anew, and grows. Where there is no room for a copy, it is
    the database itself after all.
    """
    copy = path.with_name(f".{path.name}.moment-{os.getpid()}")
    size_bytes = path.stat().st_size
    if shutil.disk_usage(path.parent).free < 2 * size_bytes:
        with reading(path) as connection, one_moment(connection):
            # The moment is that of the first read.
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            yield connection
        return
    connection = sqlite3.connect(copy, isolation_level=None, factory=Connection)
    try:
        with reading(path) as original:
            original.backup(connection)
        connection.row_factory = sqlite3.Row
        # Nobody else looks at it, so it needs no files beside it; and none is left when it is
        # unlinked at once, whatever ends the process.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=OFF")
        copy.unlink()
        yield connection
    finally:
        connection.close()
        copy.unlink(missing_ok=True)


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """Let everything that is read inside be of one moment, also beside a transaction of others."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
