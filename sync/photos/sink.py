"""The hub's side of photos that travel: parts are kept, the whole is opened, checked and stored.

Each step is a transaction of its own, and each can be the last before a power cut: what is here
whole and was not stored yet is stored when the sender asks again how it stands.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from eventlog.database import one_moment, reading
from eventlog.sealing import Sealed, Unsealer, UnsealError
from eventlog.writer import OpenTransaction, Writer
from sync.photos import parts as blob_parts
from sync.rounds.wire import REFUSED_OFFSET, BlobPart


class Shelf(Protocol):
    """Where a hub's photos lie, and which it takes."""

    def holds(self, connection: sqlite3.Connection, sha256: bytes) -> bool:
        """Return whether a photo is here."""

    def is_wanted(self, sha256: bytes) -> bool:
        """Return whether an event names the photo."""

    def media_type_of(self, body: bytes) -> str:
        """Return what kind of picture the bytes are, "" where it is none that is taken."""

    def keep(
        self, connection: sqlite3.Connection, sha256: bytes, media_type: str, body: bytes
    ) -> None:
        """Store a photo. A transaction is open."""

    def durable(self, hashes: Sequence[bytes]) -> Collection[bytes]:
        """Return which of these are in the replica; may wait for it a moment."""


class TakenBlobs(NamedTuple):
    """What the sender is told of each photo, and which were not what their hashes say."""

    blobs: list[tuple[bytes, int, bool]]
    wrong: list[bytes]


class _Wrong(Exception):
    """A whole that is not what its hash says, or no picture."""


class _NotOpened(Exception):
    """A whole that is sealed to nobody whose key is here, as after a restore without the kit."""


class BlobSink:
    """Takes photos for one hub; the parts lie beside the photos, and it lives on their writer."""

    def __init__(
        self, path: Path, writer: Writer, shelf: Shelf, *, now_ms: Callable[[], int]
    ) -> None:
        """`path` is the database of the photos, `writer` the one that writes it."""
        self._path = path
        self._writer = writer
        self._shelf = shelf
        self._now_ms = now_ms

    def take(
        self, sender: bytes, parts: Sequence[BlobPart], unsealers: Sequence[Unsealer]
    ) -> TakenBlobs:
        """Keep parts of photos from the node of that key, and return what to tell it of each.

        Blocks on the writer and on the replica. Raises StorageFull, WriterBusy, WriterStopped.
        """
        here: set[bytes] = set()
        states: dict[bytes, tuple[int, bool]] = {}
        coming: list[BlobPart] = []
        with reading(self._path) as connection:
            for part in parts:
                if self._shelf.holds(connection, part.sha256):
                    here.add(part.sha256)
                elif part.size_bytes > blob_parts.SIZE_MOST_BYTES:
                    states[part.sha256] = REFUSED_OFFSET, False
                elif self._is_gone(connection, part.sha256):
                    # The sender may stop: it will never be wanted again.
                    states[part.sha256] = part.size_bytes, True
                else:
                    coming.append(part)
        wrong: list[bytes] = []
        for part, offset in zip(coming, self._grown(sender, coming), strict=True):
            if offset == part.size_bytes:
                try:
                    if self._finish(sender, part.sha256, unsealers):
                        here.add(part.sha256)
                        continue
                except _Wrong:
                    wrong.append(part.sha256)
                    offset = self._throw_away(sender, part.sha256)
                except _NotOpened:
                    wrong.append(part.sha256)
            states[part.sha256] = offset, False
        durable = self._shelf.durable(sorted(here)) if here else ()
        for part in parts:
            if part.sha256 in here:
                states[part.sha256] = part.size_bytes, part.sha256 in durable
        return TakenBlobs([(sha256, *how) for sha256, how in states.items()], wrong)

    def _is_gone(self, connection: sqlite3.Connection, sha256: bytes) -> bool:
        return blob_parts.is_erased(connection, sha256) and not self._shelf.is_wanted(sha256)

    def _grown(self, sender: bytes, parts: Sequence[BlobPart]) -> list[int]:
        """Keep what is new, and return for each up to where it is here, or that it is refused."""
        if not any(part.body for part in parts):
            with reading(self._path) as connection:
                return [blob_parts.where_to_go_on(connection, sender, part) for part in parts]

        def job(transaction: OpenTransaction) -> list[int]:
            connection, now = transaction.connection, self._now_ms()
            return [
                blob_parts.add(connection, sender, part, self._shelf.is_wanted, now)
                if part.body
                else blob_parts.where_to_go_on(connection, sender, part)
                for part in parts
            ]

        return self._writer.submit(job).result().result

    def _finish(self, sender: bytes, sha256: bytes, unsealers: Sequence[Unsealer]) -> bool:
        """Store a photo that is here whole; return whether it is, and not waiting to be named.

        Raises _Wrong, _NotOpened.
        """
        if not self._shelf.is_wanted(sha256):
            return False
        with reading(self._path) as connection, one_moment(connection):
            row = blob_parts.coming(connection, sender, sha256)
            body = blob_parts.whole(connection, sender, sha256)
            if row is None or body is None:
                # Another question of the same node has finished it meanwhile.
                return self._shelf.holds(connection, sha256)
        plain = _opened(body, row.sealing, unsealers)
        # What it says that it is may be a page with a script in it.
        media_type = self._shelf.media_type_of(plain)
        if hashlib.sha256(plain).digest() != sha256 or not media_type:
            raise _Wrong

        def job(transaction: OpenTransaction) -> bool:
            # Asked once more where nothing can come between: an erasure that is committed later
            # takes the photo out by a job behind this one.
            if not self._shelf.is_wanted(sha256):
                return False
            self._shelf.keep(transaction.connection, sha256, media_type, plain)
            blob_parts.remove_of_all(transaction.connection, sha256)
            return True

        return self._writer.submit(job).result().result

    def _throw_away(self, sender: bytes, sha256: bytes) -> int:
        def job(transaction: OpenTransaction) -> int:
            return blob_parts.throw_away(transaction.connection, sender, sha256)

        return self._writer.submit(job).result().result


def _opened(body: bytes, sealing: bytes, unsealers: Sequence[Unsealer]) -> bytes:
    """Return a photo as it was sent to a station. Raises _Wrong, _NotOpened."""
    if not sealing:
        return body
    sealed = Sealed(body, sealing)
    if sealed.is_boxed:
        # A photo is sealed under a key of its own, so that it can be handed on.
        raise _Wrong
    for unsealer in unsealers:
        try:
            unsealer.key_of(sealed)
        except UnsealError:
            continue
        try:
            return unsealer.unseal(sealed)
        except UnsealError as error:
            raise _Wrong from error
    raise _NotOpened
