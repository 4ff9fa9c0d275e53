"""A data folder: its keys, role and clock, and its log opened with all that the domain folds."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from eventlog.clock import NodeClock, system_clock_ms
from eventlog.database import reading
from eventlog.files import flush, write_atomically
from eventlog.keys import (
    Keys,
    for_station,
    forget_kit,
    kit_text,
    load_keys,
    make_keys,
    save_keys,
    write_kit,
)
from eventlog.log import FILE_NAME as LOG_FILE
from eventlog.log import Log
from eventlog.projections import Projection
from matters.attempts import AttemptsProjection
from matters.documents.store import DocumentsProjection
from matters.handovers import HandoversProjection
from matters.projection import ImportsProjection, MattersProjection
from matters.schema import migrations as matters_migrations
from matters.sessions.store import SessionsProjection
from server.county import county_registers
from server.exchange.visibility import MattersVisibility, witness_of
from server.folder.schema import migrations as server_migrations
from server.folder.settings import ROLE_FILE_NAME, Settings
from stations.register_log import migrations as register_migrations
from sync.rounds.downlink import Downlink
from sync.schema import migrations as sync_migrations

REGISTER_NOUNS = frozenset(register.noun for register in county_registers.ALL)


class PlainTextsInside(Exception):
    """A hub's data folder, with people's texts in plain sight, is to be a station's."""


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


def prepare_folder(settings: Settings) -> Keys:
    """Make the data folder where there is none, and return the node's keys.

    At the first start the keys are made, and a hub's recovery kit is written to be printed. A
    station has none, and goes on with keys that a command made before it was first served.
    """
    folder = settings.data
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ROLE_FILE_NAME).exists():
        write_atomically(folder / ROLE_FILE_NAME, settings.role.encode())
    is_station = settings.role == "station"
    keys = load_keys(folder)
    if keys is None:
        keys = for_station(make_keys()) if is_station else make_keys()
        save_keys(folder, keys)
        if not is_station:
            replica = settings.replica_url or "(none)"
            write_kit(folder, kit_text(keys, node=settings.role, replica=replica))
        flush(folder.parent)
    elif is_station and not keys.of_station:
        _refuse_plain_texts(folder)
        keys = for_station(keys)
        save_keys(folder, keys)
        forget_kit(folder)
    return keys


def clock_of(settings: Settings) -> NodeClock | None:
    """Return the clock of a station; None on a hub, whose system clock is the time."""
    return NodeClock(settings.data.absolute()) if settings.role == "station" else None


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
            raise PlainTextsInside(str(folder))


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
    clock: NodeClock | None = None,
    role: str = "hub",
    queue: Downlink | None = None,
) -> Log:
    """Open a data folder's log with all projections; for the server and for single commands.

    The time is that of `clock` on a station (`clock_of`), else `now_ms`. `queue` is a hub's queue
    to the nodes below, one of its own where none is given. With a station's keys all texts but
    those of the registers are sealed on its disk.
    """
    return Log(
        folder,
        projections=projections(),
        migrations=(register_migrations, matters_migrations, server_migrations, sync_migrations),
        sealer=keys.sealer,
        now_ms=now_ms if clock is None else clock.now_ms,
        time_unknown=(lambda: False) if clock is None else clock.time_unknown,
        on_commit=on_commit,
        between_groups=between_groups,
        witness=witness_of(role, queue or Downlink(MattersVisibility())),
        is_boxed=is_boxed if keys.of_station else lambda type: False,
    )
