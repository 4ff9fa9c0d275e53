"""How safe a matter or a photo is, as whoever sent it is told (DESIGN decision 3)."""

from dataclasses import dataclass

from server.exchange.node_exchange import NodeExchange
from server.folder.safe_writes import SafeWriter
from server.photos.attachments import Attachments


@dataclass(frozen=True)
class Safety:
    """What answers it on one node: at_station, at_hub or durable.

    A station's own replica never makes anything durable: there it is as the hub above says.
    """

    exchange: NodeExchange
    writes: SafeWriter
    photo_writes: SafeWriter
    attachments: Attachments

    def of_commit(self, durable: bool) -> str:
        """Return how safe is what was just committed here, by whether the replica has it."""
        if self.exchange.role == "station":
            return "at_station"
        return "durable" if durable else "at_hub"

    def of_matter(self, matter: bytes, position: int) -> str:
        """Return how safe a matter is whose newest event is at that position."""
        if self.exchange.role == "station":
            return self.exchange.safety_of(matter)
        return self.of_commit(self.writes.is_durable(position))

    def of_photo(self, sha256: str) -> str:
        """Return how safe a photo is; one that is not here yet is at the station that sent it."""
        if self.exchange.role == "station":
            return self.exchange.photo_safety(sha256)
        position = self.attachments.position_of([sha256])
        return self.of_commit(self.photo_writes.is_durable(position)) if position else "at_station"
