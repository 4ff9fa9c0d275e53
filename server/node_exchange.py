"""Both ends of the exchange on one node: what answers the nodes below, what asks the hub above."""

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple

from eventlog.clock import NodeClock
from eventlog.keys import Keys, forget_unsealing
from eventlog.log import Log
from server.exchange_wiring import inquirer_of, reception_of
from server.settings import Settings
from sync import downlink, nodes, uplink, upstream
from sync.asking import BlobSource, NotJoined, Round
from sync.client import HubLine
from sync.courier import Courier, Delivery, Progress, Rounds, Transport
from sync.downlink import Downlink
from sync.reception import Blobs, Reception
from sync.uplink import Safety
from sync.upstream import Upstream

logger = logging.getLogger("huiyin.sync")


class Standing(NamedTuple):
    """How a node stands with the hub above it, for people: counts, times in ms (UTC), codes.

    `refused` are (event id in hex, code, when) of what the hub put aside.
    """

    hub: Upstream | None
    waiting: int
    held: int
    durable: int
    photos_waiting: int
    refused: list[tuple[str, str, int]]
    progress: Progress
    last: Delivery | None


class NodeExchange:
    """What one node exchanges, made for a server or for one command beside it."""

    def __init__(
        self,
        log: Log,
        keys: Keys,
        settings: Settings,
        queue: Downlink,
        *,
        clock: NodeClock | None = None,
        blobs_up: BlobSource | None = None,
        blobs_down: Blobs | None = None,
        photos_waiting: Callable[[], int] = lambda: 0,
        site_mark: Callable[[], bytes] = lambda: b"",
        after: Callable[[Round], None] = lambda round: None,
    ) -> None:
        self._log = log
        self._keys = keys
        self._settings = settings
        self._photos_waiting = photos_waiting
        self._after = after
        self._receipts: tuple[int, list[bytes]] = (-1, [])
        self._lock = threading.Lock()
        self.reception: Reception | None = None
        if settings.role == "hub":
            self.reception = reception_of(log, keys, queue, blobs_down, site_mark)
        self.inquirer = inquirer_of(log, lambda: self._keys, settings.role, clock, blobs_up)
        self.courier = Courier(
            log.folder,
            self.inquirer,
            self._transport,
            self._counts,
            note_failure=self._note_failure,
            after=self._took_place,
        )
        self.rounds = (
            None
            if settings.sync_every == "off"
            else Rounds(self.courier, every_s=float(settings.sync_every))
        )

    @property
    def keys(self) -> Keys:
        """The node's keys as they are now."""
        return self._keys

    def start(self) -> None:
        """Note in which voice the hub writes, and begin to make rounds.

        Also where there is no hub above yet: it may be joined by a command beside the server.
        """
        self._log.write(lambda t: downlink.begin_voice(t, self._log.voice.log))
        if self.rounds is not None:
            self.rounds.start()

    def stop(self) -> None:
        """End the rounds."""
        if self.rounds is not None:
            self.rounds.stop()

    def wake(self) -> None:
        """Something was written: carry it soon."""
        if self.rounds is not None:
            self.rounds.wake()

    def hub(self) -> tuple[str, bytes]:
        """Return the address and the signing key of the hub above. Raises NotJoined."""
        found = self._upstream()
        url = self._settings.upstream or (found.url if found is not None else "")
        if found is None or not url:
            raise NotJoined("no hub was joined, or it has no address")
        return url, found.verify_key

    @property
    def own_station(self) -> str:
        """The station whose node this is, "" on a hub and before it is enrolled."""
        if self._settings.role != "station":
            return ""
        found = self._upstream()
        return "" if found is None else found.station

    def note_site(self, mark: bytes) -> None:
        """Note which site of the hub's is here now."""
        self._log.write(lambda t: upstream.note_marks(t.connection, site=mark))

    def standing(self) -> Standing:
        """Return how this node stands with the hub above."""
        with self._log.reading() as connection:
            hub = upstream.read(connection)
            refused = [(event.hex(), code, at) for event, code, at in uplink.refused(connection)]
        return Standing(
            hub,
            *self._counts(),
            refused,
            self.courier.progress,
            self.rounds.last if self.rounds is not None else None,
        )

    def safety_of(self, matter: bytes) -> str:
        """Return how safe a matter at a station is: at_station, at_hub or durable."""
        with self._log.reading() as connection:
            found = uplink.safety_of(connection, matter)
        return {Safety.HELD: "at_hub", Safety.DURABLE: "durable"}.get(found, "at_station")

    def receipt_keys(self) -> list[bytes]:
        """Return what makes follow-up keys here: the node's own, then each station's."""
        if self.reception is None:
            return [self._keys.receipt]
        with self._log.reading() as connection:
            count = connection.execute(
                "SELECT count(*) FROM nodes WHERE enrolled_at IS NOT NULL"
            ).fetchone()[0]
            with self._lock:
                if self._receipts[0] != count:
                    found = [
                        key
                        for peer in nodes.all_peers(connection)
                        if (key := self.reception.receipt_key_of(peer))
                    ]
                    self._receipts = (count, list(dict.fromkeys(found)))
        return [self._keys.receipt, *self._receipts[1]]

    def _transport(self) -> Transport:
        return HubLine(self.hub()[0]).exchange

    def _upstream(self) -> Upstream | None:
        with self._log.reading() as connection:
            return upstream.read(connection)

    def _counts(self) -> tuple[int, int, int, int]:
        with self._log.reading() as connection:
            found = uplink.counts(connection)
        return (
            found[Safety.WAITING] + found[Safety.DOUBTFUL],
            found[Safety.HELD],
            found[Safety.DURABLE],
            self._photos_waiting(),
        )

    def _note_failure(self, code: str) -> None:
        self._log.write(lambda t: upstream.note_tried(t.connection, t.now_ms(), code))

    def _took_place(self, came: Round) -> None:
        if came.enrolled and self._settings.role == "station":
            self._keys = forget_unsealing(self._log.folder, self._keys)
        self._after(came)
