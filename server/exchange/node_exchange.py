"""Both ends of the exchange on one node: what answers the nodes below, what asks the hub above."""

import logging
import math
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from acts.shanghai import DAY_MS
from eventlog.clock import NodeClock
from eventlog.keys import Keys, KeysDamaged, forget_unsealing, load_keys
from eventlog.log import Log
from server.exchange.exchange_wiring import inquirer_of, introduction_of, reception_of
from server.folder.hub_clock import HubClock
from server.folder.settings import Settings
from server.photos.attachments import Attachments, forget_photos
from server.photos.travelling_photos import photos_from_below, photos_going_up
from sync.keeping.durability import Durability
from sync.nodes import nodes
from sync.nodes.enrolment import Moving, read_moving
from sync.photos.source import BlobState
from sync.rounds import downlink, uplink, upstream
from sync.rounds.client import HubLine
from sync.rounds.courier import Courier, Delivery, Rounds, Transport
from sync.rounds.downlink import Downlink
from sync.rounds.reception import Reception
from sync.rounds.round import NotJoined, Round
from sync.rounds.uplink import Safety
from sync.rounds.upstream import Upstream

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
    under_way: Delivery | None
    last: Delivery | None


class NodeExchange:
    """What one node exchanges, made for a server or for one command beside it."""

    def __init__(
        self,
        log: Log,
        keys: Keys,
        settings: Settings,
        queue: Downlink,
        attachments: Attachments,
        *,
        clock: NodeClock | None = None,
        hub_clock: HubClock | None = None,
        photos_durability: Callable[[], Durability | None] = lambda: None,
        site_mark: Callable[[], bytes] = lambda: b"",
        after: Callable[[Round], None] = lambda round: None,
        keys_changed: Callable[[Keys], None] = lambda keys: None,
    ) -> None:
        self._log = log
        self._keys = keys
        self._settings = settings
        self._clock = clock
        self._after = after
        self._purged_on = 0
        self.photos_up = photos_going_up(attachments, log) if settings.role == "station" else None
        self._keys_changed = keys_changed
        self._receipts: tuple[int, list[bytes]] = (-1, [])
        self._lock = threading.Lock()
        self._order: Moving | None = None
        self.reception: Reception | None = None

        def forget(hashes: Sequence[str]) -> None:
            """Take out what was erased elsewhere; nobody waits for it, and it outlives a crash."""
            if hashes:
                attachments.writer.submit(lambda transaction: forget_photos(transaction, hashes))

        if settings.role == "hub":
            photos = photos_from_below(attachments, log, photos_durability)
            doubts = (lambda: False) if hub_clock is None else hub_clock.doubts
            self.reception = reception_of(log, keys, queue, forget, photos, site_mark, doubts)
        self.inquirer = inquirer_of(
            log, lambda: self._keys, settings.role, clock, forget, self.photos_up
        )
        self.courier = Courier(
            log.folder,
            self.inquirer,
            self._transport,
            self._counts,
            note_failure=self._note_failure,
            after=self.took_place,
        )
        self._rounds = Rounds(
            self.courier,
            every_s=math.inf if settings.sync_every == "off" else float(settings.sync_every),
            waits=self._waits,
        )

    @property
    def keys(self) -> Keys:
        """The node's keys as they are now."""
        return self._keys

    @property
    def log(self) -> Log:
        """The node's log."""
        return self._log

    @property
    def role(self) -> str:
        """What this node is: hub or station."""
        return self._settings.role

    def start(self) -> None:
        """Note in which voice the hub writes, and begin to make rounds.

        Also where there is no hub above yet: it may be joined by a command beside the server.
        """
        self._log.write(lambda t: downlink.begin_voice(t, self._log.voice.log))
        if self._settings.sync_every != "off":
            self._rounds.start()

    def stop(self) -> None:
        """End the rounds."""
        self._rounds.stop()

    def wake(self) -> None:
        """Something was written: carry it soon."""
        self._rounds.wake()

    def now(self) -> None:
        """Somebody asks for it: carry at once, also where rounds are off or had not begun."""
        self._rounds.now()

    def hub(self) -> tuple[str, bytes]:
        """Return the address and the signing key of the hub above. Raises NotJoined."""
        hub = self.upstream()
        url = self._settings.upstream or (hub.url if hub is not None else "")
        if hub is None or not url:
            raise NotJoined("no hub was joined, or it has no address")
        return url, hub.verify_key

    @property
    def own_station(self) -> str:
        """The station whose node this is, "" on a hub and before it is enrolled."""
        if self._settings.role != "station":
            return ""
        hub = self.upstream()
        return "" if hub is None else hub.station

    def hub_key(self) -> bytes:
        """Return the signing key of the hub above. Raises NotJoined."""
        hub = self.upstream()
        if hub is None:
            raise NotJoined("no hub was joined")
        return hub.verify_key

    def note_site(self, mark: bytes) -> None:
        """Note which site of the hub's is here now."""
        self._log.write(lambda t: upstream.note_marks(t.connection, site=mark))

    def standing(self) -> Standing:
        """Return how this node stands with the hub above."""
        with self._log.reading() as connection:
            hub = upstream.read(connection)
            refused = [(event.hex(), code, at) for event, code, at in uplink.refused(connection)]
        return Standing(hub, *self._counts(), refused, self.courier.under_way, self._rounds.last)

    def purge(self) -> None:
        """Let go of photos that were durable for ninety days, once a day, where that is known."""
        day = self._log.now_ms() // DAY_MS
        trusted = self._clock is None or self._clock.trusted
        if self.photos_up is not None and trusted and day != self._purged_on:
            self._purged_on = day
            self.photos_up.purge()

    def photo_safety(self, sha256: str) -> str:
        """Return how safe a photo at a station is: at_station, at_hub or durable."""
        state = None if self.photos_up is None else self.photos_up.state_of(bytes.fromhex(sha256))
        if state in (BlobState.DURABLE, BlobState.PURGED):
            return "durable"
        return "at_hub" if state is BlobState.HELD else "at_station"

    def safety_of(self, matter: bytes) -> str:
        """Return how safe a matter at a station is: at_station, at_hub or durable."""
        with self._log.reading() as connection:
            safety = uplink.safety_of(connection, matter)
        return {Safety.HELD: "at_hub", Safety.DURABLE: "durable"}.get(safety, "at_station")

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
                    keys = map(self.reception.entrusted.receipt_key_of, nodes.all_peers(connection))
                    self._receipts = (count, list(dict.fromkeys(filter(None, keys))))
        return [self._keys.receipt, *self._receipts[1]]

    def _transport(self) -> Transport:
        self._follow_keys()
        if self._order is not None:
            self._move(self._order)
        return HubLine(self.hub()[0]).exchange

    def _follow_keys(self) -> None:
        """Go on with the keys with which this station joins anew, here or by a command beside."""
        if self._settings.role != "station":
            return
        try:
            keys = load_keys(self._log.folder)
        except KeysDamaged:
            # Those that were read at the start are as good as ever; `doctor` tells of the file.
            return
        if keys is not None and keys.sealing_public != self._keys.sealing_public:
            self._take_keys(keys)

    def _take_keys(self, keys: Keys) -> None:
        self._keys = keys
        self._keys_changed(keys)

    def upstream(self) -> Upstream | None:
        """Return the hub above as it is known now, or None."""
        with self._log.reading() as connection:
            return upstream.read(connection)

    def _is_entrusted(self) -> bool:
        """Return whether what opens this station's texts is safe at its hub, whoever heard that."""
        hub = self.upstream()
        return hub is not None and hub.enrolment is None

    def _waits(self) -> bool:
        with self._log.reading() as connection:
            return bool(uplink.backlog(connection).waiting)

    def _counts(self) -> tuple[int, int, int, int]:
        with self._log.reading() as connection:
            counts = uplink.counts(connection)
        return (
            counts[Safety.WAITING] + counts[Safety.DOUBTFUL],
            counts[Safety.HELD],
            counts[Safety.DURABLE],
            0 if self.photos_up is None else self.photos_up.waiting(),
        )

    def _note_failure(self, code: str) -> None:
        self._log.write(lambda t: upstream.note_tried(t.connection, t.now_ms(), code))

    def _move(self, order: Moving) -> None:
        """Belong to another hub from now on: the one before said so, and signed it."""
        invitation = order.invitation
        introduction = introduction_of(
            self._keys, invitation.hub, invitation.secret, self._settings.role, order.secrets
        )
        self._log.write(lambda t: upstream.join(t, invitation.hub, invitation.url, introduction))
        logger.warning("this node belongs to another hub now: %s", invitation.url)
        self._order = None

    def took_place(self, round_made: Round) -> None:
        """Do what follows from a round, by network or by stick."""
        if round_made.moved and not (self._counts()[0] or self._counts()[1]):
            # Only once the hub before has everything for good.
            self._order = read_moving(round_made.moved)
        if self._settings.role == "station" and self._keys.unsealing and self._is_entrusted():
            self._take_keys(forget_unsealing(self._log.folder, self._keys))
        self.purge()
        self._after(round_made)
