"""What the addresses for villagers need."""

from dataclasses import dataclass

from server.exchange.safety import Safety
from server.people.doors import StaffRoom
from server.site.publishing import SiteKeeper
from server.villagers.intake import Intake


@dataclass(frozen=True)
class VillagersRoom(StaffRoom):
    """Raising a matter, following it by its number and key, rating the answer."""

    intake: Intake
    safety: Safety
    site: SiteKeeper
