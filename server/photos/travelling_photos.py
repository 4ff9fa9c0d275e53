"""Photos on their way from a station to its hub: what `sync` has to know of where they lie.

At a station they go up as they lie, which is sealed where nobody but its readers may see them; the
hub opens them and keeps them plain. None go down: over a slow line they stay at the hub, and a
station shows its own until they were durable there for ninety days.
"""

import sqlite3
from collections.abc import Callable, Collection, Sequence

from acts.refusals import FieldProblem
from eventlog.log import Log
from matters.erasing import pictures
from server.photos.attachments import Attachments, check_photo, empty_photo, keep_from_below
from sync.keeping.durability import Durability
from sync.photos.sink import BlobSink
from sync.photos.source import BlobQueue, Slice

# How long a round waits for the replica; a photo that it has later is asked about again.
DURABLE_WITHIN_S = 1.0


def photos_going_up(attachments: Attachments, log: Log) -> BlobQueue:
    """Return the queue of a station's photos, for its `sync.rounds.question.Inquirer`."""
    return BlobQueue(attachments.path, attachments.writer, _StationShelf(log), now_ms=log.now_ms)


def photos_from_below(
    attachments: Attachments, log: Log, durability: Callable[[], Durability | None]
) -> BlobSink:
    """Return what takes the photos of the nodes below a hub, for its `Reception`.

    `durability` gives what is known of the photos' replica, None on a hub without one.
    """
    return BlobSink(
        attachments.path,
        attachments.writer,
        _HubShelf(attachments, log, durability),
        now_ms=log.now_ms,
    )


class _StationShelf:
    def __init__(self, log: Log) -> None:
        self._log = log

    def read(
        self, connection: sqlite3.Connection, sha256: bytes, offset: int, size_bytes: int
    ) -> Slice | None:
        row = connection.execute(
            "SELECT position, media_type, wrapped_key FROM photos WHERE sha256=?", (sha256.hex(),)
        ).fetchone()
        if row is None:
            return None
        # `substr` would read a whole photo for each of its parts.
        with connection.blobopen("photos", "body", row[0], readonly=True) as blob:
            blob.seek(min(offset, len(blob)))
            return Slice(blob.read(size_bytes), row[2] or b"", row[1])

    def is_named(self, sha256: bytes) -> bool:
        return _is_named(self._log, sha256)

    def remove(self, connection: sqlite3.Connection, sha256: bytes) -> None:
        empty_photo(connection, sha256.hex(), "purged")


class _HubShelf:
    def __init__(
        self, attachments: Attachments, log: Log, durability: Callable[[], Durability | None]
    ) -> None:
        self._attachments = attachments
        self._log = log
        self._durability = durability

    def holds(self, connection: sqlite3.Connection, sha256: bytes) -> bool:
        row = connection.execute("SELECT 1 FROM photos WHERE sha256=?", (sha256.hex(),)).fetchone()
        return row is not None

    def is_wanted(self, sha256: bytes) -> bool:
        return _is_named(self._log, sha256)

    def media_type_of(self, body: bytes) -> str:
        photo = check_photo(body)
        return "" if isinstance(photo, FieldProblem) else photo.media_type

    def keep(
        self, connection: sqlite3.Connection, sha256: bytes, media_type: str, body: bytes
    ) -> None:
        keep_from_below(connection, sha256.hex(), media_type, body)

    def durable(self, hashes: Sequence[bytes]) -> Collection[bytes]:
        durability = self._durability()
        if durability is None:
            return ()
        positions = {one: self._attachments.position_of([one.hex()]) for one in hashes}
        durability.await_durable(max(positions.values()), DURABLE_WITHIN_S)
        reached = durability.report().durable
        return {one for one, position in positions.items() if 0 < position <= reached}


def _is_named(log: Log, sha256: bytes) -> bool:
    with log.reading() as connection:
        return pictures.is_named(connection, sha256.hex())
