"""What the pages need on which staff enter matters."""

from collections.abc import Callable
from dataclasses import dataclass

from eventlog.sealing import Sealer, Unsealer
from server.people.doors import StaffRoom
from server.villagers.intake import Intake


@dataclass(frozen=True)
class EntryRoom(StaffRoom):
    """Matters entered for others. `sealer` seals drafts, `unsealer` opens them or raises Locked."""

    intake: Intake
    sealer: Callable[[], Sealer]
    unsealer: Callable[[], Unsealer]
