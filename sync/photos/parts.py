"""What has come of photos from the nodes below: parts, put one behind the other by sender and hash.

Every function with a connection that writes is called with a transaction open.
"""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from sync.rounds.wire import REFUSED_OFFSET, BlobPart

# As much as a photo may have, and what sealing adds.
SIZE_MOST_BYTES = 8 * 1024 * 1024 + 1024
UNFINISHED_MOST = 32
WRONG_MOST = 3
KEPT_MS = 90 * 86_400_000


class Coming(NamedTuple):
    """A photo on its way: its size as it travels, how much is here, how it is sealed, and what of.

    `wrong` is how often it was whole and was not what its hash says.
    """

    size_bytes: int
    received: int
    sealing: bytes
    media_type: str
    wrong: int


def coming(connection: sqlite3.Connection, sender: bytes, sha256: bytes) -> Coming | None:
    """Return what is known of a photo that a node sends, or None."""
    row = connection.execute(
        "SELECT size, received, sealing, media_type, wrong FROM blobs_coming "
        "WHERE sender=? AND sha256=?",
        (sender, sha256),
    ).fetchone()
    return None if row is None else Coming(*row)


def where_to_go_on(connection: sqlite3.Connection, sender: bytes, part: BlobPart) -> int:
    """Return up to where a photo is here, or that it is refused."""
    row = coming(connection, sender, part.sha256)
    if row is None:
        return 0
    if row.wrong >= WRONG_MOST:
        return REFUSED_OFFSET
    return row.received if row.size_bytes == part.size_bytes else 0


def add(
    connection: sqlite3.Connection,
    sender: bytes,
    part: BlobPart,
    is_wanted: Callable[[bytes], bool],
    now_ms: int,
) -> int:
    """Keep of a part what is new, and return up to where the photo is here, or that it is refused.

    A part that does not follow what is here is left; one that was here already changes nothing.
    """
    received = where_to_go_on(connection, sender, part)
    if received == REFUSED_OFFSET or part.offset > received:
        return received
    if part.offset == 0:
        row = coming(connection, sender, part.sha256)
        if row is None and not _has_room(connection, sender, part.sha256, is_wanted, now_ms):
            return 0
        if row is None or (row.size_bytes, row.sealing) != (part.size_bytes, part.sealing):
            # Sealed anew, as by a station that was put back: nothing of before fits.
            received = 0
            _begin(connection, sender, part, now_ms)
    fresh = part.body[received - part.offset :]
    if fresh:
        connection.execute(
            "INSERT INTO blob_parts(sender, sha256, begins, body) VALUES (?,?,?,?)",
            (sender, part.sha256, received, fresh),
        )
        received += len(fresh)
        connection.execute(
            "UPDATE blobs_coming SET received=?, changed_at=? WHERE sender=? AND sha256=?",
            (received, now_ms, sender, part.sha256),
        )
    return received


def _begin(connection: sqlite3.Connection, sender: bytes, part: BlobPart, now_ms: int) -> None:
    _remove_parts(connection, sender, part.sha256)
    connection.execute(
        "INSERT INTO blobs_coming(sender, sha256, size, received, sealing, media_type, changed_at) "
        "VALUES (?,?,?,0,?,?,?) ON CONFLICT DO UPDATE SET size=excluded.size, received=0, "
        "sealing=excluded.sealing, media_type=excluded.media_type, changed_at=excluded.changed_at",
        (sender, part.sha256, part.size_bytes, part.sealing, part.media_type[:40], now_ms),
    )


def _has_room(
    connection: sqlite3.Connection,
    sender: bytes,
    sha256: bytes,
    is_wanted: Callable[[bytes], bool],
    now_ms: int,
) -> bool:
    """Return whether one more may begin; what no event names yet gives way to what one does."""
    clear_old(connection, now_ms)
    rows = connection.execute(
        "SELECT sha256 FROM blobs_coming WHERE sender=? AND wrong<? ORDER BY changed_at",
        (sender, WRONG_MOST),
    ).fetchall()
    if len(rows) < UNFINISHED_MOST:
        return True
    if not is_wanted(sha256):
        return False
    for (other,) in rows:
        if not is_wanted(other):
            remove(connection, sender, other)
            return True
    return False


def whole(connection: sqlite3.Connection, sender: bytes, sha256: bytes) -> bytes | None:
    """Return all parts of a photo behind one another, or None where it is not all here."""
    row = coming(connection, sender, sha256)
    if row is None or row.received < row.size_bytes:
        return None
    parts = connection.execute(
        "SELECT body FROM blob_parts WHERE sender=? AND sha256=? ORDER BY begins", (sender, sha256)
    )
    return b"".join(body for (body,) in parts)


def throw_away(connection: sqlite3.Connection, sender: bytes, sha256: bytes) -> int:
    """Remove a whole photo that is not what its hash says; return 0, or that it is refused now."""
    _remove_parts(connection, sender, sha256)
    # Two that found it wrong at the same time throw it away once.
    connection.execute(
        "UPDATE blobs_coming SET received=0, wrong=wrong+1 "
        "WHERE sender=? AND sha256=? AND received=size",
        (sender, sha256),
    )
    row = coming(connection, sender, sha256)
    return REFUSED_OFFSET if row is not None and row.wrong >= WRONG_MOST else 0


def remove(connection: sqlite3.Connection, sender: bytes, sha256: bytes) -> None:
    """Remove what has come of a photo from one node."""
    _remove_parts(connection, sender, sha256)
    connection.execute("DELETE FROM blobs_coming WHERE sender=? AND sha256=?", (sender, sha256))


def remove_of_all(connection: sqlite3.Connection, sha256: bytes) -> None:
    """Remove what has come of a photo, from whomever: it is here now, or was erased."""
    for (sender,) in connection.execute(
        "SELECT sender FROM blobs_coming WHERE sha256=?", (sha256,)
    ).fetchall():
        remove(connection, sender, sha256)


def clear_old(connection: sqlite3.Connection, now_ms: int) -> None:
    """Remove what has not grown for ninety days; what is refused stays so."""
    for sender, sha256 in connection.execute(
        "SELECT sender, sha256 FROM blobs_coming WHERE changed_at<? AND wrong<?",
        (now_ms - KEPT_MS, WRONG_MOST),
    ).fetchall():
        remove(connection, sender, sha256)


def forget(connection: sqlite3.Connection, sha256: bytes) -> None:
    """Note that a photo was erased, and remove what has come of it: it is not taken again."""
    connection.execute("PRAGMA secure_delete=ON")
    remove_of_all(connection, sha256)
    connection.execute("INSERT OR IGNORE INTO blobs_erased(sha256) VALUES (?)", (sha256,))


def is_erased(connection: sqlite3.Connection, sha256: bytes) -> bool:
    """Return whether a photo was erased; another event may name it again since."""
    row = connection.execute("SELECT 1 FROM blobs_erased WHERE sha256=?", (sha256,)).fetchone()
    return row is not None


def _remove_parts(connection: sqlite3.Connection, sender: bytes, sha256: bytes) -> None:
    connection.execute("DELETE FROM blob_parts WHERE sender=? AND sha256=?", (sender, sha256))
