"""What the exchange with other nodes needs where people meet it."""

from dataclasses import dataclass

from eventlog.clock import NodeClock
from server.exchange.node_exchange import NodeExchange
from server.people.doors import StaffRoom
from server.site.site_copy import SiteCopy
from server.site.site_following import SiteFollower
from server.site.site_offer import SiteOffer


@dataclass(frozen=True)
class ExchangeRoom(StaffRoom):
    """The county above, the nodes below, sticks between them, and joining.

    `clock`, `site_copy` and `follower` are a station's, which keeps time and the site by its hub.
    `address` is the node's own; `is_off` whether it exchanges by sticks alone; `join_token` proves
    that a form of the joining page was made here, where nobody is signed in.
    """

    exchange: NodeExchange
    clock: NodeClock | None
    site_copy: SiteCopy | None
    follower: SiteFollower | None
    site_offer: SiteOffer
    address: str
    is_off: bool
    join_token: str

    @property
    def is_station(self) -> bool:
        """Whether the node is a station."""
        return self.exchange.role == "station"

    @property
    def copied_at_ms(self) -> int | None:
        """The hub's time of a station's copy of the site; None before that is whole."""
        return None if self.site_copy is None else self.site_copy.copied_at
