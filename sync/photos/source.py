"""The photos of a station that have to go up: which, how far each is, and how safe.

A row is written in the job that keeps the photo. The hub says up to where it has each, and from
there the next part goes; what it calls durable stays here for ninety days to fill it again.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from eventlog.database import one_moment, reading
from eventlog.writer import OpenTransaction, Writer
from sync.rounds.wire import REFUSED_OFFSET, BlobPart

# A smaller part would cost more in names than it carries.
LEAST_BYTES = 2 * 1024
KEPT_MS = 90 * 86_400_000
# What a part costs beside its body, about; with an empty body it asks how it stands.
PART_BYTES = 48
ASKED_MOST = 500
ASK_AGAIN_S = 30.0
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 6 * 3600.0
SETBACKS_MOST = 3
PURGED_AT_ONCE = 100
NOTHING: Mapping[bytes, int] = MappingProxyType({})


class BlobState(IntEnum):
    """How it stands with a photo: here only, whole at the hub, in the hub's replica; or past.

    One that is refused stays here; one that is purged is at the hub alone.
    """

    WAITING = 0
    HELD = 1
    DURABLE = 2
    REFUSED = 3
    PURGED = 4


class Slice(NamedTuple):
    """A part of a photo as it lies here, the key that it is sealed with, and its media type."""

    body: bytes
    sealing: bytes
    media_type: str


class Shelf(Protocol):
    """Where a station's photos lie."""

    def read(
        self, connection: sqlite3.Connection, sha256: bytes, offset: int, size_bytes: int
    ) -> Slice | None:
        """Return a part of a photo, or None where it is gone."""

    def is_named(self, sha256: bytes) -> bool:
        """Return whether an event names the photo; one that no form was sent with stays here."""

    def remove(self, connection: sqlite3.Connection, sha256: bytes) -> None:
        """Take a photo out. A transaction is open."""


class BlobQueue:
    """The queue of one station; its rows lie beside the photos, and it lives on their writer."""

    def __init__(
        self,
        path: Path,
        writer: Writer,
        shelf: Shelf,
        *,
        now_ms: Callable[[], int],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`path` is the database of the photos, `writer` the one that writes it."""
        self._path = path
        self._writer = writer
        self._shelf = shelf
        self._now_ms = now_ms
        self._clock_s = clock_s
        self._asks_from_s = self._sends_from_s = 0.0
        self._pauses = 0
        # How often in a row the hub took nothing of a photo, or had less of it than before.
        self._setbacks: dict[bytes, int] = {}

    def parts(self, room_bytes: int, packed: Mapping[bytes, int] = NOTHING) -> list[BlobPart]:
        """Return the next parts of photos that the hub lacks, about so many bytes.

        With them go questions about those that it has and did not call durable: empty parts.
        `packed` says up to where photos are in the same bundle already.
        """
        room = max(room_bytes, LEAST_BYTES)
        now_s = self._clock_s()
        with reading(self._path) as connection, one_moment(connection):
            bodies: list[BlobPart] = []
            if now_s >= self._sends_from_s:
                # An eighth is left for questions, so that neither waits for the other's end.
                bodies = self._bodies(connection, room - room // 8, packed)
            if now_s < self._asks_from_s or packed:
                return bodies
            left = room - sum(len(part.body) + PART_BYTES for part in bodies)
            return bodies + self._questions(connection, max(1, left // PART_BYTES))

    def _questions(self, connection: sqlite3.Connection, most: int) -> list[BlobPart]:
        rows = connection.execute(
            "SELECT sha256, size FROM blobs_up WHERE state=? ORDER BY position LIMIT ?",
            (BlobState.HELD, min(most, ASKED_MOST)),
        )
        return [BlobPart(sha256, size, size, b"") for sha256, size in rows]

    def _bodies(
        self, connection: sqlite3.Connection, room: int, packed: Mapping[bytes, int]
    ) -> list[BlobPart]:
        bodies: list[BlobPart] = []
        for sha256, size, there in self._waiting(connection):
            sent = max(there, packed.get(sha256, 0))
            rest = size - sent
            if rest <= 0:
                continue
            left = room - PART_BYTES
            if bodies and left < min(rest, LEAST_BYTES):
                break
            if not sent and not self._shelf.is_named(sha256):
                continue
            part = self._shelf.read(connection, sha256, sent, min(rest, max(left, LEAST_BYTES)))
            if part is None or not part.body:
                continue
            head = (b"", "") if sent else (part.sealing, part.media_type)
            bodies.append(BlobPart(sha256, size, sent, part.body, *head))
            room -= PART_BYTES + len(part.body) + len(head[0]) + len(head[1])
        return bodies

    def _waiting(self, connection: sqlite3.Connection) -> Iterator[tuple[bytes, int, int]]:
        """Yield (hash, size, sent): what was begun first, what the hub did not take last."""
        late: list[tuple[bytes, int, int]] = []
        for sha256, size, sent in connection.execute(
            "SELECT sha256, size, sent FROM blobs_up WHERE state=? ORDER BY sent=0, position",
            (BlobState.WAITING,),
        ):
            if sha256 in self._setbacks:
                late.append((sha256, size, sent))
            else:
                yield sha256, size, sent
        yield from late

    def acknowledged(
        self, parts: Sequence[BlobPart], blobs: Sequence[tuple[bytes, int, bool]], hub_ms: int
    ) -> None:
        """Note what the hub said of the parts that it was sent: up to where it has each photo.

        `hub_ms` is the hub's time when it said so.
        """
        states = {sha256: (offset, durable) for sha256, offset, durable in blobs}
        self._judge(parts, states)
        rows = [(sha256, *states[sha256]) for sha256 in states]
        if rows:
            self._writer.submit(
                lambda transaction: self._settle(transaction, rows, hub_ms)
            ).result()

    def _judge(self, parts: Sequence[BlobPart], states: dict[bytes, tuple[int, bool]]) -> None:
        """Decide how soon to speak again, so that a hub that takes nothing costs little."""
        now_s = self._clock_s()
        sent = moved = 0
        for part in parts:
            offset, durable = states.get(part.sha256, (part.offset, False))
            if not part.body:
                if not durable and offset >= part.size_bytes:
                    self._asks_from_s = now_s + ASK_AGAIN_S
                continue
            sent += 1
            if durable or offset > part.offset or offset == REFUSED_OFFSET:
                self._setbacks.pop(part.sha256, None)
                moved += 1
                continue
            setbacks = self._setbacks[part.sha256] = self._setbacks.get(part.sha256, 0) + 1
            # It may have been put back, or have thrown a wrong one away: then it says where from.
            moved += offset != part.offset and setbacks <= SETBACKS_MOST
        if moved:
            self._pauses = 0
        elif sent:
            self._sends_from_s = now_s + min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**self._pauses)
            self._pauses = min(self._pauses + 1, 16)

    def _settle(
        self,
        transaction: OpenTransaction,
        rows: Sequence[tuple[bytes, int, bool]],
        hub_ms: int,
    ) -> None:
        connection = transaction.connection
        doubt = connection.execute("SELECT hub_ms FROM blobs_doubt").fetchone()
        # One of before the hub was put back may have lain on a stick for weeks.
        is_fresh = doubt is None or hub_ms >= doubt[0]
        heard_ms = max(hub_ms, self._now_ms())
        for sha256, offset, durable in rows:
            change: tuple[BlobState, int | None, int | None]
            if durable and is_fresh:
                change = (BlobState.DURABLE, None, heard_ms)
            elif offset == REFUSED_OFFSET:
                change = (BlobState.REFUSED, 0, None)
            else:
                change = (BlobState.WAITING, max(0, offset), None)
            connection.execute(
                "UPDATE blobs_up SET sent=min(size, coalesce(?2, size)), durable_at=?3, "
                "state=CASE WHEN ?1=0 AND ?2>=size THEN 1 ELSE ?1 END "
                "WHERE sha256=?4 AND state IN (0, 1)",
                (*change, sha256),
            )

    def doubt(self, hub_ms: int) -> None:
        """Have the hub asked about all photos that are still here: it was put back from a copy.

        `hub_ms` is its time when that was found; what it said before counts no more.
        """

        def job(transaction: OpenTransaction) -> None:
            connection = transaction.connection
            connection.execute(
                "UPDATE blobs_up SET state=?, durable_at=NULL WHERE state=?",
                (BlobState.HELD, BlobState.DURABLE),
            )
            connection.execute(
                "INSERT OR REPLACE INTO blobs_doubt(id, hub_ms) VALUES (1, ?)", (hub_ms,)
            )

        self._writer.submit(job).result()
        self._asks_from_s = self._sends_from_s = 0.0

    def purge(self) -> int:
        """Take out photos that were called durable ninety days ago; return how many.

        To be called once a day and at the start, where the time is known.
        """
        until = self._now_ms() - KEPT_MS

        def job(transaction: OpenTransaction) -> int:
            connection = transaction.connection
            rows = connection.execute(
                "SELECT sha256 FROM blobs_up WHERE state=? AND durable_at<=? LIMIT ?",
                (BlobState.DURABLE, until, PURGED_AT_ONCE),
            ).fetchall()
            for (sha256,) in rows:
                self._shelf.remove(connection, sha256)
                connection.execute(
                    "UPDATE blobs_up SET state=? WHERE sha256=?", (BlobState.PURGED, sha256)
                )
            return len(rows)

        purged = 0
        while count := self._writer.submit(job).result().result:
            purged += count
        return purged

    def counts(self) -> dict[BlobState, int]:
        """Return how many photos are how safe."""
        counts = dict.fromkeys(BlobState, 0)
        with reading(self._path) as connection:
            for state, count in connection.execute(
                "SELECT state, count(*) FROM blobs_up GROUP BY state"
            ):
                counts[BlobState(state)] = count
        return counts

    def waiting(self) -> int:
        """Return how many photos are not known to be in the hub's replica, and may get there."""
        counts = self.counts()
        return counts[BlobState.WAITING] + counts[BlobState.HELD]

    def state_of(self, sha256: bytes) -> BlobState | None:
        """Return how safe a photo is, or None where it does not go up."""
        with reading(self._path) as connection:
            row = connection.execute(
                "SELECT state FROM blobs_up WHERE sha256=?", (sha256,)
            ).fetchone()
        return None if row is None else BlobState(row[0])


def add(connection: sqlite3.Connection, sha256: bytes, size_bytes: int) -> None:
    """Queue a photo that was just kept, of so many bytes as it lies here. A transaction is open.

    Of one that was purged and is here again the hub is asked before anything is sent.
    """
    connection.execute(
        "INSERT INTO blobs_up(sha256, size) VALUES (?1, ?2) ON CONFLICT(sha256) DO UPDATE SET "
        "size=?2, sent=CASE WHEN state IN (1, 2, 4) THEN ?2 WHEN size=?2 THEN sent ELSE 0 END, "
        "state=CASE WHEN state=4 THEN 1 ELSE state END, durable_at=CASE WHEN state=2 THEN "
        "durable_at END WHERE size<>?2 OR state=4",
        (sha256, size_bytes),
    )


def forget(connection: sqlite3.Connection, sha256: bytes) -> None:
    """Take a photo that was erased out of the queue. A transaction is open."""
    connection.execute("DELETE FROM blobs_up WHERE sha256=?", (sha256,))
