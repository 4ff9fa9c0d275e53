"""A node's queue to the hub above it: its own events, each with how safe it is.

Nothing leaves the queue: a hub that was put back from an older replica is filled again from it.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from eventlog import words
from eventlog.events import Event, decode
from eventlog.transaction import Transaction
from sync.rounds.wire import BlobPart


class Safety(IntEnum):
    """How safe an event is: here only, taken by the hub, in the hub's replica; or to be asked."""

    WAITING = 0
    HELD = 1
    DURABLE = 2
    DOUBTFUL = 3


class Waiting(NamedTuple):
    """An event of the queue: its place, and its exact bytes."""

    position: int
    event: bytes
    body: bytes


@dataclass
class Packed:
    """What a bundle in the making holds: up to where in the queue, and up to where of each photo.

    `position` is of events that go along, `offered` of those that the hub has and is only asked
    about; photos go by their SHA-256.
    """

    position: int = 0
    offered: int = 0
    photos: dict[bytes, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether no question was put in yet that said something."""
        return not (self.position or self.offered or self.photos)

    def add(
        self, sent: Sequence[Waiting], offered: Sequence[int], parts: Sequence[BlobPart]
    ) -> None:
        """Note what one more question holds."""
        if sent:
            self.position = sent[-1].position
        if offered:
            self.offered = offered[-1]
        for part in parts:
            self.photos[part.sha256] = part.offset + len(part.body)


class PutAside(NamedTuple):
    """An event that the hub put aside, its code for why, and when it said so (ms, UTC)."""

    event: Event
    code: str
    at: int


class Backlog(NamedTuple):
    """How many events the hub is not known to have, and when the oldest was written (ms, UTC)."""

    waiting: int
    oldest_at: int | None


class Uplink:
    """The queue of one node. Its `witness` is given to the log."""

    def __init__(self, goes_up: Callable[[Transaction, Event], Iterable[bytes]]) -> None:
        """`goes_up` returns which events go up now that this one stands: ids, the oldest first.

        A station's own go up by themselves; a hub's do when their matter is referred.
        """
        self._goes_up = goes_up

    def witness(self, transaction: Transaction, events: Sequence[Event]) -> None:
        """Queue what goes up. Called with the transaction open, after the fold."""
        transaction.connection.executemany(
            "INSERT OR IGNORE INTO uplink(event, state) VALUES (?, 0)",
            [(each,) for event in events for each in self._goes_up(transaction, event)],
        )


def waiting(
    connection: sqlite3.Connection, most: int, *states: Safety, after: int = 0
) -> list[Waiting]:
    """Return the oldest events behind a place that are so safe, at most so many."""
    rows = connection.execute(
        "SELECT u.position, u.event, e.body FROM uplink u JOIN events e ON e.id=u.event "
        f"WHERE u.state IN ({','.join('?' * len(states))}) AND u.position>? "
        "ORDER BY u.position LIMIT ?",
        (*states, after, most),
    )
    return [Waiting(*row) for row in rows]


def fitting(
    connection: sqlite3.Connection, left: Sequence[Waiting], room_bytes: int
) -> list[Waiting]:
    """Return the first of these that have room together, with their texts; one in any case."""
    chosen: list[Waiting] = []
    size = 0
    for one in left:
        texts = words.all_of(connection, one.event).values()
        size += len(one.body) + sum(len(word.body) + 40 for word in texts)
        if chosen and size > room_bytes:
            break
        chosen.append(one)
    return chosen


def of_state(
    connection: sqlite3.Connection, safety: Safety, most: int, after: int = 0
) -> list[tuple[int, bytes]]:
    """Return (place, id) of the oldest events behind a place that are so safe, at most so many."""
    rows = connection.execute(
        "SELECT position, event FROM uplink WHERE state=? AND position>? ORDER BY position LIMIT ?",
        (safety, after, most),
    )
    return [(row[0], row[1]) for row in rows]


def at_places(connection: sqlite3.Connection, positions: Sequence[int]) -> list[Waiting]:
    """Return the events of these places, in the order given; without their bytes."""
    return [
        Waiting(position, row[0], b"")
        for position in positions
        for row in connection.execute("SELECT event FROM uplink WHERE position=?", (position,))
    ]


def newest(connection: sqlite3.Connection, *states: Safety) -> bytes:
    """Return the id of the newest event that is so safe, or b""."""
    row = connection.execute(
        f"SELECT event FROM uplink WHERE state IN ({','.join('?' * len(states))}) "
        "ORDER BY position DESC LIMIT 1",
        states,
    ).fetchone()
    return b"" if row is None else bytes(row[0])


def mark(connection: sqlite3.Connection, positions: Sequence[int], safety: Safety) -> None:
    """Note how safe events are now. A transaction is open."""
    connection.executemany(
        "UPDATE uplink SET state=? WHERE position=?",
        [(safety, position) for position in positions],
    )


def hold(connection: sqlite3.Connection, positions: Sequence[int]) -> None:
    """Note that the hub has events; one that is durable stays so. A transaction is open."""
    connection.executemany(
        "UPDATE uplink SET state=? WHERE position=? AND state<>?",
        [(Safety.HELD, position, Safety.DURABLE) for position in positions],
    )


def settle(connection: sqlite3.Connection, sent: Sequence[int], newest: bytes) -> None:
    """Note that what was just sent, and all that the hub had before, is in its replica.

    `newest` is the newest event of those that the hub had when it was asked. A transaction is open.
    """
    mark(connection, sent, Safety.DURABLE)
    connection.execute(
        "UPDATE uplink SET state=? WHERE state=? AND position <= "
        "(SELECT position FROM uplink WHERE event=?)",
        (Safety.DURABLE, Safety.HELD, newest),
    )


def doubt_all(connection: sqlite3.Connection) -> None:
    """Have the hub asked for everything: it was put back from an older copy.

    Also for what came from it and from others by it, which it may have lost as well.
    """
    connection.execute(
        "UPDATE uplink SET state=? WHERE state IN (?,?)",
        (Safety.DOUBTFUL, Safety.HELD, Safety.DURABLE),
    )
    connection.execute(
        "INSERT OR IGNORE INTO uplink(event, state) "
        "SELECT e.id, ? FROM events e JOIN marks m ON m.event=e.id ORDER BY e.position",
        (Safety.DOUBTFUL,),
    )


def safety_of(connection: sqlite3.Connection, subject: bytes) -> Safety:
    """Return how safe a subject is: as safe as the least safe of its events that go up.

    One that came down whole is held by the hub; of more this node knows nothing.
    """
    states = {
        Safety(row[0])
        for row in connection.execute(
            "SELECT u.state FROM events e JOIN uplink u ON u.event=e.id WHERE e.subject=?",
            (subject,),
        )
    }
    if states & {Safety.WAITING, Safety.DOUBTFUL}:
        return Safety.WAITING
    return Safety.DURABLE if states == {Safety.DURABLE} else Safety.HELD


def counts(connection: sqlite3.Connection) -> dict[Safety, int]:
    """Return how many events are how safe."""
    counts = dict.fromkeys(Safety, 0)
    for state, count in connection.execute("SELECT state, count(*) FROM uplink GROUP BY state"):
        counts[Safety(state)] = count
    return counts


def note_refused(connection: sqlite3.Connection, event: bytes, code: str, now_ms: int) -> None:
    """Note why the hub put an event aside. A transaction is open."""
    connection.execute(
        "INSERT OR REPLACE INTO uplink_refused(event, code, at) VALUES (?,?,?)",
        (event, code, now_ms),
    )


def refused(connection: sqlite3.Connection, most: int = 100) -> list[tuple[bytes, str, int]]:
    """Return (event, code, when) of what the hub put aside, the newest first."""
    rows = connection.execute(
        "SELECT event, code, at FROM uplink_refused ORDER BY at DESC LIMIT ?", (most,)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def backlog(connection: sqlite3.Connection) -> Backlog:
    """Return what waits here. Quick however much lies in the queue, for every page asks it."""
    waits = (Safety.WAITING, Safety.DOUBTFUL)
    row = connection.execute(
        "SELECT count(*), min(position) FROM uplink WHERE state IN (?,?)", waits
    ).fetchone()
    body = connection.execute(
        "SELECT e.body FROM uplink u JOIN events e ON e.id=u.event WHERE u.position=?", (row[1],)
    ).fetchone()
    return Backlog(row[0], None if body is None else decode(body[0]).at)


def held_count(connection: sqlite3.Connection) -> int:
    """Return how many events the hub has, and has not called durable yet."""
    row = connection.execute("SELECT count(*) FROM uplink WHERE state=?", (Safety.HELD,))
    return int(row.fetchone()[0])


def put_aside(connection: sqlite3.Connection, most: int = 100) -> list[PutAside]:
    """Return what the hub put aside and still does not show, the newest first.

    What a person took in there later came down with the hub's mark, and is no trouble any more.
    """
    rows = connection.execute(
        "SELECT e.body, r.code, r.at FROM uplink_refused r JOIN events e ON e.id=r.event "
        "WHERE NOT EXISTS (SELECT 1 FROM marks m WHERE m.event=r.event) "
        "ORDER BY r.at DESC, r.event LIMIT ?",
        (most,),
    )
    return [PutAside(decode(body), code, at) for body, code, at in rows]
