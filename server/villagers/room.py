"""What the addresses for villagers need."""

from dataclasses import dataclass

from eventlog.log import Log
from server.county.county_registers import RegisterCache
from server.exchange.safety import Safety
from server.folder.safe_writes import SafeWriter
from server.people.doors import Doors
from server.site.publishing import SiteKeeper
from server.villagers.intake import Intake


@dataclass(frozen=True)
class VillagersRoom:
    """Raising a matter, following it by its number and key, rating the answer."""

    doors: Doors
    log: Log
    registers: RegisterCache
    writes: SafeWriter
    intake: Intake
    safety: Safety
    site: SiteKeeper
