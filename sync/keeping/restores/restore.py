"""Brings a database back from its replica, as far as that is whole.

Litestream writes into a folder of its own beside the target; what comes out is checked by
SQLite, fsynced and only then given its name. So the target is either whole or not there.
"""

import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from eventlog.database import connect
from eventlog.files import flush
from sync.keeping.causes import Cause, cause_of
from sync.keeping.configuration import ReplicatedDatabase, render, write_private
from sync.keeping.process import last_line
from sync.keeping.program import run_to_its_end
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.whole_point import WholePoint, restore_whole_point
from sync.keeping.stores.store import StoreError, open_store

SIDE_FILES = ("", "-wal", "-shm", "-journal")
ATTEMPTS = 5
# For how long a server of a cluster may tell of less than it has.
AGREE_WITHIN_S = 60.0
# What Litestream says of files that can't be read, or that don't follow each other.
_DAMAGES = ("non-contiguous", "checksum", "corrupt", "decode")
# Of NATS also where a root was claimed, and its bucket not made yet.
_NOTHING = ("no matching backup", "no snapshots", "nats: bucket not found")
# What Linux says where a disk, or what one may have of it, is full.
_NO_ROOM = ("no space left on device", "disk quota exceeded")


class RestoreError(Exception):
    """A restore that did not happen; nothing was left at the target."""

    code = "restore_failed"
    next_step = "Look at the message; the replica was not changed."


class TargetNotEmptyError(RestoreError):
    """There is a database at the target already."""

    code = "target_not_empty"
    next_step = "Choose an empty folder: a restore never overwrites anything."


class NoBackupError(RestoreError):
    """The replica holds nothing of this database that a restore can begin with."""

    code = "no_backup"
    next_step = "Check the address and the database's name; the kit says where the replica is."


class ReplicaUnreachableError(RestoreError):
    """The replica could not be read. Retryable."""

    code = "replica_unreachable"
    next_step = "Check the network, the disk and the access keys, then try again."


class NoRoomError(RestoreError):
    """There is no room for the database here; it says nothing of the replica."""

    code = "no_room"
    next_step = "Make room on this machine, then run the same again."


class RestoreDamagedError(RestoreError):
    """What came out of the replica is not a whole database."""

    code = "restore_damaged"
    next_step = "Keep the replica as it is and ask for help; restore from another one, if any."


def restore(
    name: str, replica: ReplicaPlace, output: Path, *, up_to: int = 0, timeout_s: float = 3600
) -> None:
    """Put the newest state in the replica at `output`, where nothing may be.

    Or that of a transaction, where `up_to` names one; less is none then. Raises a `RestoreError`.
    """
    output = output.absolute()
    for suffix in SIDE_FILES:
        if Path(f"{output}{suffix}").exists():
            raise TargetNotEmptyError(f"{output}{suffix} exists already")
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent) as folder:
        arrived = Path(folder) / output.name
        _fetch(name, replica, arrived, up_to, timeout_s)
        _check(name, arrived)
        flush(arrived)
        arrived.rename(output)
    flush(output.parent)


@dataclass(frozen=True)
class Restored:
    """Where a database was restored from; `point` where that replica is damaged."""

    place: ReplicaPlace
    point: WholePoint | None = None


def restore_newest(name: str, places: Sequence[ReplicaPlace], output: Path) -> Restored:
    """Put the newest state that is whole at `output`, from the first place that has any.

    Where a replica has several roots, all but the last may hold nothing yet. Raises a
    `RestoreError`.
    """
    for place in places[:-1]:
        try:
            return _restore_whole(name, place, output)
        except NoBackupError:
            continue
    return _restore_whole(name, places[-1], output)


def _restore_whole(name: str, place: ReplicaPlace, output: Path) -> Restored:
    try:
        _restore_agreed(name, place, output)
    except NoBackupError:
        _see_that_nothing_is_there(name, place)
        raise
    except RestoreDamagedError as damage:
        output = output.absolute()
        with tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent) as folder:
            best = Path(folder) / "best.db"

            def attempt(way: ReplicaPlace) -> bool:
                best.unlink(missing_ok=True)
                try:
                    restore(name, way.below(name), best)
                except (RestoreDamagedError, NoBackupError, ReplicaUnreachableError):
                    return False
                return True

            try:
                point = restore_whole_point(name, place, Path(folder), attempt)
            except StoreError as error:
                raise ReplicaUnreachableError(str(error)) from error
            if point is None:
                raise damage
            best.rename(output)
        flush(output.parent)
        return Restored(place, point)
    return Restored(place)


def _restore_agreed(name: str, place: ReplicaPlace, output: Path) -> None:
    """Restore; of several servers all that they have, once each of them tells of it."""
    deadline = time.monotonic() + AGREE_WITHIN_S
    while True:
        try:
            with closing(open_store(place)) as store:
                up_to = store.agreed_up_to(name)
        except StoreError as error:
            raise ReplicaUnreachableError(str(error)) from error
        try:
            return restore(name, place.below(name), output, up_to=up_to)
        except (NoBackupError, RestoreDamagedError) as error:
            # One that is behind tells of less, or of holes.
            is_late = time.monotonic() > deadline
            if not up_to or (is_late and isinstance(error, RestoreDamagedError)):
                raise
            if is_late:
                raise ReplicaUnreachableError(
                    f"{place.label} has {name} up to {up_to}, and does not give it"
                ) from error
            time.sleep(1)


def _see_that_nothing_is_there(name: str, place: ReplicaPlace) -> None:
    """Raise ReplicaUnreachableError where files lie in a replica that Litestream finds empty.

    NATS lists nothing for a while after one of its servers died or came back.
    """
    try:
        with closing(open_store(place)) as store:
            names = store.names(name)
    except StoreError as error:
        raise ReplicaUnreachableError(str(error)) from error
    if names:
        raise ReplicaUnreachableError(f"{place.label} tells of nothing, and holds {names[-1]}")


def _fetch(name: str, replica: ReplicaPlace, output: Path, up_to: int, timeout_s: float) -> None:
    """Let Litestream write the database to `output`."""
    database = ReplicatedDatabase(name=name, path=output, replica=replica)
    config = output.with_name("litestream.yml")
    write_private(config, render([database], socket_path=None))
    began = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        took_s = time.monotonic() - began
        try:
            done = run_to_its_end(
                *("restore", "-config", str(config), "-no-expand-env"),
                *(("-txid", f"{up_to:016x}") if up_to else ()),
                *("-o", str(output), str(output)),
                timeout_s=max(1.0, timeout_s - took_s),
                growing=output.parent,
            )
        except subprocess.TimeoutExpired as error:
            # A list of NATS's may never end that was begun while somebody wrote.
            took_s = time.monotonic() - began
            if attempt < ATTEMPTS and took_s < timeout_s:
                _remove(output)
                continue
            raise ReplicaUnreachableError(
                f"{name} did not come from {replica.label} within {took_s:.0f} s"
            ) from error
        if done.returncode == 0 and output.exists():
            return
        complaint = last_line(done.stderr) or last_line(done.stdout)
        if any(words in complaint for words in _NOTHING):
            if replica.folder is not None and not replica.folder.is_dir():
                raise NoBackupError(f"there is no folder {replica.label} to restore {name} from")
            raise NoBackupError(f"there is no backup of {name} at {replica.label}")
        if any(words in complaint for words in _NO_ROOM):
            raise NoRoomError(f"there is no room here for {name}: {complaint}")
        # A file may be folded into another between the plan and its reading.
        is_gone = any(words in complaint for words in ("no such file", "file does not exist"))
        was_cut = "max retries exceeded" in complaint and not is_damage(complaint)
        if "non-contiguous" not in complaint and not is_gone and not was_cut:
            break
        if attempt < ATTEMPTS:
            _remove(output)
            time.sleep(0.2)
    if not is_gone and is_damage(complaint):
        raise RestoreDamagedError(
            f"the replica of {name} at {replica.label} has a hole: {complaint}"
        )
    raise ReplicaUnreachableError(f"{name} can't be read from {replica.label}: {complaint}")


def is_damage(complaint: str) -> bool:
    """Return whether Litestream complains of files of a replica that are damaged."""
    # It says so as well where the line to a file failed in its middle.
    is_of_line = cause_of(complaint) is Cause.UNREACHABLE
    return not is_of_line and any(word in complaint for word in _DAMAGES)


def _remove(output: Path) -> None:
    """Remove what an attempt left; Litestream writes to a name of its own beside it."""
    for suffix in (*SIDE_FILES, ".tmp"):
        Path(f"{output}{suffix}").unlink(missing_ok=True)


def _check(name: str, path: Path) -> None:
    try:
        connection = connect(path)
        try:
            answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        # Of this machine's disk, full or failing: what came is not looked at yet.
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise NoRoomError(f"there is no room here for {name}: {error}") from error
        raise RestoreDamagedError(f"the restored {name} can't be opened: {error}") from error
    if answer != "ok":
        raise RestoreDamagedError(f"the restored {name} is damaged: {answer}")
