"""The hub above this node: its address and keys, and up to where this node has heard it."""

import sqlite3
from typing import NamedTuple

import msgspec

from eventlog.transaction import Transaction
from sync.nodes.enrolment import HubCard
from sync.rounds import uplink


class Upstream(NamedTuple):
    """What a node knows of the hub above it. Times in ms, UTC.

    `enrolment` is what it still has to say of itself; None once the hub has answered that.
    `checked_log` is the voice of the hub in which it was asked for all that it had.
    `called` is what the hub calls this node, `station` whose node it is. `heard_at` is by network,
    `returned_at` when a bundle last came back. `answered_ms` is of when its newest answer is, by
    the hub's own time; 0 if never.
    """

    url: str
    verify_key: bytes
    sealing_key: bytes
    age_key: bytes
    name: str
    enrolment: bytes | None
    joined_at: int
    cursor_log: bytes
    cursor: int
    heard_at: int | None
    tried_at: int | None
    failure: str
    accounts_mark: bytes
    site_mark: bytes
    called: str
    station: str
    checked_log: bytes
    returned_at: int | None
    answered_ms: int

    @property
    def card(self) -> HubCard:
        """The hub's public keys."""
        return HubCard(self.verify_key, self.sealing_key, self.age_key, self.name)


_COLUMNS = ", ".join(Upstream._fields)


def read(connection: sqlite3.Connection) -> Upstream | None:
    """Return the hub above, or None where this node belongs to none."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM upstream").fetchone()
    return None if row is None else Upstream(*row)


def join(transaction: Transaction, hub: HubCard, url: str, introduction: bytes) -> None:
    """Make a hub the one above, in place of any before; all that goes up is offered to it.

    Nothing that the hub before has not called durable is forgotten, and nothing is taken twice:
    the new hub says by their ids which events it lacks.
    """
    connection = transaction.connection
    before = connection.execute("SELECT verify_key FROM upstream").fetchone()
    connection.execute("DELETE FROM upstream")
    # What the hub before still answers on a stick says nothing of this one.
    connection.execute("DELETE FROM carried")
    connection.execute(
        "INSERT INTO upstream(id, url, verify_key, sealing_key, age_key, name, enrolment, "
        "joined_at) VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
        (
            url,
            hub.verify_key,
            hub.sealing_key,
            hub.age_key,
            hub.name,
            introduction,
            transaction.now_ms(),
        ),
    )
    if before is not None:
        # With what it wrote itself and was given back, where its disk had been put back.
        uplink.doubt_all(connection)
    if before is not None and bytes(before[0]) != hub.verify_key:
        # What another hub sent down this one never had; brought there it would pass for one's own.
        connection.execute(
            "DELETE FROM uplink WHERE event IN (SELECT m.event FROM marks m JOIN events e "
            "ON e.id=m.event WHERE e.log NOT IN (SELECT log FROM logs))"
        )
        connection.execute("DELETE FROM marks")
        connection.execute("DELETE FROM uplink_refused")


def note_enrolled(connection: sqlite3.Connection, called: str, station: str) -> None:
    """Note that the hub knows this node now, and as what. A transaction is open."""
    connection.execute("UPDATE upstream SET enrolment=NULL, called=?, station=?", (called, station))


def note_tried(connection: sqlite3.Connection, now_ms: int, failure: str) -> None:
    """Note that a round was tried, and why it failed ("" where it did not)."""
    connection.execute("UPDATE upstream SET tried_at=?, failure=?", (now_ms, failure))


def note_heard(connection: sqlite3.Connection, now_ms: int) -> None:
    """Note that the hub was heard. A transaction is open."""
    connection.execute("UPDATE upstream SET heard_at=?, tried_at=?, failure=''", (now_ms, now_ms))


def move_cursor(connection: sqlite3.Connection, log: bytes, position: int) -> None:
    """Note up to where what came down was taken in, in the transaction that took it in.

    An answer that comes late moves it back neither.
    """
    connection.execute(
        "UPDATE upstream SET cursor_log=?, cursor=? WHERE cursor_log<>? OR cursor<?",
        (log, position, log, position),
    )


def note_checked(connection: sqlite3.Connection) -> None:
    """Note that the hub was asked for all in the voice that it has now. A transaction is open."""
    connection.execute("UPDATE upstream SET checked_log=cursor_log WHERE checked_log<>cursor_log")


def forget_asked(connection: sqlite3.Connection) -> None:
    """Have late answers settle nothing of what was asked before. A transaction is open."""
    nothing = msgspec.msgpack.encode([])
    connection.execute("UPDATE carried SET sent=?, offered=?", (nothing, nothing))


def note_returned(connection: sqlite3.Connection, now_ms: int) -> None:
    """Note that answers came back on a stick. A transaction is open."""
    connection.execute("UPDATE upstream SET returned_at=?", (now_ms,))


def note_answered(connection: sqlite3.Connection, hub_ms: int) -> None:
    """Note the hub's time of the newest answer. A transaction is open."""
    connection.execute("UPDATE upstream SET answered_ms=?", (hub_ms,))


def note_marks(
    connection: sqlite3.Connection, *, accounts: bytes | None = None, site: bytes | None = None
) -> None:
    """Note which accounts and which copy of the site are here. A transaction is open."""
    if accounts is not None:
        connection.execute("UPDATE upstream SET accounts_mark=?", (accounts,))
    if site is not None:
        connection.execute("UPDATE upstream SET site_mark=?", (site,))
