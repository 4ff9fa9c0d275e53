"""A node's replica: Litestream beside its databases, and how far each is known to be in it."""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from eventlog.clock import system_clock_ms
from eventlog.log import Log
from server.folder.rehearsals import Rehearsed, Rehearser, read_rehearsed
from server.folder.safe_writes import SafeWriter
from sync.keeping.causes import Cause
from sync.keeping.claims.claim import Claimer
from sync.keeping.claims.claimant import Claimant
from sync.keeping.configuration import ReplicatedDatabase
from sync.keeping.durability import Durability, DurabilityState
from sync.keeping.durable_position import DurablePosition
from sync.keeping.litestream import Litestream
from sync.keeping.replica import ReplicaPlace
from sync.keeping.troubles import Trouble, trouble_of
from sync.keeping.wal import WalKeeper

LOG_DATABASE = "huiyin"
ATTACHMENTS_DATABASE = "attachments"
# SIGTERM must end the node within 5 s (CONTRACT); these are its parts.
FINAL_SYNC_S = 1.5
LITESTREAM_STOP_S = 0.8

logger = logging.getLogger("huiyin.replica")


class Replica:
    """The replica of one node, or nothing where it has none (`place` is None)."""

    def __init__(
        self,
        folder: Path,
        files: Mapping[str, str],
        place: ReplicaPlace | None,
        databases: Sequence[ReplicatedDatabase],
        claimer: Callable[[], Claimer],
        *,
        same_disk_counts: bool,
        anew: bool = False,
        address: str = "",
    ) -> None:
        """Make what keeps the replica; nothing is done before `start`.

        `files` are the names of the databases' files in the data folder, by the databases' names,
        `databases` what of them is replicated. `claimer` says who the node is; with `anew` what
        lies at the place is moved aside first. Raises ReplicaAddressError.
        """
        self._folder = folder
        self._files = files
        self._same_disk_counts = same_disk_counts
        self._durabilities: dict[str, Durability] = {}
        self._was_elsewhere = place is not None and not place.same_disk_as(folder)
        self._ended_well = False
        self.litestream: Litestream | None = None
        self._rehearser: Rehearser | None = None
        self._claimant: Claimant | None = None
        if place is not None:
            # An SFTP server whose key is not known is said at once.
            place.settings()
            self._claimant = Claimant(folder, place, databases, claimer, anew=anew)
            self.litestream = Litestream(
                folder, databases, claimant=self._claimant, may_forget=self._may_forget
            )
            self._rehearser = Rehearser(
                folder, address, ready=lambda: self.is_current, came=self.take_rehearsed
            )

    def between_groups(self, name: str) -> Callable[[sqlite3.Connection], object]:
        """Return what the writer of a database does between its groups: keep the WAL short."""
        path = self._folder / self._files[name]
        return WalKeeper(self._folder, name, path, litestream=self.litestream).tend

    def start(self) -> None:
        """Start Litestream, as soon as the replica is known to be this node's."""
        if self.litestream is not None:
            self.litestream.start(0)

    def start_rehearsing(self) -> None:
        """Begin to rehearse a restore each night."""
        if self._rehearser is not None:
            self._rehearser.start()

    def stop_rehearsing(self) -> None:
        """Rehearse no more."""
        if self._rehearser is not None:
            self._rehearser.stop()

    def _may_forget(self) -> bool:
        """Return whether older snapshots may go: only while a good rehearsal stands for a newer."""
        rehearsed = read_rehearsed(self._folder)
        return rehearsed is not None and rehearsed.stands(system_clock_ms())

    @property
    def is_current(self) -> bool:
        """Whether all that is committed is known to be in the replica."""
        states = [each.report().state for each in self._durabilities.values()]
        return bool(states) and all(state is DurabilityState.CURRENT for state in states)

    def take_rehearsed(self, rehearsed: Rehearsed) -> None:
        """Begin the replica with a fresh snapshot where it is damaged; tell both kinds of news."""
        if rehearsed.ok:
            logger.info("副本演练成功 / a restore was rehearsed: %.1f s", rehearsed.took_s)
        else:
            logger.error("副本演练没有成功 / a rehearsed restore failed: %s", rehearsed.what)
        if self.litestream is None:
            return
        if rehearsed.code == "damaged":
            for name, durability in self._durabilities.items():
                self.litestream.mark_broken(name, f"rehearsed: {rehearsed.what}")
                durability.ask_again()
            self.litestream.repair()
        self.litestream.reconsider()

    def confirm_log(self, log: Log, writes: SafeWriter) -> None:
        """Begin to confirm what the log commits, and keep on disk how far that came."""
        self._confirm(
            LOG_DATABASE,
            writes,
            log.newest_position(),
            newest=log.newest_position,
            keep=DurablePosition(self._folder, lambda: log.voice.log),
        )

    def confirm_attachments(self, newest: int, writes: SafeWriter) -> None:
        """Begin to confirm what is committed of photos, from the `newest` position on."""
        self._confirm(ATTACHMENTS_DATABASE, writes, newest)

    def _confirm(
        self,
        name: str,
        writes: SafeWriter,
        committed: int,
        *,
        newest: Callable[[], int] | None = None,
        keep: DurablePosition | None = None,
    ) -> None:
        if self.litestream is None:
            return
        durability = Durability(
            self.litestream,
            name,
            same_disk_counts=self._same_disk_counts,
            newest=newest,
            keep=keep,
        )
        durability.note_commit(committed)
        durability.start()
        self._durabilities[name] = writes.durability = durability

    def note_commit(self, name: str, position: int) -> None:
        """Take note that a database has been committed up to a position."""
        durability = self._durabilities.get(name)
        if durability is not None:
            durability.note_commit(position)

    def durability(self, name: str) -> Durability | None:
        """Return what is known of a database, None before it is confirmed or without a replica."""
        return self._durabilities.get(name)

    def let_go(self) -> None:
        """Keep nobody waiting for the replica any more: the node is about to stop."""
        for durability in self._durabilities.values():
            durability.let_go()

    def trouble(self) -> Trouble | None:
        """Return what is wrong with it now, None where nothing is. Never waits for anybody."""
        if self.litestream is None:
            return Trouble(Cause.NONE)
        reports = [durability.report() for durability in self._durabilities.values()]
        return trouble_of(self.litestream, reports, was_elsewhere=self._was_elsewhere)

    def final_sync(self) -> None:
        """Have Litestream upload what was committed last; the writers have been drained."""
        deadline = time.monotonic() + FINAL_SYNC_S
        arrived = [
            each.final_sync(max(0.0, deadline - time.monotonic()))
            for each in self._durabilities.values()
        ]
        self._ended_well = all(arrived)

    def stop_confirming(self) -> None:
        """End the threads that confirm."""
        for durability in self._durabilities.values():
            durability.stop()

    def stop(self) -> None:
        """Stop Litestream; the databases are closed."""
        if self.litestream is not None:
            self.litestream.stop(LITESTREAM_STOP_S)
        if self._claimant is not None:
            if self._ended_well:
                self._claimant.note_end()
            self._claimant.close()
