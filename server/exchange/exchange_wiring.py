"""What the exchange needs to know of the domain, and both ends of it made from a node's parts.

`sync` knows no matter and no station: here it is told which event concerns whom, what a station may
write, and what follows from what arrived.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from eventlog.clock import NodeClock, counting_clock_ms
from eventlog.events import Event
from eventlog.keys import Keys, save_keys, with_fresh_sealing
from eventlog.log import Log
from eventlog.transaction import Arrival, Transaction
from matters.erasing import erasing
from matters.intake import numbering
from matters.limits import timing
from matters.nodes import acceptance, concerns
from server.exchange.visibility import RegistersAtHand
from server.people import station_accounts
from server.people.station_accounts import StationAccount
from server.site.site_cursor import cursor_of
from sync.nodes import enrolment
from sync.nodes.enrolment import HubCard, Invitation
from sync.nodes.nodes import Peer, Secrets, open_secrets, seal_secrets
from sync.photos.sink import BlobSink
from sync.photos.source import BlobQueue
from sync.rounds.downlink import Downlink
from sync.rounds.question import Inquirer
from sync.rounds.reception import Reception

# For so long a mark of accounts is not made anew: every question of a station needs one.
MARK_LASTS_S = 5.0


class HubDomain:
    """What a hub decides of what its stations bring."""

    def __init__(self, folder: Path, forget: Callable[[Sequence[str]], None]) -> None:
        """`forget` takes pictures out that were erased elsewhere."""
        self._folder = folder
        self._forget = forget
        self._registers = RegistersAtHand()
        self._marks: dict[str, tuple[float, bytes]] = {}

    def why_not(self, connection: sqlite3.Connection, arrival: Arrival, station: str) -> str:
        """Return why a station may not write an event."""
        event, record = arrival.event, arrival.words.get("record")
        row = connection.execute(
            "SELECT noun FROM states WHERE subject=?", (event.subject,)
        ).fetchone()
        # Asked for edits of a register alone: of a hundred events that come up one is such.
        standing = None
        if concerns.reaches_all(event.noun):
            standing = connection.execute(
                "SELECT record FROM records WHERE subject=?", (event.subject,)
            ).fetchone()
        return acceptance.why_not(
            event,
            station=station,
            places=self._registers.current(connection).places,
            noun=row[0] if row is not None else "",
            record=None if record is None else record.body.decode("utf-8", "replace"),
            standing=None if standing is None else standing[0],
        )

    def taken(
        self, transaction: Transaction, events: Sequence[Event], doubtful: Sequence[Event]
    ) -> None:
        """Erase what is erased, give doubles other numbers, and time what came from bad clocks."""
        subjects = _matters_of(events)
        for subject in subjects:
            self._forget(erasing.erase_again(transaction, self._folder, subject).pictures)
        numbering.rename_doubles(transaction, subjects)
        timed = [event.id for event in doubtful if event.noun == "matter"]
        if timed:
            timing.time_arrivals(transaction, timed, transaction.now_ms())

    def accounts_mark(self, connection: sqlite3.Connection, station: str) -> bytes:
        """Return a mark of the accounts of a station's staff, some seconds old at most."""
        until, mark = self._marks.get(station, (0.0, b""))
        now = time.monotonic()
        if now >= until:
            accounts = self._accounts(connection, station, b"")
            mark = station_accounts.mark_of(accounts)[:8] if accounts else b""
            self._marks[station] = now + MARK_LASTS_S, mark
        return mark

    def accounts_of(self, connection: sqlite3.Connection, station: str, reading: bytes) -> bytes:
        """Return the accounts of a station's staff, with what opens its texts for them."""
        return msgspec.msgpack.encode(self._accounts(connection, station, reading))

    def _accounts(
        self, connection: sqlite3.Connection, station: str, reading: bytes
    ) -> list[StationAccount]:
        return station_accounts.accounts_for_station(
            connection,
            station,
            registers=self._registers.current(connection),
            station_key=reading,
        )


class StationDomain:
    """What a station does with what came down."""

    def __init__(
        self,
        folder: Path,
        clock: NodeClock | None,
        forget: Callable[[Sequence[str]], None],
    ) -> None:
        """`forget` takes pictures out that were erased elsewhere."""
        self._folder = folder
        self._forget = forget
        self._clock = clock

    def taken(self, transaction: Transaction, events: Sequence[Event]) -> None:
        """Erase here what was erased elsewhere."""
        for subject in _matters_of(events):
            self._forget(erasing.erase_again(transaction, self._folder, subject).pictures)

    def take_accounts(self, transaction: Transaction, accounts: bytes, hub_ms: int) -> None:
        """Put the accounts of the station's staff in place, unless newer ones are here already."""
        until = hub_ms + station_accounts.VALID_MS
        before = station_accounts.valid_until(transaction.connection)
        if before is not None and until < before:
            # An answer that lay on a stick for a while.
            return
        if accounts:
            staff = msgspec.msgpack.decode(accounts, type=list[StationAccount])
            station_accounts.replace_accounts(transaction, staff, until)
        elif before is not None:
            station_accounts.confirm(transaction, until)

    def heard(self, hub_ms: int, asked_ms: int, answered_ms: int) -> None:
        """Set the clock by the hub's signed time."""
        if self._clock is not None:
            self._clock.correct(hub_ms, asked_ms, answered_ms)

    def heard_at_least(self, hub_ms: int) -> None:
        """Note that it is this late or later, by the hub's signed time on a stick."""
        if self._clock is not None:
            self._clock.is_at_least(hub_ms)


def _matters_of(events: Iterable[Event]) -> list[bytes]:
    return list(dict.fromkeys(event.subject for event in events if event.noun == "matter"))


def hub_card(keys: Keys, name: str) -> HubCard:
    """Return a hub's public keys as its stations know them."""
    return HubCard(keys.verify_key, keys.unsealer.public_key, keys.age_key, name)


def keys_to_join(folder: Path, keys: Keys, role: str) -> Keys:
    """Return the keys with which a node joins a hub.

    A station that was enrolled before has forgotten what opens its texts, so it takes a new
    sealing key; the hub that has the one of before opens with it what was sealed until now.
    """
    if role != "station" or keys.unsealing:
        return keys
    fresh = with_fresh_sealing(keys)
    save_keys(folder, fresh)
    return fresh


def introduction_of(
    keys: Keys, hub: HubCard, secret: bytes, role: str, secrets: bytes = b""
) -> bytes:
    """Return what a node says of itself to the hub that invited it.

    A station entrusts the hub with what opens its texts and makes its follow-up keys; a hub
    below another keeps both to itself. `secrets` are the same, sealed by the hub before, where
    that one sends the station on.
    """
    entrusted = Secrets(keys.unsealing, keys.receipt) if role == "station" else Secrets(b"", b"")
    return enrolment.introduce(
        secret,
        hub,
        verify_key=keys.verify_key,
        reading_key=keys.public_sealing_key,
        age_key=keys.age_key,
        secrets=secrets or seal_secrets(entrusted, hub.sealing_key),
    )


def order_to_move(keys: Keys, peer: Peer, invitation: Invitation) -> bytes:
    """Return what a hub tells a node of its own that is to belong to another hub from now on."""
    entrusted = open_secrets(peer.secrets or b"", keys.unsealing) or Secrets(b"", b"")
    return enrolment.moving(invitation, seal_secrets(entrusted, invitation.hub.sealing_key))


def reception_of(
    log: Log,
    keys: Keys,
    queue: Downlink,
    forget: Callable[[Sequence[str]], None] = lambda hashes: None,
    blobs: BlobSink | None = None,
    site_mark: Callable[[], bytes] = lambda: b"",
    doubts: Callable[[], bool] = lambda: False,
) -> Reception:
    """Return the side of a hub that answers the nodes below; `doubts`: whether its clock is off."""
    domain = HubDomain(log.folder, forget)
    card = hub_card(keys, "")
    return Reception(
        log, keys, card, queue, domain, blobs=blobs, site_mark=site_mark, doubts=doubts
    )


def inquirer_of(
    log: Log,
    keys: Callable[[], Keys],
    role: str,
    clock: NodeClock | None,
    forget: Callable[[Sequence[str]], None] = lambda hashes: None,
    blobs: BlobQueue | None = None,
) -> Inquirer:
    """Return the side of a node that asks the hub above."""
    return Inquirer(
        log,
        keys,
        StationDomain(log.folder, clock, forget),
        seals_texts=role == "station",
        blobs=blobs,
        monotonic_ms=counting_clock_ms if clock is None else clock.monotonic_ms,
        time_unknown=(lambda: False) if clock is None else (lambda: not clock.trusted),
        release=version("huiyin"),
        site_cursor=lambda: cursor_of(log.folder),
    )
