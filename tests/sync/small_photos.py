"""Photos of small nodes: a real second database with a writer of its own; any bytes are a photo."""

import hashlib
import random
import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from eventlog.database import connect, reading
from eventlog.events import Draft
from eventlog.log import Log
from eventlog.schema import migrate
from eventlog.sealing import Sealer
from eventlog.writer import Writer
from sync.photos import source as blob_source
from sync.photos.schema import migrations
from sync.photos.sink import BlobSink
from sync.photos.source import BlobQueue, Slice

FILE_NAME = "photos.db"


class _Plain:
    """A transaction without a log."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def mark(self) -> object:
        """Return nothing to go back to."""
        return None

    def roll_back(self, mark: object) -> None:
        """Have nothing to undo."""


class _Photos:
    """Photos by hash, and the writer of their database."""

    def __init__(self, folder: Path, log: Log) -> None:
        self.path = folder / FILE_NAME
        connection = connect(self.path)
        migrate(connection, migrations)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS photos(sha256 BLOB PRIMARY KEY, body BLOB, key BLOB)"
        )
        self.log = log
        self.writer = Writer(connection, _Plain, position_of="SELECT 0")

    def stop(self) -> None:
        """Close the database."""
        self.writer.stop()

    def hashes(self) -> set[bytes]:
        """Return the hashes of all photos that are here."""
        with reading(self.path) as connection:
            return {row[0] for row in connection.execute("SELECT sha256 FROM photos")}

    def is_named(self, sha256: bytes) -> bool:
        """Return whether an event names the photo."""
        with self.log.reading() as connection:
            row = connection.execute(
                "SELECT 1 FROM events WHERE instr(body, ?) LIMIT 1", (sha256,)
            ).fetchone()
        return row is not None


class StationPhotos(_Photos):
    """Photos of a station, sealed, and their queue."""

    def __init__(
        self, folder: Path, log: Log, sealer: Sealer, clock_s: Callable[[], float]
    ) -> None:
        super().__init__(folder, log)
        self.sealer = sealer
        self.queue = BlobQueue(self.path, self.writer, self, now_ms=log.now_ms, clock_s=clock_s)

    def keep(self, body: bytes, *, named: bytes | None = None) -> bytes:
        """Keep a photo and return its hash; `named` is another that it is given out for."""
        sha256, sealed = named or hashlib.sha256(body).digest(), self.sealer.seal(body)

        def job(transaction: _Plain) -> None:
            transaction.connection.execute(
                "INSERT OR IGNORE INTO photos VALUES (?,?,?)", (sha256, *sealed)
            )
            blob_source.add(transaction.connection, sha256, len(sealed.body))

        self.writer.submit(job).result()
        return sha256

    def read(
        self, connection: sqlite3.Connection, sha256: bytes, offset: int, size_bytes: int
    ) -> Slice | None:
        """Return a part of a photo as it lies here."""
        row = connection.execute(
            "SELECT substr(body, ?, ?), key FROM photos WHERE sha256=?",
            (offset + 1, size_bytes, sha256),
        ).fetchone()
        return None if row is None else Slice(row[0], row[1], "image/jpeg")

    def remove(self, connection: sqlite3.Connection, sha256: bytes) -> None:
        """Take a photo out."""
        connection.execute("DELETE FROM photos WHERE sha256=?", (sha256,))


class HubPhotos(_Photos):
    """Photos of a hub, plain, and what puts them together; `replica` is what its replica has."""

    def __init__(self, folder: Path, log: Log) -> None:
        super().__init__(folder, log)
        self.replicates = True
        self.before_keeping: Callable[[], None] = lambda: None
        self.sink = BlobSink(self.path, self.writer, self, now_ms=log.now_ms)

    def holds(self, connection: sqlite3.Connection, sha256: bytes) -> bool:
        """Return whether a photo is here."""
        row = connection.execute("SELECT 1 FROM photos WHERE sha256=?", (sha256,)).fetchone()
        return row is not None

    def is_wanted(self, sha256: bytes) -> bool:
        """Return whether an event names the photo."""
        return self.is_named(sha256)

    def media_type_of(self, body: bytes) -> str:
        """Return that all bytes are a photo."""
        return "image/jpeg"

    def keep(
        self, connection: sqlite3.Connection, sha256: bytes, media_type: str, body: bytes
    ) -> None:
        """Store a photo."""
        self.before_keeping()
        connection.execute("INSERT OR IGNORE INTO photos VALUES (?,?,NULL)", (sha256, body))

    def durable(self, hashes: Sequence[bytes]) -> Collection[bytes]:
        """Return all, where the replica does its work."""
        return hashes if self.replicates else ()

    def read(self, sha256: bytes) -> bytes:
        """Return a photo."""
        with reading(self.path) as connection:
            row = connection.execute("SELECT body FROM photos WHERE sha256=?", (sha256,))
            body: bytes = row.fetchone()[0]
            return body


def picture(seed: int, size_bytes: int) -> bytes:
    """Return bytes that don't repeat."""
    return random.Random(seed).randbytes(size_bytes)


def naming(note: int, *hashes: bytes) -> Draft:
    """Return a draft of a line with photos."""
    return Draft(
        "note.lined", note.to_bytes(16, "big"), {"photos": list(hashes)}, {"text": "见照片"}
    )
