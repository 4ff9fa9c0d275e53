"""What the pages need on which staff enter matters."""

from collections.abc import Callable
from dataclasses import dataclass

from eventlog.log import Log
from eventlog.sealing import Sealer, Unsealer
from server.county.county_registers import RegisterCache
from server.people.doors import Doors
from server.villagers.intake import Intake


@dataclass(frozen=True)
class EntryRoom:
    """Matters entered for others. `sealer` seals drafts, `unsealer` opens them or raises Locked."""

    doors: Doors
    log: Log
    registers: RegisterCache
    intake: Intake
    sealer: Callable[[], Sealer]
    unsealer: Callable[[], Unsealer]
