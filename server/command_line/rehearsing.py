"""A rehearsal: the replica restored into a temporary place, and compared with what is here.

Beside the server or without it; nothing is changed but the note of what came of it. Compared is
each database as far as the copy goes, which may be a moment behind: the same events, and the
tables as a replay gives them, so that the state is the same; the same photos, byte for byte.
"""

import hashlib
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from eventlog import replay
from eventlog.clock import system_clock_ms
from eventlog.database import reading
from eventlog.log import FILE_NAME as LOG_FILE
from server.command_line.folders import settings_for
from server.data_folder import DATABASES, projections
from server.folder.rehearsals import Rehearsed, keep_rehearsed
from server.folder.replica import ATTACHMENTS_DATABASE, LOG_DATABASE
from server.folder.settings import Settings
from sync.keeping.claim import ReplicaRefused
from sync.keeping.claimant import claim_of
from sync.keeping.replica import ReplicaAddressError, ReplicaPlace
from sync.keeping.restore import NoBackupError, RestoreDamagedError, RestoreError, restore_newest
from sync.keeping.stores.store import StoreError

PREFIX = ".rehearsal-"
# What was committed a moment ago may be on its way.
ATTEMPTS = 4
PAUSE_S = 2.0


class _Bad(Exception):
    """The rehearsal did not go well; the code is one of `Rehearsed`'s."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code


def rehearse(settings: Settings) -> Rehearsed:
    """Restore and compare, write down what came of it, and return that."""
    began, folder = time.monotonic(), settings.data.absolute()
    for left in folder.glob(f"{PREFIX}*"):
        # One that was killed.
        shutil.rmtree(left, ignore_errors=True)
    try:
        rehearsed = _rehearse(settings, folder)
    except (_Bad, StoreError, RestoreError, ReplicaRefused, ReplicaAddressError) as error:
        rehearsed = Rehearsed(at_ms=system_clock_ms(), ok=False, code=_code(error), what=str(error))
    except (OSError, sqlite3.Error) as error:
        rehearsed = Rehearsed(at_ms=system_clock_ms(), ok=False, code="failed", what=str(error))
    took_s = round(time.monotonic() - began, 1)
    return keep_rehearsed(folder, msgspec.structs.replace(rehearsed, took_s=took_s))


def _code(error: Exception) -> str:
    if isinstance(error, _Bad | ReplicaRefused):
        return error.code
    if isinstance(error, RestoreDamagedError):
        return "damaged"
    return "behind" if isinstance(error, NoBackupError) else "unreachable"


def _rehearse(settings: Settings, folder: Path) -> Rehearsed:
    if settings.replica_url is None:
        raise _Bad("no-replica", "there is no replica")
    place = ReplicaPlace.parse(settings.replica_url)
    claim = claim_of(place)
    places = [place] if claim is None else claim.places(place)
    size = sum((folder / file).stat().st_size for file, _ in DATABASES.values())
    if shutil.disk_usage(folder).free < 2 * size:
        raise _Bad("no-room", f"{2 * size // 2**20} MB are needed for a copy")
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder) as scratch:
        for name, (file, _) in DATABASES.items():
            _bring(name, places, folder / file, Path(scratch) / file)
        photos = _compare_photos(folder, Path(scratch))
        state_hash, events = _compare_logs(folder / LOG_FILE, Path(scratch) / LOG_FILE)
    return Rehearsed(
        at_ms=system_clock_ms(), ok=True, state_hash=state_hash, events=events, photos=photos
    )


def _bring(name: str, places: list[ReplicaPlace], here: Path, copy: Path) -> None:
    """Restore a database so that it holds what was written last when this began."""
    contents = DATABASES[name][1]
    with reading(here) as connection:
        newest = contents.newest_of(connection)
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_S)
            for left in copy.parent.glob(f"{copy.name}*"):
                left.unlink()
        try:
            restored = restore_newest(name, places, copy)
        except NoBackupError:
            if newest is None and name == ATTACHMENTS_DATABASE:
                return
            continue
        if restored.point is not None:
            raise _Bad("damaged", f"{name}: {', '.join(restored.point.damaged)}")
        with reading(copy) as connection:
            if contents.are_in(connection, newest):
                return
    raise _Bad("behind", f"a restore of {name} would lack what was written last")


def _compare_logs(here: Path, copy: Path) -> tuple[str, int]:
    """Return the state hash of the copy, and how many events it has."""
    with reading(copy) as restored, reading(here) as living:
        newest = restored.execute("SELECT max(position) FROM events").fetchone()[0] or 0
        if _events_hash(restored, newest) != _events_hash(living, newest):
            raise _Bad("differs", f"{LOG_DATABASE}: other events than here")
        verification = replay.verify(restored, {each.noun: each for each in projections()})
        if not verification.ok:
            what = verification.broken[:1] or ["tables and log differ"]
            raise _Bad("differs", f"{LOG_DATABASE}: {what[0]}")
        now = living.execute("SELECT max(position) FROM events").fetchone()[0] or 0
        if now == newest and replay.state_hash(living) != verification.state_hash:
            raise _Bad("differs", f"{LOG_DATABASE}: the same events, and another state here")
    return verification.state_hash, verification.events


def _events_hash(connection: sqlite3.Connection, up_to: int) -> str:
    running = hashlib.sha256()
    for row in connection.execute(
        "SELECT id, log, sequence, subject, body FROM events WHERE position<=? ORDER BY position",
        (up_to,),
    ):
        for value in row:
            running.update(value if isinstance(value, bytes) else str(value).encode())
    return running.hexdigest()


def _compare_photos(folder: Path, scratch: Path) -> int:
    """Return how many photos the copy has; each is the one that is here, or was erased here."""
    file = DATABASES[ATTACHMENTS_DATABASE][0]
    if not (scratch / file).exists():
        return 0
    photos = 0
    query = "SELECT position, sha256, wrapped_key, body FROM photos ORDER BY position"
    with reading(scratch / file) as restored, reading(folder / file) as living:
        for position, sha256, wrapped_key, body in restored.execute(query):
            here = living.execute(
                "SELECT sha256, wrapped_key, body FROM photos WHERE position=?", (position,)
            ).fetchone()
            is_as_it_was = here is not None and tuple(here)[:2] == (sha256, wrapped_key)
            if here is None or (is_as_it_was and here[2] != body):
                raise _Bad("differs", f"{ATTACHMENTS_DATABASE}: photo {position} is another")
            photos += 1
    return photos


if __name__ == "__main__":
    sys.exit(0 if rehearse(settings_for(Path(sys.argv[1]))).ok else 1)
