"""The hub's own mark on what it sends down: by it a hub put back from an older copy knows its own
events, and those that it once took from others, when a station brings them back."""

import hashlib
import hmac
import sqlite3

MARK_BYTES = 16


def mark_of(receipt_key: bytes, body: bytes) -> bytes:
    """Return the hub's mark on an event's exact bytes."""
    return hmac.digest(receipt_key, b"mark:" + body, hashlib.sha256)[:MARK_BYTES]


def is_ours(receipt_key: bytes, body: bytes, mark: bytes) -> bool:
    """Return whether the hub itself once sent these bytes down."""
    return hmac.compare_digest(mark_of(receipt_key, body), mark)


def keep(connection: sqlite3.Connection, event: bytes, mark: bytes) -> None:
    """Keep the hub's mark on an event that came down. A transaction is open."""
    connection.execute("INSERT OR REPLACE INTO marks(event, mark) VALUES (?,?)", (event, mark))


def kept(connection: sqlite3.Connection, event: bytes) -> bytes:
    """Return the hub's mark on an event, or b"" where it has none."""
    row = connection.execute("SELECT mark FROM marks WHERE event=?", (event,)).fetchone()
    return b"" if row is None else bytes(row[0])
