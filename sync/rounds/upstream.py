"""The hub above this node: its address and keys, and up to where this node has heard it."""

import sqlite3
from typing import NamedTuple

from eventlog.transaction import Transaction
from sync.nodes.enrolment import HubCard


class Upstream(NamedTuple):
    """What a node knows of the hub above it. Times in ms, UTC.

    `enrolment` is what it still has to say of itself; None once the hub has answered that.
    `checked_log` is the voice of the hub in which it was seen to have all that it took.
    `called` is what the hub calls this node, `station` whose node it is. `heard_at` is by network,
    `returned_at` when a bundle last came back. By the hub's own time are `doubted_ms`, when it was
    last found to have lost something, and `answered_ms`, of when its newest answer is; 0 if never.
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
    doubted_ms: int
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
        connection.execute("UPDATE uplink SET state=3 WHERE state IN (1, 2)")


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


def note_checked(connection: sqlite3.Connection, log: bytes) -> None:
    """Note that the hub, in the voice that it has now, still has what it took. In a transaction."""
    connection.execute("UPDATE upstream SET checked_log=?", (log,))


def note_doubt(connection: sqlite3.Connection, hub_ms: int) -> None:
    """Note when, by the hub's time, it was found to have lost something. A transaction is open."""
    connection.execute("UPDATE upstream SET doubted_ms=?", (hub_ms,))


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
