"""Photos: by content hash in a second database, so that a text never waits for a photo.

On a station those of villagers lie sealed; pictures of the registers are public, and lie plain.
"""

import hashlib
import io
import logging
import re
import sqlite3
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from acts.refusals import N_, FieldProblem
from eventlog.database import connect, reading
from eventlog.schema import migrate
from eventlog.sealing import Sealed, Sealer, Unsealer
from eventlog.writer import OpenTransaction, Writer
from matters.intake.intake import Photo
from server.photos.schema import FILE_NAME as FILE_NAME
from server.photos.schema import MIGRATIONS
from sync.photos import parts as blob_parts
from sync.photos import source as blob_source

PHOTOS_MOST = 3
SIZE_MOST_BYTES = 8 * 1024 * 1024
PIXELS_MOST = 60_000_000
logger = logging.getLogger("huiyin.photos")
_HASH = re.compile("[0-9a-f]{64}")
_MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class PhotoTransaction:
    """A transaction without a log: its connection is all a job needs.

    `goes_up` says that what it keeps has to go to the hub above.
    """

    def __init__(self, connection: sqlite3.Connection, goes_up: bool) -> None:
        self.connection = connection
        self.goes_up = goes_up

    def mark(self) -> object:
        return None

    def roll_back(self, mark: object) -> None:
        return None


class Attachments:
    """The photos of one data folder, with a writer of their own."""

    def __init__(
        self,
        folder: Path,
        *,
        sealer: Sealer | None = None,
        goes_up: bool = False,
        on_commit: Callable[[int], None] = lambda position: None,
        between_groups: Callable[[sqlite3.Connection], None] = lambda connection: None,
    ) -> None:
        """Open the folder's attachments; see `eventlog.log.Log` for the two callbacks.

        `sealer` is a station's, whose photos lie sealed; `goes_up` where they travel
        (`server/photos/travelling_photos.py`).
        """
        self.sealer = sealer
        self.path = folder / FILE_NAME
        connection = connect(self.path)
        migrate_attachments(connection)
        self.writer = Writer(
            connection,
            lambda connection: PhotoTransaction(connection, goes_up),
            position_of="SELECT max(position) FROM photos",
            on_commit=on_commit,
            between_groups=between_groups,
            name="attachments",
        )

    def read(
        self, sha256: str, unsealer: Callable[[], Unsealer] | None = None
    ) -> tuple[str, bytes] | None:
        """Return a photo's media type and bytes; None: gone, damaged, or sealed without unsealer.

        Raises what `unsealer` raises, and UnsealError.
        """
        with reading(self.path) as connection:
            row = connection.execute(
                "SELECT media_type, body, wrapped_key FROM photos WHERE sha256=?", (sha256,)
            ).fetchone()
        if row is None or (row[2] is not None and unsealer is None):
            return None
        media_type, body, wrapped_key = row
        if wrapped_key is not None and unsealer is not None:
            body = unsealer().unseal(Sealed(body, wrapped_key))
        if hashlib.sha256(body).hexdigest() != sha256:
            # A bit has flipped on this disk. A restore brings the photo back.
            logger.error("a photo is damaged on this disk: %s", sha256)
            return None
        return media_type, body

    def position_of(self, hashes: list[str]) -> int:
        """Return the position up to which all these photos are; 0 where one is missing."""
        newest = 0
        with reading(self.path) as connection:
            for sha256 in hashes:
                row = connection.execute(
                    "SELECT position FROM photos WHERE sha256=?", (sha256,)
                ).fetchone()
                if row is None:
                    return 0
                newest = max(newest, row[0])
        return newest

    def newest_position(self) -> int:
        """Return the newest position, 0 where there is no photo."""
        with reading(self.path) as connection:
            return int(connection.execute("SELECT max(position) FROM photos").fetchone()[0] or 0)


def photo_bytes(path: Path, sha256: str) -> bytes | None:
    """Return a photo as it was sent from the database at `path`; None where gone or sealed."""
    if not path.exists():
        return None
    with reading(path) as connection:
        row = connection.execute(
            "SELECT body FROM photos WHERE sha256=? AND wrapped_key IS NULL", (sha256,)
        ).fetchone()
    return None if row is None else row[0]


def keep_photos(
    transaction: PhotoTransaction,
    photos: list[tuple[Photo, bytes]],
    sealer: Sealer | None = None,
) -> None:
    """Write photos that are not there yet. Runs as a job of the attachments' writer.

    With a `sealer` they lie sealed; without, they are for everyone to see, also where the same one
    lay there sealed before.
    """
    for photo, body in photos:
        sealed = sealer.seal(body) if sealer is not None else Sealed(body, b"")
        transaction.connection.execute(
            "INSERT INTO photos(sha256, media_type, body, wrapped_key) VALUES (?,?,?,?) "
            "ON CONFLICT(sha256) DO UPDATE SET body=excluded.body, wrapped_key=NULL "
            "WHERE photos.wrapped_key IS NOT NULL AND excluded.wrapped_key IS NULL",
            (photo.sha256, photo.media_type, sealed.body, sealed.wrapped_key or None),
        )
        if transaction.goes_up:
            _queue(transaction.connection, photo.sha256)


def keep_from_below(
    connection: sqlite3.Connection, sha256: str, media_type: str, body: bytes
) -> None:
    """Write a photo that came from a station, unless it is there. A transaction is open."""
    connection.execute(
        "INSERT OR IGNORE INTO photos(sha256, media_type, body) VALUES (?,?,?)",
        (sha256, media_type, body),
    )


def _queue(connection: sqlite3.Connection, sha256: str) -> None:
    """Let a photo go up as it lies here, which may be longer than it was sent: it may be sealed."""
    (size,) = connection.execute(
        "SELECT length(body) FROM photos WHERE sha256=?", (sha256,)
    ).fetchone()
    blob_source.add(connection, bytes.fromhex(sha256), size)


def forget_photos(transaction: OpenTransaction, hashes: Sequence[str]) -> int:
    """Overwrite photos and forget their hashes; return how many there were.

    Their rows stay as empty ones: a position that was given twice would be called safe too soon.
    They travel no more, neither up from here nor from below to here. Runs as a job of the
    attachments' writer.
    """
    transaction.connection.execute("PRAGMA secure_delete=ON")
    for sha256 in hashes:
        # An event from another node may name as a photo what is no hash: then none is here.
        if _HASH.fullmatch(sha256):
            blob_source.forget(transaction.connection, bytes.fromhex(sha256))
            blob_parts.forget(transaction.connection, bytes.fromhex(sha256))
    return sum(empty_photo(transaction.connection, sha256, "erased") for sha256 in hashes)


def empty_photo(connection: sqlite3.Connection, sha256: str, name: str) -> int:
    """Leave an empty row of a photo; return how many there were. A transaction is open."""
    return connection.execute(
        "UPDATE photos SET sha256=? || '-' || position, media_type='', body=x'', wrapped_key=NULL "
        "WHERE sha256=?",
        (name, sha256),
    ).rowcount


def migrate_attachments(connection: sqlite3.Connection) -> None:
    """Bring the second database to its newest schema."""
    migrate(connection, *MIGRATIONS)


def check_photo(body: bytes) -> Photo | FieldProblem:
    """Return what a photo is, from its content and not from its name, or what is wrong with it.

    JPEG, PNG and WebP of at most 8 MB and 60 million pixels are taken.
    """
    if len(body) > SIZE_MOST_BYTES:
        return FieldProblem("photo", "too-large", N_("照片太大，每张最多 8 MB。"))
    # Pillow takes 3 MB, which a node without photos need not have.
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=list(_MEDIA_TYPES)) as image:
                if image.width * image.height > PIXELS_MOST:
                    return FieldProblem("photo", "too-large", N_("照片的像素太多，请缩小再传。"))
                media_type = _MEDIA_TYPES[image.format or ""]
                image.verify()
    except (UnidentifiedImageError, KeyError):
        return FieldProblem("photo", "wrong-type", N_("照片只能是 JPEG、PNG 或 WebP 格式。"))
    except Exception:
        # Pillow raises many kinds of error for bytes that are no whole picture.
        return FieldProblem("photo", "broken", N_("照片打不开，可能没有传完，请再选一次。"))
    return Photo(hashlib.sha256(body).hexdigest(), media_type, len(body))
