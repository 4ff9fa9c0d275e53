"""A rehearsal: the replica restored into a temporary place, and compared with what is here.

Beside the server or without it; nothing is changed but the note of what came of it. Compared is
every row of every table. What is written meanwhile differs, too, but not for long: a row that
differs in two restores, a while apart, is a damaged one. The copy's log is replayed, so that its
tables are known to be what its events say.
"""

import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from eventlog import replay
from eventlog.clock import system_clock_ms
from eventlog.database import one_moment, reading
from eventlog.log import FILE_NAME as LOG_FILE
from server.command_line.folders import settings_for
from server.data_folder import DATABASES, FILES, projections
from server.folder.rehearsals import Rehearsed, keep_rehearsed
from server.folder.replica import ATTACHMENTS_DATABASE, LOG_DATABASE
from server.folder.settings import Settings
from sync.keeping.claims.claim import ReplicaRefused, claim_of, places_of
from sync.keeping.replica import ReplicaAddressError, ReplicaPlace
from sync.keeping.restores.comparison import damage, differing_rows
from sync.keeping.restores.restore import (
    NoBackupError,
    RestoreDamagedError,
    RestoreError,
    restore_newest,
)
from sync.keeping.stores.store import StoreError

PREFIX = ".rehearsal-"
# What was committed a moment ago may be on its way.
ATTEMPTS = 4
PAUSE_S = 2.0


class Bad(Exception):
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
    except (Bad, StoreError, RestoreError, ReplicaRefused, ReplicaAddressError) as error:
        rehearsed = Rehearsed(at_ms=system_clock_ms(), ok=False, code=_code(error), what=str(error))
    except (OSError, sqlite3.Error) as error:
        rehearsed = Rehearsed(at_ms=system_clock_ms(), ok=False, code="failed", what=str(error))
    took_s = round(time.monotonic() - began, 1)
    return keep_rehearsed(folder, msgspec.structs.replace(rehearsed, took_s=took_s))


def _code(error: Exception) -> str:
    if isinstance(error, Bad | ReplicaRefused):
        return error.code
    if isinstance(error, RestoreDamagedError):
        return "damaged"
    return "behind" if isinstance(error, NoBackupError) else "unreachable"


def _rehearse(settings: Settings, folder: Path) -> Rehearsed:
    if settings.replica_url is None:
        raise Bad("no-replica", "there is no replica")
    place = ReplicaPlace.parse(settings.replica_url)
    places = places_of(place, claim_of(place))
    size = sum((folder / file).stat().st_size for file in FILES.values())
    if shutil.disk_usage(folder).free < 2 * size:
        raise Bad("no-room", f"{2 * size // 2**20} MB are needed for a copy")
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder) as scratch:
        return _compared(places, folder, Path(scratch))


def _compared(places: list[ReplicaPlace], folder: Path, scratch: Path) -> Rehearsed:
    """Restore until what differs from here is not only what was written meanwhile."""
    before: dict[str, set[bytes]] = {}
    for attempt in range(ATTEMPTS):
        if attempt:
            # By then what was written is in the replica, too.
            time.sleep(PAUSE_S)
        differing: dict[str, set[bytes]] = {}
        for name, file in FILES.items():
            for left in scratch.glob(f"{file}*"):
                left.unlink()
            _bring(name, places, folder / file, scratch / file)
            if (scratch / file).exists():
                for table, rows in compare(folder / file, scratch / file).items():
                    differing[f"{name}.{table}"] = rows
        lasting = {table: rows & before.get(table, set()) for table, rows in differing.items()}
        lasting = {table: rows for table, rows in lasting.items() if rows}
        if attempt and lasting:
            raise Bad("differs", f"other rows than here in {', '.join(sorted(lasting))}")
        if not differing:
            break
        before = differing
    with reading(scratch / LOG_FILE) as restored:
        verification = replay.verify(restored, {each.noun: each for each in projections()})
    if not verification.ok:
        broken = verification.broken[:1] or ["tables and log differ"]
        raise Bad("differs", f"{LOG_DATABASE}: {broken[0]}")
    return Rehearsed(
        at_ms=system_clock_ms(),
        ok=True,
        state_hash=verification.state_hash,
        events=verification.events,
        photos=_photos(scratch),
    )


def compare(here: Path, copy: Path) -> dict[str, set[bytes]]:
    """Return, by table, what differs between a database and a copy of it.

    Raises Bad where SQLite finds the living one damaged.
    """
    with reading(here) as living, reading(copy) as restored:
        complaint = damage(living)
        if complaint:
            raise Bad("damaged-here", f"{here.name}: {complaint}")
        with one_moment(living), one_moment(restored):
            return differing_rows(living, restored)


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
            raise Bad("damaged", f"{name}: {', '.join(restored.point.damaged)}")
        with reading(copy) as connection:
            if contents.are_in(connection, newest):
                return
    raise Bad("behind", f"a restore of {name} would lack what was written last")


def _photos(scratch: Path) -> int:
    """Return how many photos the copy has."""
    file = FILES[ATTACHMENTS_DATABASE]
    if not (scratch / file).exists():
        return 0
    with reading(scratch / file) as connection:
        return int(connection.execute("SELECT count(*) FROM photos").fetchone()[0])


if __name__ == "__main__":
    sys.exit(0 if rehearse(settings_for(Path(sys.argv[1]))).ok else 1)
