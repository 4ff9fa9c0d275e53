"""What tells how a node is needs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eventlog.clock import NodeClock
from eventlog.keys import Keys
from server.folder.hub_clock import HubClock
from server.folder.settings import Settings
from server.letters.room import LettersRoom
from server.operations.watch import Watch
from server.people.doors import StaffRoom
from server.site.publishing import SiteKeeper
from sync.keeping.durability import Durability


@dataclass(frozen=True)
class OperationsRoom(StaffRoom):
    """How a node is: its log, clock, keys, site and replica, and where its recovery kit waits."""

    settings: Settings
    site: SiteKeeper
    letters: LettersRoom
    kit_path: Path
    clock: NodeClock | None
    hub_clock: HubClock | None
    keys: Callable[[], Keys]
    durability: Callable[[], Durability | None]
    watch: Watch
