"""The node's side of a replica's claim: taken before Litestream starts, compared ever after.

Taking, where the claim in the replica is of a run that this folder remembers, or where there is
none: what the replica holds must be in the database, or the database is older than it. That is
seen at once where the last run ended in good order, and by a restore into a temporary file where
not. Then the claim is replaced by that of a new run.

Whoever takes the claim later shuts the other out, which looks at the claim after each upload,
before anything is called durable, and every `WATCH_EVERY_S` besides. Two may live at once:

- A folder was restored, or its replica begun anew, and the node of before was not dead, but only
  paused or cut off. It may upload once more before it looks. So the new one writes below a root
  of its own.
- A copy of a whole machine remembers the same runs as the machine. A folder that finds itself on
  another machine, or on one that was started since, waits for `SETTLE_S` before it writes: by
  then the other has stopped.

What the other one uploaded and called durable until it was shut out must not be missed. So the
order is: the claim is read; the names of what lies there are; where need be, the content is
compared; the claim is read again, and must be the same; it is replaced; the names are read again,
and where they changed, the content is compared. Whoever else claimed it before the second reading
is seen by that; what it uploads later, by the names.
"""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from eventlog.database import reading
from sync.keeping.claims.claim import (
    NAME,
    Claim,
    Claimer,
    ReplicaRefused,
    name_below,
    new_run,
    read_claim,
    root_of,
    rooted,
    roots_of,
)
from sync.keeping.claims.claim_notes import (
    ClaimNote,
    home_of,
    keep_note,
    newest_row,
    newest_rows,
    read_note,
)
from sync.keeping.configuration import ReplicatedDatabase
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import (
    NoBackupError,
    RestoreDamagedError,
    RestoreError,
    restore,
    restore_newest,
)
from sync.keeping.stores.store import Store, StoreError, open_store

WATCH_EVERY_S = 3.0
SETTLE_S = 10.0
# How often it is asked how much room is left.
ROOM_EVERY_S = 3.0

logger = logging.getLogger("huiyin.replica")


class Claimant:
    """What one node has of the claim of its replica.

    `take` is the keeper's of Litestream, before it starts one; the rest any thread's.
    """

    def __init__(
        self,
        data_folder: Path,
        place: ReplicaPlace,
        databases: Sequence[ReplicatedDatabase],
        claimer: Callable[[], Claimer],
        *,
        anew: bool = False,
        settle_s: float = SETTLE_S,
    ) -> None:
        """With `anew` what lies at the place is moved aside first, whosoever it is."""
        self._folder = data_folder
        self._place = place
        self._databases = databases
        self._claimer = claimer
        self._anew = anew
        self._settle_s = settle_s
        self._address = place.label
        self._claim: Claim | None = None
        self._own = threading.local()
        self._stores: list[tuple[threading.Thread, Store]] = []
        self._refusal: ReplicaRefused | None = None
        self._look: tuple[bytes | None, list[str]] | None = None
        self.beginnings = 0
        """Grows by one whenever the replica turns out not to go on to what the databases hold."""
        self._room_known_until = 0.0
        self.place_error: StoreError | None = None
        """Why the replica could not be read at the last look, None where it could."""
        self.free_bytes: int | None = None
        """How much room was left where the replica lies, None where nobody says."""

    @property
    def refusal(self) -> ReplicaRefused | None:
        """Why this node may not write the replica, None where it may or does not know yet."""
        return self._refusal

    @property
    def is_held(self) -> bool:
        """Whether the claim was taken by this run, and not lost since."""
        return self._claim is not None and self._refusal is None

    @property
    def databases(self) -> list[ReplicatedDatabase]:
        """The databases, each with its replica below the root that was claimed."""
        root = "" if self._claim is None else self._claim.root
        return self._below(root)

    def take(self, rest: Callable[[float], bool] = lambda seconds: True) -> None:
        """Make the claim this run's, or see that it still is. `rest` waits, unless told to end.

        Raises ReplicaRefused, or StoreError where the replica can't be reached: then again.
        """
        own = self._claim
        self._looking(partial(self._take, rest) if own is None else partial(self._compare, own))
        self._refusal = None

    def check(self) -> None:
        """Return where the claim is still this run's. Raises ReplicaRefused or StoreError."""
        if self._refusal is not None:
            raise self._refusal
        if self._claim is None:
            raise StoreError("the replica is not claimed yet")
        self._looking(partial(self._compare, self._claim))

    def go_below_another_root(self) -> None:
        """Have the replica begin anew beside what lies there, which is damaged and stays.

        Raises StoreError; nothing is done then.
        """
        own = self._claim
        content = self._store.read(NAME)
        if own is None or content is None or read_claim(content).run != own.run:
            raise StoreError("the replica's claim is not this run's")
        run, note = new_run(), read_note(self._folder)
        anew = self._claimer().claim(run, root_of(run), roots_of(own))
        note.runs = [*note.runs, run]
        keep_note(self._folder, note)
        self._replace(anew, content)
        self._make_places(anew)
        self._claim = anew
        self.beginnings += 1
        logger.warning("副本另起一处 / the replica begins anew: %s", anew.root)

    def refuse(self, refusal: ReplicaRefused) -> None:
        """Write the replica no more; said once in the log."""
        if self._refusal is None or str(self._refusal) != str(refusal):
            logger.error("副本没有写 / the replica is not written: %s", refusal)
        self._refusal = refusal
        # Whoever takes it next begins from what the replica holds then.
        self._claim = None

    def note_end(self) -> None:
        """Note that all is in the replica, and what was written last; no more will be."""
        if self.is_held:
            note = read_note(self._folder)
            note.ended = newest_rows(self._databases)
            keep_note(self._folder, note)

    def close(self) -> None:
        """End all connections, but those of a thread that still waits for an answer."""
        for thread, store in self._stores:
            if not thread.is_alive() or thread is threading.current_thread():
                store.close()
        self._stores, self._own = [], threading.local()

    # Comparing.

    def _looking(self, step: Callable[[], None]) -> None:
        """Make a step that reads the replica, and remember how it was found."""
        try:
            step()
            if time.monotonic() > self._room_known_until:
                self.free_bytes = self._store.free_bytes()
                self._room_known_until = time.monotonic() + ROOM_EVERY_S
        except ReplicaRefused as refusal:
            self.place_error = None
            self.refuse(refusal)
            raise
        except StoreError as error:
            self.place_error = error
            raise
        self.place_error = None

    def _compare(self, own: Claim) -> None:
        content = self._store.read(NAME)
        if content is None:
            # The replica was deleted or exchanged. Whoever else claims it now comes first.
            self._create(own)
            return
        claim = read_claim(content)
        if claim.run == own.run:
            return
        if claim.run in read_note(self._folder).runs:
            # An older copy of this node's own replica was put in its place.
            self._compare_contents(claim)
            self._replace(own, content)
            self.beginnings += 1
            return
        raise self._foreign(claim)

    # Taking.

    def _take(self, rest: Callable[[float], bool]) -> None:
        if self._anew:
            self._move_aside()
        note, home = read_note(self._folder), home_of(self._folder)
        has_moved = bool(note.home) and note.home != home
        content = self._store.read(NAME)
        claim = None if content is None else read_claim(content)
        if claim is not None and claim.run not in note.runs:
            raise self._foreign(claim)
        went_on = (
            claim is not None
            and claim.run == note.runs[-1]
            and newest_rows(self._databases) == note.ended
        )
        newest_names = self._newest_names(claim)
        needed = roots_of(claim)
        look = (content, newest_names)
        if self._refusal is not None and look == self._look:
            # Nothing changed there, and to compare a big one takes long.
            raise self._refusal
        self._look = look
        if newest_names and (note.restored or not went_on):
            needed = self._compare_contents(claim, note.restored)
        own = self._new_claim(claim, note.restored, needed)
        # Noted before it is claimed: a claim that was not noted would be a stranger's.
        noted = ClaimNote([*note.runs, own.run], home, note.restored)
        keep_note(self._folder, noted)
        if content is None:
            self._create(own)
        else:
            self._replace(own, content)
        if has_moved and rest(self._settle_s):
            content = self._store.read(NAME)
            if content is None or read_claim(content).run != own.run:
                raise StoreError("the replica's claim was taken at the same moment")
        if (note.restored or has_moved) and self._newest_names(claim) != newest_names:
            # The other one lives, and uploaded more until it was shut out.
            self._compare_contents(claim, note.restored)
        self._make_places(own)
        if note.restored:
            noted.restored = False
            keep_note(self._folder, noted)
        self._anew = False
        self._claim = own

    def _new_claim(self, claim: Claim | None, restored: bool, needed: tuple[str, ...]) -> Claim:
        """Return the claim of a new run: below the root of before, or below one of its own."""
        run = new_run()
        if not restored and not self._anew:
            root, before = ("", ()) if claim is None else (claim.root, claim.before)
            return self._claimer().claim(run, root, before)
        self.beginnings += 1
        return self._claimer().claim(run, root_of(run), () if self._anew else needed)

    def _make_places(self, claim: Claim) -> None:
        for database in self._databases:
            self._store.make_place(name_below(claim.root, database.name))

    def _create(self, claim: Claim) -> None:
        if not self._store.create(NAME, claim.encoded):
            raise StoreError("the replica was claimed at the same moment")
        self.beginnings += 1

    def _replace(self, claim: Claim, before: bytes) -> None:
        """Put a claim in the place of that which was read before, and of no other."""
        if self._store.read(NAME) == before:
            self._store.replace(NAME, claim.encoded)
            if self._store.read(NAME) == claim.encoded:
                return
        raise StoreError("the replica's claim was taken at the same moment")

    def _move_aside(self) -> None:
        content = self._store.read(NAME)
        claim, label = None, "aside-unclaimed"
        if content is not None:
            try:
                claim = read_claim(content)
                label = f"aside-{claim.run[:8]}"
            except ReplicaRefused:
                label = "aside-unreadable"
        if content is not None or self._newest_names(claim):
            names = [database.name for database in self._databases]
            tops = [name_below(root, name) for root in roots_of(claim) for name in names]
            self._store.move_aside(label, [*tops, NAME])
            logger.warning(
                "副本里原有的内容移到 / what the replica held was moved to %s",
                self._place.aside(label).label,
            )

    # What the replica holds.

    def _below(self, root: str) -> list[ReplicatedDatabase]:
        place = rooted(self._place, root)
        return [
            replace(database, replica=place.below(database.name)) for database in self._databases
        ]

    def _newest_names(self, claim: Claim | None) -> list[str]:
        """Return what each database's replica has last, by the name; empty where nothing is.

        The names are in the order of the transactions within a level, and a new one comes to the
        lowest.
        """
        newest: list[str] = []
        for root in roots_of(claim):
            for database in self._databases:
                below = name_below(root, database.name)
                level = f"{below}/ltx/0/"
                names = self._store.names(below)
                newest += [name for name in names if name.startswith(level)][-1:] or names[-1:]
        return newest

    def _compare_contents(self, claim: Claim | None, restored: bool = False) -> tuple[str, ...]:
        """Raise ReplicaRefused where a restore would bring what the databases don't have.

        Of a damaged one only a `restored` node is known to have all that is whole. Returns the
        roots that a restore needs: all up to the last that a database comes from.
        """
        roots, needed = roots_of(claim), 0
        for database in self._databases:
            if database.contents is None:
                continue
            newest = None
            for number, root in enumerate(roots, 1):
                try:
                    newest = self._newest_restored(database, rooted(self._place, root), restored)
                    needed = max(needed, number)
                    break
                except NoBackupError as error:
                    if self._store.names(name_below(root, database.name)):
                        raise StoreError(f"there is more than is told: {error}") from error
                    # A first upload was cut, or has not begun.
                    self.beginnings += number == 1
                except RestoreDamagedError as error:
                    raise ReplicaRefused("damaged", str(error)) from error
                except RestoreError as error:
                    raise StoreError(f"the replica can't be compared: {error}") from error
            with reading(database.path) as connection:
                if not database.contents.are_in(connection, newest):
                    raise ReplicaRefused(
                        "ahead",
                        f"the replica holds of {database.name} what {self._folder} does not: "
                        "its data is older, or is another's",
                    )
        return roots[:needed]

    def _newest_restored(
        self, database: ReplicatedDatabase, place: ReplicaPlace, restored: bool
    ) -> tuple[object, ...] | None:
        with tempfile.TemporaryDirectory(prefix=".replica-", dir=self._folder) as folder:
            copy = Path(folder) / database.path.name
            if restored:
                restore_newest(database.name, [place], copy)
            else:
                restore(database.name, place.below(database.name), copy)
            return newest_row(database, copy)

    # Refusing.

    def _foreign(self, claim: Claim) -> ReplicaRefused:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(claim.since / 1000))
        if claim.node != self._claimer().node:
            why = f"{self._address} is the replica of another node, {claim.node}"
            return ReplicaRefused("foreign", why)
        return ReplicaRefused(
            "ahead",
            f"{self._address} was written since {since} by this node from another folder or "
            f"machine; {self._folder} is an older copy, or another of it runs",
        )

    @property
    def _store(self) -> Store:
        """This thread's own connection."""
        store: Store | None = getattr(self._own, "store", None)
        if store is None:
            store = self._own.store = open_store(self._place)
            self._stores.append((threading.current_thread(), store))
        return store
