"""Keeps the write-ahead log in bounds where Litestream doesn't: it is off, or it is dead.

Checkpoints are Litestream's. With it away the log only grows, so past a limit the writer makes
one, on its own connection and between two batches: SQLite before 3.51.3 can lose commits when
one connection makes a checkpoint while another writes.

What Litestream 0.5.17 makes of a checkpoint by somebody else (read in its `db.go`, `verify`, and
tried: 200 rows replicated, Litestream ended or killed, 29 of them updated, a checkpoint, a few
more commits, Litestream again, `/sync`, restore):

| checkpoint while it was away | commits after it | what a restore had |
|---|---|---|
| none | 0, 1, 50 | all 29 updates |
| PASSIVE, FULL or RESTART | 0 | all 29 |
| PASSIVE, FULL or RESTART | 1, 50 | none of the 29 |
| TRUNCATE | 0, 1, 50 | all 29: it noticed, and uploaded a whole snapshot by itself |

In the third line `/sync` answered 200 `synced`, the restore ended well and `integrity_check` said
ok. The reason: the first commit after such a checkpoint starts the log again from its beginning,
the old frames still lie behind it, and the frame where Litestream had stopped is among them, as
if nothing had been written past it. After TRUNCATE the old frames are gone. The same table holds
for a killed Litestream and for one that was stopped in good order.

So: TRUNCATE only. And because even that is half done when a reader is in the way (what was copied
stays copied, and a later commit may start the log again), the replica is marked broken *before*
the checkpoint, whatever comes of it; nothing counts as durable until a fresh snapshot is there
(`sync.keeping.litestream`). A database that its last user closes is a checkpoint too, but one that
deletes the log, and Litestream notices that as it does TRUNCATE.
"""

import sqlite3
from pathlib import Path

from sync.keeping import broken
from sync.keeping.litestream import Litestream

DEFAULT_LIMIT_BYTES = 64 * 1024 * 1024
# A reader in the way is not waited for: the writer has people waiting.
CHECKPOINT_WAIT_MS = 200


def wal_size_bytes(database: Path) -> int:
    """Return the size of the write-ahead log's file, 0 where there is none."""
    try:
        return Path(f"{database}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def checkpoint(connection: sqlite3.Connection) -> bool:
    """Copy the log into the database and empty it; return whether all of it was done.

    Called by the writer's thread on the writer's connection with no transaction open. It is not
    done, and harmless, where a reader is in the way.
    """
    before = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout={CHECKPOINT_WAIT_MS}")
    try:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout={before}")
    return not busy


class WalKeeper:
    """Watches one database's log for the writer; `tend` is called between batches.

    Without `litestream` (a node that keeps no replica) it makes a checkpoint past the limit. With
    one, only when that has been down for `down_limit_s` as well.
    """

    def __init__(
        self,
        data_folder: Path,
        name: str,
        database: Path,
        *,
        litestream: Litestream | None,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        down_limit_s: float = 60.0,
    ) -> None:
        self._data_folder = data_folder
        self._name = name
        self._database = database
        self._litestream = litestream
        self._limit_bytes = limit_bytes
        self._down_limit_s = down_limit_s

    def tend(self, connection: sqlite3.Connection) -> bool:
        """Make a checkpoint where one is due; return whether the log was emptied.

        Costs one `stat` when nothing is due.
        """
        if wal_size_bytes(self._database) <= self._limit_bytes:
            return False
        if self._litestream is None:
            return self._checkpoint_unseen(connection, "the node ran without a replica")
        if self._litestream.status.down_for_s <= self._down_limit_s:
            return False
        with self._litestream.held_back() as free:
            if not free:
                return False
            return self._checkpoint_unseen(connection, "Litestream was dead past the log's limit")

    def _checkpoint_unseen(self, connection: sqlite3.Connection, why: str) -> bool:
        if not broken.reason(self._data_folder, self._name):
            broken.mark(self._data_folder, self._name, why)
        return checkpoint(connection)
