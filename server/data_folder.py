"""A data folder: its keys, role and clock, and its log opened with all that the domain folds."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from eventlog.clock import NodeClock, system_clock_ms
from eventlog.database import reading
from eventlog.files import alone_in, flush, write_atomically
from eventlog.keys import (
    KIT_NAME,
    Keys,
    KeysError,
    for_station,
    forget_kit,
    load_keys,
    make_keys,
    save_keys,
)
from eventlog.log import FILE_NAME as LOG_FILE
from eventlog.log import Log
from eventlog.projections import Projection
from eventlog.recovery_kit import kit_text, write_kit
from eventlog.schema import migrations as log_migrations
from matters.attempts import AttemptsProjection
from matters.documents.store import DocumentsProjection
from matters.handovers import HandoversProjection
from matters.projection import ImportsProjection, MattersProjection
from matters.schema import migrations as matters_migrations
from matters.sessions.store import SessionsProjection
from server.county import county_registers
from server.exchange.visibility import MattersVisibility, witness_of
from server.folder import own_keys, restore_mark
from server.folder.hub_clock import HubClock
from server.folder.kept_settings import lines_for_kit
from server.folder.newer_folder import NewerFolder, refuse_newer
from server.folder.replica import ATTACHMENTS_DATABASE, LOG_DATABASE
from server.folder.restore_mark import RestoreBegun
from server.folder.schema import migrations as server_migrations
from server.folder.settings import ROLE_FILE_NAME, Settings
from server.photos.schema import FILE_NAME as PHOTOS_FILE
from server.photos.schema import MIGRATIONS as PHOTOS_MIGRATIONS
from stations.register_log import migrations as register_migrations
from sync.keeping.configuration import Contents, ReplicatedDatabase
from sync.keeping.replica import ReplicaPlace
from sync.rounds.downlink import Downlink
from sync.schema import migrations as sync_migrations

LOG_MIGRATIONS = (register_migrations, matters_migrations, server_migrations, sync_migrations)
MIGRATIONS = {
    LOG_FILE: (log_migrations, *LOG_MIGRATIONS),
    PHOTOS_FILE: (log_migrations, *PHOTOS_MIGRATIONS),
}
# Of each replicated database: its file's name, and what of it is compared with a replica. Both only
# grow: an event keeps its place of arrival, and a photo that is forgotten leaves its row.
DATABASES = {
    LOG_DATABASE: (
        LOG_FILE,
        Contents(
            newest="SELECT position, hex(id) FROM events ORDER BY position DESC LIMIT 1",
            holds="SELECT 1 FROM events WHERE position=? AND hex(id)=?",
        ),
    ),
    ATTACHMENTS_DATABASE: (
        PHOTOS_FILE,
        Contents(
            newest="SELECT max(position) FROM photos",
            holds="SELECT 1 FROM photos WHERE position>=? LIMIT 1",
        ),
    ),
}
# Their files' names alone.
FILES = {name: file for name, (file, _) in DATABASES.items()}
REGISTER_NOUNS = frozenset(register.noun for register in county_registers.ALL)


class PlainTextsInside(Exception):
    """A hub's data folder, with people's texts in plain sight, is to be a station's."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder}: 里面有没上锁的内容,是县级服务器的数据,联络站要用空文件夹 / "
            "holds texts in plain sight, as a hub does; give a station an empty folder"
        )


# Why nothing may be done with a data folder; each says so, and what to do, in both languages.
REFUSALS = (KeysError, RestoreBegun, NewerFolder, PlainTextsInside)


def replicated(folder: Path, place: ReplicaPlace) -> list[ReplicatedDatabase]:
    """Return the databases of a data folder, each with its own replica below `place`."""
    return [
        ReplicatedDatabase(name, folder / file, place.below(name), contents)
        for name, (file, contents) in DATABASES.items()
    ]


def projections() -> Sequence[Projection]:
    """Return every projection that a node folds its log into."""
    return (
        MattersProjection(),
        ImportsProjection(),
        AttemptsProjection(),
        HandoversProjection(),
        SessionsProjection(),
        DocumentsProjection(),
        *county_registers.projections(),
    )


def check_folder(settings: Settings) -> Keys | None:
    """Return the keys of a data folder, None of one in which no node ran yet. Changes nothing.

    Raises KeysMissing, KeysDamaged, KeysOfAnotherNode, RestoreBegun or NewerFolder, which say what
    to do.
    """
    folder = settings.data
    restore_mark.refuse_begun(folder)
    refuse_newer(folder, MIGRATIONS)
    keys = load_keys(folder)
    if keys is not None:
        own_keys.refuse_others(folder, keys)
        return keys
    trace = own_keys.trace_of(folder)
    if trace:
        raise own_keys.missing_from(folder, trace)
    return None


def prepare_folder(settings: Settings) -> Keys:
    """Make the data folder where there is none, and return the node's keys.

    At the first start the keys are made, and a hub's recovery kit is written to be printed. A
    station has none, and goes on with keys that a command made before it was first served.

    Raises what `check_folder` does, and PlainTextsInside; then nothing was changed.
    """
    folder = settings.data
    keys = check_folder(settings)
    is_station = settings.role == "station"
    if keys is not None and is_station and not keys.of_station:
        _refuse_plain_texts(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ROLE_FILE_NAME).exists():
        write_atomically(folder / ROLE_FILE_NAME, settings.role.encode())
    if keys is None:
        keys = _first_keys(settings)
    elif is_station and not keys.of_station:
        keys = for_station(keys)
        save_keys(folder, keys)
        forget_kit(folder)
    if not is_station and not (folder / LOG_FILE).exists() and not (folder / KIT_NAME).exists():
        # Keys whose kit was never written: the first start was cut between the two.
        write_kit(folder, kit_of(settings, keys))
    return keys


def _first_keys(settings: Settings) -> Keys:
    """Make the keys of a new node, and return them; of two processes one makes them for both."""
    folder = settings.data
    with alone_in(folder):
        keys = check_folder(settings)
        if keys is None:
            keys = make_keys()
            if settings.role == "station":
                keys = for_station(keys)
            save_keys(folder, keys)
            flush(folder.parent)
    return keys


def kit_of(settings: Settings, keys: Keys) -> str:
    """Return the text of a hub's recovery kit."""
    return kit_text(
        keys,
        node=settings.role,
        replica=settings.replica_address or "(none)",
        settings=lines_for_kit(settings),
    )


def renew_kit(settings: Settings, keys: Keys) -> None:
    """Write a kit that was not put away yet anew, where the settings are others by now."""
    path = settings.data / KIT_NAME
    if path.exists() and path.read_bytes() != kit_of(settings, keys).encode():
        write_kit(settings.data, kit_of(settings, keys))


class Clock(Protocol):
    """The time as a node knows it: a station's, or a hub's."""

    def now_ms(self) -> int:
        """Return the best time known: milliseconds since 1970, UTC."""


def clock_of(settings: Settings) -> NodeClock | None:
    """Return the clock of a station; None on a hub, whose own is `hub_clock_of`."""
    return NodeClock(settings.data.absolute()) if settings.role == "station" else None


def hub_clock_of(settings: Settings, *, serves: bool = False) -> HubClock | None:
    """Return the clock of a hub, which judges the system clock; None on a station.

    A server looks at it time and again; for a command it is judged once.
    """
    if settings.role == "station":
        return None
    clock = HubClock(settings.data.absolute())
    if not serves:
        clock.ask_kernel()
    return clock


def _refuse_plain_texts(folder: Path) -> None:
    """Raise PlainTextsInside where others' texts than those of the registers lie unsealed."""
    if not (folder / LOG_FILE).exists():
        return
    with reading(folder / LOG_FILE) as connection:
        types = connection.execute(
            "SELECT DISTINCT e.type FROM words w JOIN events e ON e.id=w.event "
            "WHERE w.wrapped_key IS NULL"
        )
        if any(is_boxed(row[0]) for row in types):
            raise PlainTextsInside(folder)


def is_boxed(type: str) -> bool:
    """Return whether a station seals the texts of an event: all but those of the registers."""
    return type.partition(".")[0] not in REGISTER_NOUNS


def open_log(
    folder: Path,
    keys: Keys,
    *,
    on_commit: Callable[[int], None] = lambda position: None,
    between_groups: Callable[[sqlite3.Connection], None] = lambda connection: None,
    now_ms: Callable[[], int] = system_clock_ms,
    clock: Clock | None = None,
    role: str = "hub",
    queue: Downlink | None = None,
) -> Log:
    """Open a data folder's log with all projections; for the server and for single commands.

    The time is that of `clock` (`clock_of`, `hub_clock_of`), else `now_ms`. `queue` is a hub's
    queue to the nodes below, one of its own where none is given. With a station's keys all texts
    but those of the registers are sealed on its disk.
    """
    log = Log(
        folder,
        projections=projections(),
        migrations=LOG_MIGRATIONS,
        sealer=keys.sealer,
        now_ms=now_ms if clock is None else clock.now_ms,
        time_unknown=clock.time_unknown if isinstance(clock, NodeClock) else (lambda: False),
        on_commit=on_commit,
        between_groups=between_groups,
        witness=witness_of(role, queue or Downlink(MattersVisibility())),
        is_boxed=is_boxed if keys.of_station else lambda type: False,
    )
    own_keys.note_own(log, keys)
    return log
