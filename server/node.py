"""A node: everything that runs on one data folder, wired together, started and stopped in order."""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from eventlog.keys import (
    KIT_NAME,
    Keys,
)
from eventlog.sealing import Unsealer
from eventlog.transaction import Transaction
from server.data_folder import clock_of, open_log, prepare_folder
from server.desks.timekeeper import Timekeeper
from server.exchange.node_exchange import NodeExchange
from server.exchange.visibility import MattersVisibility
from server.folder.safe_writes import SafeWriter
from server.folder.settings import Settings
from server.letters.announcing import Announcer
from server.letters.digest_sources import sources
from server.letters.mail import Relay
from server.letters.postman import Postman
from server.people import drafts
from server.people.keyring import Keyring
from server.photos.attachments import FILE_NAME as ATTACHMENTS_NAME
from server.photos.attachments import Attachments
from server.photos.erased_pictures import forget_again
from server.registers import county_registers
from server.search.directory import DirectoryCache
from server.search.indexer import Indexer
from server.site.publishing import SiteKeeper
from server.site.site_copy import SiteCopy
from server.site.site_following import SiteFollower
from server.site.site_offer import FILE_NAME as MANIFEST_NAME
from server.site.site_offer import SiteOffer
from sync.keeping.configuration import ReplicatedDatabase
from sync.keeping.durability import Durability
from sync.keeping.durable_position import DurablePosition
from sync.keeping.litestream import Litestream
from sync.keeping.replica import ReplicaPlace
from sync.keeping.wal import WalKeeper
from sync.rounds.downlink import Downlink
from sync.rounds.reception import Reception
from sync.rounds.round import Round

logger = logging.getLogger("huiyin.node")

LOG_DATABASE = "huiyin"
ATTACHMENTS_DATABASE = "attachments"
# SIGTERM must end the node within 5 s (CONTRACT); these are its parts.
FINAL_SYNC_S = 2.0
LITESTREAM_STOP_S = 1.5


class DataFolderInUse(Exception):
    """Another process serves this data folder already."""


class Node:
    """One running node. `start` brings everything up; `stop` takes it down with nothing lost."""

    def __init__(self, settings: Settings) -> None:
        """Open the data folder for this process alone.

        Raises DataFolderInUse or PlainTextsInside.
        """
        self.settings = settings
        self.folder = settings.data.absolute()
        self.keys = prepare_folder(settings)
        self._lock = self._take_folder()
        self.clock = clock_of(settings)
        self._durabilities: dict[str, Durability] = {}
        self.litestream = self._litestream()
        queue = Downlink(MattersVisibility())
        self.log = open_log(
            self.folder,
            self.keys,
            on_commit=self._log_committed,
            between_groups=self._between(LOG_DATABASE, self.folder / "huiyin.db"),
            clock=self.clock,
            role=settings.role,
            queue=queue,
        )
        self.keyring = Keyring(self.log, self.keys) if self.keys.of_station else None
        self.attachments = Attachments(
            self.folder,
            sealer=self.keys.sealer if self.keys.of_station else None,
            goes_up=settings.role == "station",
            on_commit=self._attachments_committed,
            between_groups=self._between(ATTACHMENTS_DATABASE, self.folder / ATTACHMENTS_NAME),
        )
        self.matter_writes = SafeWriter(self.log.writer, settings.durable_wait_s)
        self.photo_writes = SafeWriter(self.attachments.writer, settings.durable_wait_s)
        self.registers = county_registers.RegisterCache(self.log)
        self.exchange = NodeExchange(
            self.log,
            self.keys,
            settings,
            queue,
            self.attachments,
            clock=self.clock,
            photos_durability=lambda: self.durability(ATTACHMENTS_DATABASE),
            site_mark=lambda: self.site.mark,
            after=self._after_round,
            keys_changed=self._take_keys,
        )
        is_station = settings.role == "station"
        self.site = SiteKeeper(
            self.log,
            self.folder,
            settings.address,
            self.registers.current,
            copied=is_station,
        )
        self.site_copy = SiteCopy(self.folder) if is_station else None
        self.follower = (
            None
            if self.site_copy is None
            else SiteFollower(self.site_copy, self.exchange.hub, self.exchange.note_site)
        )
        self.site_offer = SiteOffer(
            self.site.out, self.folder / MANIFEST_NAME, self.keys.signing, self.log.now_ms
        )
        self.directory = DirectoryCache(self.registers.current)
        self.indexer = Indexer(self.log)
        # Limits, digests and webhooks are the hub's: a station that is offline knows too little.
        is_hub = settings.role == "hub"
        self.timekeeper = Timekeeper(self.log, self.registers.current) if is_hub else None
        self.postman = self._postman() if is_hub else None
        self.now_ms = self.log.now_ms
        self._clear_drafts()
        forget_again(self.log, self.attachments, self.folder)

    def _clear_drafts(self) -> None:
        """Remove drafts that are old, or that a copy brought back after an erasure."""

        def job(transaction: Transaction) -> None:
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

    def admit(self) -> None:
        """Let the present request read what is unlocked: it is a villager's own, or of staff."""
        if self.keyring is not None:
            self.keyring.forget_ended()
            self.keyring.admit()

    def start(self) -> None:
        """Start Litestream, begin to confirm, and bring the site up to date."""
        if self.litestream is not None:
            self.litestream.start()
            for name, writes, newest in (
                (LOG_DATABASE, self.matter_writes, self.log.newest_position()),
                (ATTACHMENTS_DATABASE, self.photo_writes, self.attachments.newest_position()),
            ):
                is_log = name == LOG_DATABASE
                durability = Durability(
                    self.litestream,
                    name,
                    same_disk_counts=self._same_disk_counts(),
                    newest=self.log.newest_position if is_log else None,
                    keep=DurablePosition(self.folder, lambda: self.log.voice.log)
                    if is_log
                    else None,
                )
                durability.note_commit(newest)
                durability.start()
                self._durabilities[name] = writes.durability = durability
        if self.follower is not None:
            self.follower.start()
        self.exchange.start()
        self.site.start()
        self.indexer.start()
        if self.timekeeper is not None:
            self.timekeeper.start()
        if self.postman is not None:
            self.postman.start()

    def stop(self) -> None:
        """Stop in the one order that loses nothing (DESIGN decision 4)."""
        self.exchange.stop()
        if self.postman is not None:
            self.postman.stop()
        if self.timekeeper is not None:
            self.timekeeper.stop()
        self.indexer.stop()
        self.site.stop()
        self.site_offer.close()
        if self.follower is not None:
            self.follower.stop()
        self.log.drain()
        self.attachments.writer.drain()
        for durability in self._durabilities.values():
            durability.final_sync(FINAL_SYNC_S)
        self.log.close()
        self.attachments.writer.close()
        for durability in self._durabilities.values():
            durability.stop()
        if self.litestream is not None:
            self.litestream.stop(LITESTREAM_STOP_S)
        try:
            if self.clock is not None:
                self.clock.keep(at_once=True)
        finally:
            os.close(self._lock)

    def durability(self, database: str = LOG_DATABASE) -> Durability | None:
        """Return what is known of a database's replica, or None on a node without one."""
        return self._durabilities.get(database)

    def receipt_keys(self) -> list[bytes]:
        """Return the receipt keys that open a matter here, this node's own first."""
        return self.exchange.receipt_keys()

    @property
    def reception(self) -> Reception | None:
        """What answers the nodes below, None on a station."""
        return self.exchange.reception

    def safety(self, durable: bool) -> str:
        """Return the degree of safety to tell (DESIGN decision 3)."""
        if self.settings.role == "station":
            # A station's own replica never makes anything durable.
            return "at_station"
        return "durable" if durable else "at_hub"

    def photo_safety(self, sha256: str) -> str:
        """Return how safe a photo is; one that is not here yet is at the station that sent it."""
        if self.settings.role == "station":
            return self.exchange.photo_safety(sha256)
        position = self.attachments.position_of([sha256])
        return self.safety(self.photo_writes.is_durable(position)) if position else "at_station"

    def matter_safety(self, matter: bytes, position: int) -> str:
        """Return how safe a matter is whose newest event is at that position.

        At a station it is as safe as the hub above says.
        """
        if self.settings.role == "station":
            return self.exchange.safety_of(matter)
        return self.safety(self.matter_writes.is_durable(position))

    @property
    def copied_at_ms(self) -> int | None:
        """The hub's time of a station's copy of the site; None before that is whole."""
        return None if self.site_copy is None else self.site_copy.copied_at

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

    def _same_disk_counts(self) -> bool:
        return self.settings.same_disk_counts or self.settings.sample

    def _log_committed(self, position: int) -> None:
        durability = self._durabilities.get(LOG_DATABASE)
        if durability is not None:
            durability.note_commit(position)
        if hasattr(self, "site"):
            self.site.wake()
        if hasattr(self, "indexer"):
            self.indexer.wake(position)
        if hasattr(self, "exchange"):
            self.exchange.wake()

    def _attachments_committed(self, position: int) -> None:
        durability = self._durabilities.get(ATTACHMENTS_DATABASE)
        if durability is not None:
            durability.note_commit(position)

    def _between(self, name: str, path: Path) -> Callable[[sqlite3.Connection], None]:
        keeper = WalKeeper(self.folder, name, path, litestream=self.litestream)

        def tend(connection: sqlite3.Connection) -> None:
            keeper.tend(connection)
            if self.clock is not None:
                self.clock.keep()

        return tend

    def _postman(self) -> Postman:
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
        )

    def _litestream(self) -> Litestream | None:
        url = self.settings.replica_url
        if url is None:
            return None
        place = ReplicaPlace.parse(url)
        return Litestream(
            self.folder,
            [
                ReplicatedDatabase(name, self.folder / file, place.below(name))
                for name, file in (
                    (LOG_DATABASE, "huiyin.db"),
                    (ATTACHMENTS_DATABASE, ATTACHMENTS_NAME),
                )
            ],
        )

    def _take_folder(self) -> int:
        descriptor = os.open(self.folder / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise DataFolderInUse(str(self.folder)) from error
        return descriptor
