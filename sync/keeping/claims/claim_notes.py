"""What a data folder remembers of its claims: which runs were its own, and how the last ended.

A copy of the folder remembers only the runs up to the copy, and so finds a claim in the replica
that it does not know. An ending in good order is noted with what was written last, so that the
next start need not compare the replica's content with the database's.
"""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from eventlog.database import reading
from eventlog.files import write_atomically
from sync.keeping.claims.claim import Claim
from sync.keeping.configuration import ReplicatedDatabase

FILE_NAME = "replica-claims.json"
_MACHINE_ID = Path("/etc/machine-id")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Of a node that is started each morning, ten years.
RUNS_MOST = 4000


class ClaimNote(msgspec.Struct, omit_defaults=True):
    """What is remembered; nothing at a first start.

    - `runs`: the runs that claimed a replica from this folder, the newest last.
    - `home`: on which machine, since which start of it, and in which folder that was.
    - `restored`: the folder was restored from the replica, and did not claim it since.
    - `ended`: where the last run ended in good order, the newest row of each database.
    """

    runs: list[str] = []
    home: str = ""
    restored: bool = False
    ended: dict[str, list[object]] | None = None


def read_note(data_folder: Path) -> ClaimNote:
    """Return what the folder remembers.

    One that can't be read remembers nothing: then no claim is known, the replica is not written,
    and that is told.
    """
    try:
        return msgspec.json.decode((data_folder / FILE_NAME).read_bytes(), type=ClaimNote)
    except (FileNotFoundError, msgspec.DecodeError):
        return ClaimNote()


def keep_note(data_folder: Path, note: ClaimNote) -> None:
    """Write down what is to be remembered, durably."""
    note.runs = note.runs[-RUNS_MOST:]
    write_atomically(data_folder / FILE_NAME, msgspec.json.encode(note))


def home_of(folder: Path) -> str:
    """Return what tells this folder, on this machine since its start, from a copy of it."""
    known = [path.read_text().strip() if path.exists() else "" for path in (_MACHINE_ID, _BOOT_ID)]
    place = os.stat(folder)  # noqa: PTH116 - two numbers of one moment.
    return f"{known[0]} {known[1]} {place.st_dev} {place.st_ino}"


def note_restored(
    data_folder: Path, claim: Claim | None, databases: Sequence[ReplicatedDatabase]
) -> None:
    """Note in a folder that was just restored which run it goes on from.

    `claim` is the replica's as it was *before* the restore: what was written since is seen when
    the claim is taken.
    """
    runs = [] if claim is None else [claim.run]
    keep_note(data_folder, ClaimNote(runs, home_of(data_folder), True, newest_rows(databases)))


def newest_rows(databases: Sequence[ReplicatedDatabase]) -> dict[str, list[object]]:
    """Return what was written last in each database, by the databases' names."""
    return {
        database.name: list(newest_row(database, database.path) or ()) for database in databases
    }


def newest_row(database: ReplicatedDatabase, path: Path) -> tuple[object, ...] | None:
    """Return what was written last in a copy of a database, None where nothing was."""
    if database.contents is None or not path.exists():
        return None
    with reading(path) as connection:
        try:
            return database.contents.newest_of(connection)
        except sqlite3.OperationalError:
            # Its tables are not there yet.
            return None
