"""The nodes below a hub: who was invited, who is enrolled with which keys, who was shut out."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from sync.nodes.enrolment import Enrolment


class NameTaken(Exception):
    """There is a node of that name already."""

    code = "name-taken"


class NoSuchNode(Exception):
    """There is no node of that name."""

    code = "no-such-node"


class Secrets(msgspec.Struct, array_like=True):
    """What a station entrusts to its hub: what opens its texts, and what makes its follow-up keys.

    Either is b"" where the node keeps it to itself, as a hub below another does.
    """

    reading: bytes
    receipt: bytes


class Summary(NamedTuple):
    """How many nodes are enrolled and not shut out, and when the one that is silent longest spoke.

    `oldest_heard_at` is in ms, UTC; None where there is no node.
    """

    enrolled: int
    oldest_heard_at: int | None


class Peer(NamedTuple):
    """A node below, as the hub knows it. Times in ms, UTC; keys are None before it is enrolled.

    `head_wanted` is whether it has to say how far its own log goes (`want_head`).
    """

    node: int
    name: str
    station: str
    key_id: bytes | None
    verify_key: bytes | None
    reading_key: bytes | None
    age_key: bytes | None
    secrets: bytes | None
    invited_at: int
    enrolled_at: int | None
    revoked_at: int | None
    heard_at: int | None
    skew_ms: int | None
    cursor: int
    release: str
    places_version: int
    moved_to: bytes | None
    head_wanted: bool

    @property
    def state(self) -> str:
        """Whether it was invited, is enrolled, or was shut out (revoked)."""
        if self.revoked_at is not None:
            return "revoked"
        return "invited" if self.enrolled_at is None else "enrolled"


_COLUMNS = ", ".join(Peer._fields)


def invite(
    connection: sqlite3.Connection,
    name: str,
    station: str,
    *,
    code_mark: bytes,
    code_key: bytes,
    code_until: int,
    now_ms: int,
) -> int:
    """Write that a node may enrol with a code, and return its number. A transaction is open.

    A name that was invited before and never enrolled, or was shut out, is invited anew.
    Raises NameTaken.
    """
    row = connection.execute(
        "SELECT node, enrolled_at, revoked_at FROM nodes WHERE name=?", (name,)
    ).fetchone()
    if row is not None and row[1] is not None and row[2] is None:
        raise NameTaken(name)
    if row is not None and row[1] is None:
        connection.execute("DELETE FROM nodes WHERE node=?", (row[0],))
    elif row is not None:
        connection.execute("UPDATE nodes SET name=? WHERE node=?", (f"{name} ({row[0]})", row[0]))
    cursor = connection.execute(
        "INSERT INTO nodes(name, station, code_mark, code_key, code_until, invited_at) "
        "VALUES (?,?,?,?,?,?)",
        (name, station, code_mark, code_key, code_until, now_ms),
    )
    return cursor.lastrowid or 0


def enrol(
    connection: sqlite3.Connection,
    node: int,
    *,
    key_id: bytes,
    said: Enrolment,
    now_ms: int,
) -> Peer:
    """Put a node's keys in place and return it; its code serves no more. A transaction is open.

    One that was shut out and is invited anew has the key of before, and goes on in its logs.
    """
    before = by_key(connection, key_id)
    if before is not None and before.node != node:
        connection.execute("UPDATE nodes SET key_id=NULL WHERE node=?", (before.node,))
        connection.execute("UPDATE node_logs SET node=? WHERE node=?", (node, before.node))
    connection.execute(
        "UPDATE nodes SET code_mark=NULL, code_key=NULL, code_until=NULL, key_id=?, verify_key=?, "
        "reading_key=?, age_key=?, secrets=?, enrolled_at=?, head_wanted=1 WHERE node=?",
        (key_id, said.verify_key, said.reading_key, said.age_key, said.secrets, now_ms, node),
    )
    peer = by_key(connection, key_id)
    assert peer is not None
    return peer


def revoke(connection: sqlite3.Connection, name: str, now_ms: int) -> Peer:
    """Shut a node out and return it as it was; its code, too. Raises NoSuchNode."""
    peer = by_name(connection, name)
    if peer is None:
        raise NoSuchNode(name)
    connection.execute(
        "UPDATE nodes SET code_mark=NULL, code_key=NULL, revoked_at=coalesce(revoked_at, ?) "
        "WHERE node=?",
        (now_ms, peer.node),
    )
    return peer


def move(connection: sqlite3.Connection, node: int, order: bytes) -> None:
    """Have a node told, when it is heard next, that it belongs to another hub. In a transaction."""
    connection.execute("UPDATE nodes SET moved_to=? WHERE node=?", (order, node))


def of_station(connection: sqlite3.Connection, station: str) -> list[Peer]:
    """Return all nodes that a station ever had, also those that were shut out."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM nodes WHERE station=?", (station,))
    return [Peer(*row) for row in rows]


def by_name(connection: sqlite3.Connection, name: str) -> Peer | None:
    """Return the node of a name, or None."""
    return _one(connection, "name=?", (name,))


def by_number(connection: sqlite3.Connection, node: int) -> Peer | None:
    """Return the node of a number, or None."""
    return _one(connection, "node=?", (node,))


def by_key(connection: sqlite3.Connection, key_id: bytes) -> Peer | None:
    """Return the node whose key has that id, shut out or not, or None."""
    return _one(connection, "key_id=?", (key_id,))


def by_code(connection: sqlite3.Connection, code_mark: bytes) -> tuple[Peer, bytes, int] | None:
    """Return the node that a code invites, what proves the code, and until when it serves."""
    row = connection.execute(
        f"SELECT {_COLUMNS}, code_key, code_until FROM nodes WHERE code_mark=?", (code_mark,)
    ).fetchone()
    return None if row is None else (Peer(*tuple(row)[:-2]), row[-2], row[-1])


def all_peers(connection: sqlite3.Connection) -> list[Peer]:
    """Return all nodes, by name."""
    return [Peer(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM nodes ORDER BY name")]


def summary(connection: sqlite3.Connection) -> Summary:
    """Return how many nodes there are, and how long one of them is silent at most."""
    row = connection.execute(
        "SELECT count(*), min(coalesce(heard_at, enrolled_at)) FROM nodes "
        "WHERE enrolled_at IS NOT NULL AND revoked_at IS NULL"
    ).fetchone()
    return Summary(*row)


def any_enrolled(connection: sqlite3.Connection) -> bool:
    """Return whether any node was ever enrolled."""
    row = connection.execute("SELECT 1 FROM nodes WHERE enrolled_at IS NOT NULL LIMIT 1")
    return row.fetchone() is not None


def of_stations(connection: sqlite3.Connection, stations: Iterable[str]) -> list[int]:
    """Return the numbers of the enrolled nodes of these stations that are not shut out."""
    wanted = list(stations)
    marks = ",".join("?" * len(wanted))
    rows = connection.execute(
        f"SELECT node FROM nodes WHERE station IN ({marks}) AND enrolled_at IS NOT NULL "
        "AND revoked_at IS NULL ORDER BY node",
        wanted,
    )
    return [row[0] for row in rows]


def note_new_log(connection: sqlite3.Connection, node: int, log: bytes, now_ms: int) -> bool:
    """Note that a log is a node's own, unless this node or another writes it; return whether so.

    Its `since` says in which order the node took its logs, whatever the clock does. A transaction
    is open.
    """
    here = connection.execute("SELECT 1 FROM logs WHERE log=?", (log,)).fetchone()
    if here is not None or writer_of(connection, log) is not None:
        return False
    connection.execute(
        "INSERT INTO node_logs(log, node, since) SELECT ?, ?, max(?, coalesce(max(since) + 1, 0)) "
        "FROM node_logs WHERE node=?",
        (log, node, now_ms, node),
    )
    return True


def logs_after(connection: sqlite3.Connection, node: int, log: bytes) -> list[bytes]:
    """Return the logs that a node took after one of its own, the oldest first."""
    rows = connection.execute(
        "SELECT log FROM node_logs WHERE node=? AND since > "
        "(SELECT since FROM node_logs WHERE log=?) ORDER BY since",
        (node, log),
    )
    return [row[0] for row in rows]


def writer_of(connection: sqlite3.Connection, log: bytes) -> int | None:
    """Return the node whose log it is, or None."""
    row = connection.execute("SELECT node FROM node_logs WHERE log=?", (log,)).fetchone()
    return None if row is None else int(row[0])


def note_heard(
    connection: sqlite3.Connection,
    node: int,
    *,
    now_ms: int,
    skew_ms: int | None,
    cursor: int,
    release: str,
) -> None:
    """Note when a node was heard, and what it said of itself. A transaction is open.

    `skew_ms` is None where nothing is known of its clock, as from a bundle.
    """
    connection.execute(
        "UPDATE nodes SET heard_at=?, skew_ms=coalesce(?, skew_ms), cursor=max(cursor, ?), "
        "release=CASE WHEN ?='' THEN release ELSE ? END WHERE node=?",
        (now_ms, skew_ms, cursor, release, release, node),
    )


def want_head(connection: sqlite3.Connection, node: int, wanted: bool = True) -> None:
    """Note whether a node has to say how far its own log goes. A transaction is open.

    It does so once after each start, but not where it was heard before that could be compared: it
    moved here since, or a bundle of before its disk was put back was read since.
    """
    connection.execute(
        "UPDATE nodes SET head_wanted=? WHERE node=? AND head_wanted<>?", (wanted, node, wanted)
    )


def seal_secrets(secrets: Secrets, sealing_key: bytes) -> bytes:
    """Return a node's secrets sealed to its hub (libsodium's sealed box)."""
    return SealedBox(PublicKey(sealing_key)).encrypt(msgspec.msgpack.encode(secrets))


def open_secrets(sealed: bytes, unsealing: bytes) -> Secrets | None:
    """Return what a node entrusted to the hub, or None where the hub's key is another one now."""
    try:
        return msgspec.msgpack.decode(
            SealedBox(PrivateKey(unsealing)).decrypt(sealed), type=Secrets
        )
    except (CryptoError, ValueError, msgspec.DecodeError):
        return None


def _one(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> Peer | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM nodes WHERE {where}", values).fetchone()
    return None if row is None else Peer(*row)
