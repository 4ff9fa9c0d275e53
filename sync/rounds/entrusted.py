"""What the nodes below entrusted to their hub: it opens their texts, and seals texts for them."""

from typing import NamedTuple

from eventlog.keys import Keys
from eventlog.log import Log
from eventlog.sealing import Sealer, Unsealer
from eventlog.transaction import Arrival
from sync.nodes import nodes
from sync.nodes.nodes import Peer
from sync.rounds.parcels import opened_from


class Secrets(NamedTuple):
    """What opens a node's texts, what seals to it, and the private half of its key, or b""."""

    unsealers: list[Unsealer]
    sealer: Sealer
    reading: bytes


class Entrusted:
    """The keys of all nodes below one hub, opened once and kept in memory."""

    def __init__(self, log: Log, keys: Keys) -> None:
        self._log = log
        self._keys = keys
        # Made once: making either costs more than what is done with it for one event.
        self.sealer, self.unsealer = keys.sealer, keys.unsealer
        # By both keys: one that is enrolled anew has another that opens its texts.
        self._secrets: dict[tuple[bytes, bytes], Secrets] = {}

    def here(self, peer: Peer, arrival: Arrival) -> Arrival:
        """Return an event with its texts as they lie at a hub. Raises WrongWords."""
        if not arrival.words:
            return arrival
        secrets = self.of(peer)
        return arrival._replace(
            words=opened_from(arrival.event, arrival.words, secrets.unsealers, self.sealer)
        )

    def of(self, peer: Peer) -> Secrets:
        """Return what opens a node's texts and seals to it; opened once and kept in memory."""
        key = peer.key_id or b"", peer.reading_key or b""
        secrets = self._secrets.get(key)
        if secrets is None:
            entrusted = nodes.open_secrets(peer.secrets or b"", self._keys.unsealing)
            reading = entrusted.reading if entrusted is not None else b""
            unsealers = [Unsealer(one) for one in (reading, *self._readings_before(peer)) if one]
            secrets = Secrets([*unsealers, self.unsealer], Sealer(peer.reading_key or b""), reading)
            self._secrets[key] = secrets
        return secrets

    def _readings_before(self, peer: Peer) -> list[bytes]:
        """Return what opened the texts of a station before it was enrolled anew."""
        if not peer.station:
            return []
        with self._log.reading() as connection:
            others = nodes.of_station(connection, peer.station)
        entrusted = (
            nodes.open_secrets(other.secrets, self._keys.unsealing)
            for other in others
            if other.secrets and other.node != peer.node
        )
        return [one.reading for one in entrusted if one is not None]

    def receipt_key_of(self, peer: Peer) -> bytes:
        """Return what makes the follow-up keys of a station, b"" where it is not known."""
        entrusted = nodes.open_secrets(peer.secrets or b"", self._keys.unsealing)
        return b"" if entrusted is None else entrusted.receipt
