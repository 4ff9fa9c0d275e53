"""Events that a hub keeps without folding them, until a person decides.

By a key that was shut out, of a kind that a station may not write, or with texts that are not those
that were committed to.
"""

import hashlib
import sqlite3
from typing import NamedTuple

import msgspec

from eventlog.events import decode
from eventlog.transaction import Arrival
from eventlog.words import Word
from sync.nodes.audit import Finding


class Held(NamedTuple):
    """An event in quarantine: whose (name of the node), what, when it came (ms, UTC), and why."""

    event: bytes
    digest: bytes
    node: str
    type: str
    subject: bytes
    by: str
    written_at: int
    code: str
    at: int


def keep(
    connection: sqlite3.Connection, arrival: Arrival, *, node: int, code: str, now_ms: int
) -> None:
    """Put an event aside, with its texts as they lie at the hub. A transaction is open.

    One that waits because its node was shut out waits for what is said of it now.
    """
    connection.execute(
        "INSERT INTO quarantine(event, digest, node, code, at, position, body, words) "
        "SELECT ?, ?, ?, ?, ?, coalesce(max(position), 0), ?, ? FROM events WHERE true "
        "ON CONFLICT(event, digest) DO UPDATE SET code=excluded.code, node=excluded.node "
        "WHERE quarantine.decided='' AND quarantine.code=?",
        (
            arrival.event.id,
            hashlib.sha256(arrival.body).digest(),
            node,
            code,
            now_ms,
            arrival.body,
            msgspec.msgpack.encode({field: tuple(word) for field, word in arrival.words.items()}),
            Finding.REVOKED,
        ),
    )


def is_kept(connection: sqlite3.Connection, event: bytes) -> bool:
    """Return whether an event of that id was put aside, and its sender is rid of it.

    What waits because its node was shut out is taken in from that node once it is invited anew.
    """
    row = connection.execute(
        "SELECT 1 FROM quarantine WHERE event=? AND NOT (code=? AND decided='') LIMIT 1",
        (event, Finding.REVOKED),
    )
    return row.fetchone() is not None


def waiting(connection: sqlite3.Connection, most: int = 200) -> list[Held]:
    """Return what waits for a decision, the oldest first."""
    rows = connection.execute(
        "SELECT q.event, q.digest, coalesce(n.name, ''), q.body, q.code, q.at "
        "FROM quarantine q LEFT JOIN nodes n ON n.node=q.node WHERE q.decided='' "
        "ORDER BY q.at, q.event LIMIT ?",
        (most,),
    )
    waits: list[Held] = []
    for identity, digest, node, body, code, at in rows:
        event = decode(body)
        waits.append(
            Held(identity, digest, node, event.type, event.subject, event.by, event.at, code, at)
        )
    return waits


def count(connection: sqlite3.Connection) -> int:
    """Return how many events wait for a decision."""
    row = connection.execute("SELECT count(*) FROM quarantine WHERE decided=''").fetchone()
    return int(row[0])


def bringer(connection: sqlite3.Connection, event: bytes, digest: bytes) -> int | None:
    """Return the number of the node that brought an event, None where it is not here.

    0 stands for the hub above.
    """
    row = connection.execute(
        "SELECT node FROM quarantine WHERE event=? AND digest=?", (event, digest)
    ).fetchone()
    return None if row is None else int(row[0])


def take_out(
    connection: sqlite3.Connection, event: bytes, digest: bytes, decided: str
) -> Arrival | None:
    """Note what was decided of an event and return it, None where nothing waits. In a transaction.

    The caller takes it in, or leaves it: then its texts are removed.
    """
    row = connection.execute(
        "SELECT body, words FROM quarantine WHERE event=? AND digest=? AND decided=''",
        (event, digest),
    ).fetchone()
    if row is None:
        return None
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute(
        "UPDATE quarantine SET decided=?, words=x'80' WHERE event=? AND digest=?",
        (decided, event, digest),
    )
    texts = msgspec.msgpack.decode(
        row[1], type=dict[str, tuple[bytes, bytes | None, bytes, bytes | None]]
    )
    return Arrival(row[0], decode(row[0]), {field: Word(*word) for field, word in texts.items()})
