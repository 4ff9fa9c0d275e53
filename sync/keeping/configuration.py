"""Litestream's settings file: which databases go where, how often, and what is kept.

The keys are those of Litestream 0.5.17. What each value is for:

- `monitor-interval`, `sync-interval`: how soon Litestream looks by itself. Confirmations don't
  wait for it (`sync.keeping.durability` asks), so a second is enough.
- `levels`, `l0-retention`: every confirmation leaves one small file in level 0, and every
  confirmation lists that folder twice. The files must be folded into level 1 and removed soon,
  or each confirmation gets dearer.
- `checkpoint-interval`, `min-checkpoint-page-count`: left at Litestream's own.
- `shutdown-sync-timeout`: default 30 s, longer than a server may take to stop.
- `auto-recover` stays off: it forgets the local position while the replica's is ahead, and then
  `/sync` answers 200 without uploading anything.
- Logging at `warn`: at `info` it writes two lines for every confirmation.
"""

import os
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from eventlog.files import write_atomically
from sync.keeping.replica import ReplicaPlace

# An AF_UNIX address holds 108 bytes with its closing zero.
SOCKET_PATH_LIMIT_BYTES = 107


@dataclass(frozen=True)
class Contents:
    """How it is seen whether a database holds all that an earlier state of it, or a copy, held.

    What is compared is what was written last: rows are added and never taken away.

    - `newest`: a query for one row that names it.
    - `holds`: a query, with that row's values, that gives a row where a database has it.
    """

    newest: str
    holds: str

    def newest_of(self, connection: sqlite3.Connection) -> tuple[object, ...] | None:
        """Return the row that names what was written last, None in an empty database."""
        row = connection.execute(self.newest).fetchone()
        return None if row is None or row[0] is None else tuple(row)

    def are_in(self, connection: sqlite3.Connection, newest: Sequence[object] | None) -> bool:
        """Return whether a database holds what another, with that newest row, holds."""
        if newest is None:
            return True
        return connection.execute(self.holds, tuple(newest)).fetchone() is not None


@dataclass(frozen=True)
class ReplicatedDatabase:
    """One database to be replicated: a short name, its file, its own replica, what it holds."""

    name: str
    path: Path
    replica: ReplicaPlace
    contents: Contents | None = None

    @property
    def meta_folder(self) -> Path:
        """Where Litestream keeps what it has read and not yet forgotten of this database."""
        return self.path.parent / f".{self.path.name}-litestream"


@dataclass(frozen=True)
class Keeping:
    """How long Litestream keeps what, and how often it folds it; Go durations."""

    level_1_interval: str = "10s"
    level_0_retention: str = "10s"
    level_0_check_interval: str = "5s"
    snapshot_interval: str = "24h"
    snapshot_retention: str = "168h"
    shutdown_sync_timeout: str = "2s"
    forgets: bool = True
    """Whether snapshots past their retention are removed, and what leads to them."""


def render(
    databases: Sequence[ReplicatedDatabase],
    *,
    socket_path: Path | None,
    keeping: Keeping | None = None,
) -> str:
    """Return the settings file's text; without a socket for a run that only restores."""
    keeping = keeping or Keeping()
    settings: dict[str, object] = {
        "logging": {"level": "warn", "type": "text", "stderr": True},
        "snapshot": {
            "interval": keeping.snapshot_interval,
            "retention": keeping.snapshot_retention,
        },
        "levels": [
            {"interval": keeping.level_1_interval},
            {"interval": "5m"},
            {"interval": "1h"},
        ],
        "l0-retention": keeping.level_0_retention,
        "l0-retention-check-interval": keeping.level_0_check_interval,
        "retention": {"enabled": keeping.forgets},
        "shutdown-sync-timeout": keeping.shutdown_sync_timeout,
        "dbs": [
            {
                "path": str(database.path),
                "monitor-interval": "1s",
                "replica": {**database.replica.settings(), "sync-interval": "1s"},
            }
            for database in databases
        ],
    }
    if socket_path is not None:
        settings["socket"] = {"enabled": True, "path": str(socket_path), "permissions": 0o600}
    return yaml.safe_dump(settings, allow_unicode=True, sort_keys=False)


def write_private(path: Path, text: str) -> None:
    """Replace the file by one with this text that only its owner can read, atomically."""
    write_atomically(path, text.encode(), mode=0o600)


def socket_folder(data_folder: Path) -> Path:
    """Return the folder for the socket: the data folder, or a new private one if that is deep.

    A new one is the caller's to remove.
    """
    if len(os.fsencode(data_folder / "litestream.sock")) <= SOCKET_PATH_LIMIT_BYTES:
        return data_folder
    return Path(tempfile.mkdtemp(prefix="huiyin-"))
