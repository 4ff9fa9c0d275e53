"""A node: everything that runs on one data folder, wired together, started and stopped in order."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Protocol

from eventlog.keys import KIT_NAME, Keys
from eventlog.sealing import Unsealer
from eventlog.transaction import Transaction
from server.county import county_registers
from server.data_folder import (
    FILES,
    clock_of,
    hub_clock_of,
    open_log,
    prepare_folder,
    renew_kit,
    replicated,
)
from server.desks.timekeeper import Timekeeper
from server.exchange.node_exchange import NodeExchange
from server.exchange.visibility import MattersVisibility
from server.folder import folder_lock, kept_settings
from server.folder.hub_clock import HubClock
from server.folder.replica import ATTACHMENTS_DATABASE, LOG_DATABASE, Replica
from server.folder.safe_writes import SafeWriter
from server.folder.settings import Settings
from server.letters.announcing import Announcer
from server.letters.digest_sources import sources
from server.letters.mail import Relay
from server.letters.postman import Postman
from server.operations.watch import Watch
from server.people import drafts
from server.people.keyring import Keyring
from server.photos.attachments import Attachments
from server.photos.erased_pictures import forget_again
from server.search.directory import DirectoryCache
from server.search.indexer import Indexer
from server.site.publishing import SiteKeeper
from server.site.site_copy import SiteCopy
from server.site.site_following import SiteFollower
from server.site.site_offer import FILE_NAME as MANIFEST_NAME
from server.site.site_offer import SiteOffer
from sync.keeping.claims.claim import Claimer
from sync.keeping.durability import Durability
from sync.keeping.replica import ReplicaPlace
from sync.rounds.downlink import Downlink
from sync.rounds.reception import Reception
from sync.rounds.round import Round


class Part(NamedTuple):
    """What runs as long as the node does. Parts start in their order, and stop in reverse."""

    start: Callable[[], None]
    stop: Callable[[], None]


class _Running(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


def running(part: _Running) -> Part:
    """Return what starts and stops by itself."""
    return Part(part.start, part.stop)


def ending(stop: Callable[[], None]) -> Part:
    """Return what is there from the beginning and only has to be ended."""
    return Part(lambda: None, stop)


class Node:
    """One running node. `start` brings everything up; `stop` takes it down with nothing lost."""

    def __init__(self, settings: Settings, *, replica_anew: bool = False) -> None:
        """Open the data folder for this process alone.

        With `replica_anew` the replica begins anew: what lies at its place is moved aside.
        Raises DataFolderInUse, ReplicaAddressError, or one of `server.data_folder.REFUSALS`.
        """
        self.settings = settings
        self.folder = settings.data.absolute()
        self.keys = prepare_folder(settings)
        self._lock = folder_lock.take(self.folder)
        renew_kit(settings, self.keys)
        self.clock = clock_of(settings)
        self.hub_clock = hub_clock_of(settings, serves=True)
        is_station = settings.role == "station"
        place = ReplicaPlace.parse(settings.replica_url) if settings.replica_url else None
        self.replica = Replica(
            self.folder,
            FILES,
            place,
            replicated(self.folder, place) if place else [],
            self._claimer,
            same_disk_counts=settings.same_disk_counts or settings.sample,
            anew=replica_anew,
            address=settings.replica_url or "",
        )
        # Told of every commit, on the writer's thread; filled before the first.
        self._told: list[Callable[[int], None]] = []
        queue = Downlink(MattersVisibility())
        self.log = open_log(
            self.folder,
            self.keys,
            on_commit=self._log_committed,
            between_groups=self._between(LOG_DATABASE),
            clock=self.clock or self.hub_clock,
            role=settings.role,
            queue=queue,
        )
        self.keyring = Keyring(self.log, self.keys) if self.keys.of_station else None
        self.attachments = Attachments(
            self.folder,
            sealer=self.keys.sealer if self.keys.of_station else None,
            goes_up=is_station,
            on_commit=lambda position: self.replica.note_commit(ATTACHMENTS_DATABASE, position),
            between_groups=self._between(ATTACHMENTS_DATABASE),
        )
        self.matter_writes = SafeWriter(self.log.writer, settings.durable_wait_s)
        self.photo_writes = SafeWriter(self.attachments.writer, settings.durable_wait_s)
        self.registers = county_registers.RegisterCache(self.log)
        self.site = SiteKeeper(
            self.log, self.folder, settings.address, self.registers.current, copied=is_station
        )
        self.exchange = NodeExchange(
            self.log,
            self.keys,
            settings,
            queue,
            self.attachments,
            clock=self.clock,
            hub_clock=self.hub_clock,
            photos_durability=lambda: self.durability(ATTACHMENTS_DATABASE),
            site_mark=lambda: self.site.mark,
            after=self._after_round,
            keys_changed=self._take_keys,
        )
        self.site_offer = SiteOffer(
            self.site.out, self.folder / MANIFEST_NAME, self.keys.signing, self.log.now_ms
        )
        self.directory = DirectoryCache(self.registers.current)
        self.indexer = Indexer(self.log)
        self.now_ms = self.log.now_ms
        self.site_copy: SiteCopy | None = None
        self.follower: SiteFollower | None = None
        self.postman: Postman | None = None
        self.watch = Watch(
            self.folder,
            settings.replica_label,
            self.replica.trouble,
            self.durability,
            (self.log.writer, self.attachments.writer),
        )
        self._parts = self._station() if self.hub_clock is None else self._hub(self.hub_clock)
        self._stops = ExitStack()
        for part in self._parts:
            self._stops.callback(part.stop)
        self._told += [
            lambda position: self.replica.note_commit(LOG_DATABASE, position),
            lambda position: self.site.wake(),
            self.indexer.wake,
            lambda position: self.exchange.wake(),
        ]
        self._begin()
        forget_again(self.log, self.attachments, self.folder)

    def _hub(self, clock: HubClock) -> list[Part]:
        """Return the parts of a hub. Limits, digests and webhooks are its alone."""
        timekeeper = Timekeeper(self.log, self.registers.current, clock)
        self.postman = self._made_postman(clock)
        clock.settled += [timekeeper.wake, self.postman.wake, self.site.wake]
        return [
            *self._kept(),
            running(clock),
            ending(self.site_offer.close),
            running(self.site),
            running(self.indexer),
            running(timekeeper),
            running(self.postman),
            running(self.exchange),
        ]

    def _station(self) -> list[Part]:
        """Return the parts of a station, which keeps a copy of the hub's site."""
        self.site_copy = SiteCopy(self.folder)
        self.follower = SiteFollower(self.site_copy, self.exchange.hub, self.exchange.note_site)
        return [
            *self._kept(),
            running(self.follower),
            ending(self.site_offer.close),
            running(self.site),
            running(self.indexer),
            running(self.exchange),
        ]

    def _kept(self) -> list[Part]:
        """Return what keeps the data of any node.

        Its end, read from below, is the one order that loses nothing (DESIGN decision 4): writer,
        last sync, close SQLite while Litestream still holds it, Litestream.
        """
        return [
            ending(lambda: os.close(self._lock)),
            ending(self._keep_clock),
            running(self.replica),
            Part(self._confirm, self.replica.stop_confirming),
            Part(self.replica.start_rehearsing, self.replica.stop_rehearsing),
            ending(self.attachments.writer.close),
            ending(self.log.close),
            ending(self.replica.final_sync),
            ending(self.attachments.writer.drain),
            ending(self.log.drain),
            running(self.watch),
        ]

    def start(self) -> None:
        """Start all parts: Litestream first, then what writes, then what asks other nodes."""
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        """Stop all parts, the last first, also where one of them fails."""
        self._stops.close()

    def _confirm(self) -> None:
        self.replica.confirm_log(self.log, self.matter_writes)
        self.replica.confirm_attachments(self.attachments.newest_position(), self.photo_writes)

    def _keep_clock(self) -> None:
        if self.clock is not None:
            self.clock.keep(at_once=True)

    def _claimer(self) -> Claimer:
        return Claimer(
            node=self.keys.fingerprint, log=self.log.voice.log.hex(), now_ms=self.log.now_ms()
        )

    def _begin(self) -> None:
        """Keep the settings; remove drafts that are old, or that a copy brought back erased."""

        def job(transaction: Transaction) -> None:
            kept_settings.note(transaction, self.settings)
            drafts.clear_old(transaction)
            drafts.clear_erased(transaction, self.folder)

        self.log.write(job)

    @property
    def kit_path(self) -> Path:
        """Where the recovery kit waits to be printed, as long as it does."""
        return self.folder / KIT_NAME

    @property
    def is_locked(self) -> bool:
        """Whether this is a station on which nobody has unlocked the texts."""
        return self.keyring is not None and self.keyring.is_locked

    def unsealer(self) -> Unsealer:
        """Return what opens contacts, drafts and photos. Raises Locked at a locked station."""
        return self.keys.unsealer if self.keyring is None else self.keyring.unsealer()

    def durability(self, database: str = LOG_DATABASE) -> Durability | None:
        """Return what is known of a database's replica, or None on a node without one."""
        return self.replica.durability(database)

    @property
    def reception(self) -> Reception | None:
        """What answers the nodes below, None on a station."""
        return self.exchange.reception

    def _take_keys(self, keys: Keys) -> None:
        """Go on with other keys of a station: it belongs to a hub, or to one anew."""
        self.keys = keys
        self.log.sealer = self.attachments.sealer = keys.sealer
        if self.keyring is not None:
            self.keyring.follow(keys)

    def _after_round(self, came: Round) -> None:
        if came.site and self.follower is not None:
            self.follower.follow(came.site)
        if self.clock is not None:
            self.clock.keep()

    def _log_committed(self, position: int) -> None:
        for tell in self._told:
            tell(position)

    def _between(self, name: str) -> Callable[[sqlite3.Connection], None]:
        tend_wal = self.replica.between_groups(name)

        def tend(connection: sqlite3.Connection) -> None:
            tend_wal(connection)
            if self.clock is not None:
                self.clock.keep()

        return tend

    def _made_postman(self, clock: HubClock) -> Postman:
        settings, node = self.settings, self.keys.fingerprint
        relay = Relay.of(settings)
        announcer = Announcer(
            self.log,
            sources(self.log, self.registers),
            mail=relay is not None,
            webhooks=settings.webhook_urls,
            digest_hour=settings.digest_hour,
            console=settings.address + "console/",
            node=node,
        )
        return Postman(
            self.log,
            announcer,
            relay=relay,
            webhooks=settings.webhook_urls,
            secret=settings.webhook_secret,
            node=node,
            waits=clock.doubts,
        )
