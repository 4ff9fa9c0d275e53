"""The hub's queue: which event became visible to which node below, in order (DESIGN, sync).

Written in the transaction that makes an event visible there. When a subject newly concerns a node,
all its events are queued again, so that a cursor never skips what became visible late.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from eventlog.events import Event, decode
from eventlog.transaction import Transaction
from sync.nodes import nodes

EVERYONE = 0
ROWS_MOST = 2000


class Visibility(Protocol):
    """What the domain says of who sees what; `sync` knows no matter and no station."""

    def goes_to_all(self, event: Event) -> bool:
        """Return whether an event goes to every node below."""

    def stations_of(self, connection: sqlite3.Connection, subject: bytes) -> Iterable[str]:
        """Return the stations that a subject concerns, none for what stays at the hub."""

    def subjects_of(self, connection: sqlite3.Connection, station: str) -> Iterable[bytes]:
        """Yield the subjects that concern a station."""

    def all_subjects(self, connection: sqlite3.Connection) -> Iterable[bytes]:
        """Yield the subjects whose events go to every node."""

    def places_version(self, connection: sqlite3.Connection) -> int:
        """Return a number that changes when other subjects may concern a station than before."""


class Visible(NamedTuple):
    """One event in the queue of a node: its place, and the event's bytes."""

    position: int
    event: bytes
    body: bytes


class Downlink:
    """The queue of one hub. Its `witness` is given to the log."""

    def __init__(self, visibility: Visibility) -> None:
        self._visibility = visibility

    def witness(self, transaction: Transaction, events: Sequence[Event]) -> None:
        """Queue what became visible. Called with the transaction open, after the fold."""
        connection = transaction.connection
        if not nodes.any_enrolled(connection):
            return
        by_subject: dict[bytes, list[Event]] = {}
        writers: dict[bytes, int | None] = {}
        for event in events:
            by_subject.setdefault(event.subject, []).append(event)
        for subject, group in by_subject.items():
            if self._visibility.goes_to_all(group[0]):
                _queue(connection, EVERYONE, [event.id for event in group])
                continue
            concerned = nodes.of_stations(
                connection, self._visibility.stations_of(connection, subject)
            )
            # Who wrote something of a subject hears the rest of it, whomever it concerns: one
            # submission may have been sent to two stations.
            for event in group:
                if event.log not in writers:
                    writers[event.log] = nodes.writer_of(connection, event.log)
            wrote = {one for event in group if (one := writers[event.log]) is not None}
            for node in {*concerned, *_knowing(connection, subject), *wrote}:
                ids = [event.id for event in group if writers[event.log] != node]
                self._show(connection, node, subject, ids)

    def fill(self, transaction: Transaction, peer: nodes.Peer) -> None:
        """Queue all that a node that was just enrolled may see."""
        connection = transaction.connection
        first = connection.execute(
            "SELECT 1 FROM downlink WHERE node=? LIMIT 1", (EVERYONE,)
        ).fetchone()
        if first is None:
            for subject in self._visibility.all_subjects(connection):
                _queue(connection, EVERYONE, _events_of(connection, subject))
        self.catch_up(transaction, peer)
        for subject in _known_before(connection, peer):
            self._show(connection, peer.node, subject, ())
        _queue(connection, peer.node, _given_back_before(connection, peer))

    def catch_up(self, transaction: Transaction, peer: nodes.Peer) -> int:
        """Queue the subjects that concern a node since registers changed; return how many."""
        connection = transaction.connection
        added = 0
        if peer.station:
            for subject in self._visibility.subjects_of(connection, peer.station):
                added += self._show(connection, peer.node, subject, ())
        connection.execute(
            "UPDATE nodes SET places_version=? WHERE node=?",
            (self._visibility.places_version(connection), peer.node),
        )
        return added

    def follow(self, transaction: Transaction, peer: nodes.Peer, log: bytes) -> None:
        """Queue for a node what others wrote of the subjects of a log that was found to be its."""
        for subject in _subjects_of_log(transaction.connection, log):
            self._show(transaction.connection, peer.node, subject, ())

    def is_public(self, body: bytes) -> bool:
        """Return whether an event's texts may travel plain: everybody may read them anyway."""
        return self._visibility.goes_to_all(decode(body))

    def is_behind(self, connection: sqlite3.Connection, peer: nodes.Peer) -> bool:
        """Return whether registers changed since a node was caught up."""
        return bool(peer.station) and (
            self._visibility.places_version(connection) != peer.places_version
        )

    def _show(
        self, connection: sqlite3.Connection, node: int, subject: bytes, ids: Sequence[bytes]
    ) -> bool:
        """Queue events that others wrote of a subject for a node, all where it is new there."""
        known = connection.execute(
            "SELECT 1 FROM downlink_subjects WHERE node=? AND subject=?", (node, subject)
        ).fetchone()
        if known is None:
            _note_known(connection, node, subject)
            ids = _events_of(connection, subject, but_of=node)
        _queue(connection, node, ids)
        return known is None and bool(ids)


def begin_voice(transaction: Transaction, log: bytes) -> None:
    """Note from which position on the hub writes in this voice; nothing where that is noted."""
    transaction.connection.execute(
        "INSERT OR IGNORE INTO downlink_voices(log, position) "
        "SELECT ?, coalesce(max(position), 0) FROM downlink",
        (log,),
    )


def where_to_go_on(
    connection: sqlite3.Connection, log: bytes, cursor_log: bytes, cursor: int
) -> int:
    """Return the position after which a node has to hear what there is.

    `log` is the hub's voice now. A cursor of an older voice is worth no more than what both
    histories share: the position at which a later voice began. Of an unknown one, nothing is.
    """
    if cursor_log == log:
        newest = connection.execute("SELECT coalesce(max(position), 0) FROM downlink").fetchone()
        return min(cursor, int(newest[0]))
    voice = connection.execute(
        "SELECT number FROM downlink_voices WHERE log=?", (cursor_log,)
    ).fetchone()
    if voice is None:
        return 0
    later = connection.execute(
        "SELECT min(position) FROM downlink_voices WHERE number > ?", (voice[0],)
    ).fetchone()[0]
    return cursor if later is None else min(cursor, later)


def visible(
    connection: sqlite3.Connection, node: int, after: int, most: int = ROWS_MOST
) -> list[Visible]:
    """Return the next events of a node's queue, at most so many."""
    rows = connection.execute(
        "SELECT q.position, q.event, e.body FROM ("
        "SELECT * FROM (SELECT position, event FROM downlink WHERE node=? AND position>? "
        "ORDER BY position LIMIT ?) UNION ALL "
        "SELECT * FROM (SELECT position, event FROM downlink WHERE node=? AND position>? "
        "ORDER BY position LIMIT ?) ORDER BY position LIMIT ?) q "
        "JOIN events e ON e.id=q.event ORDER BY q.position",
        (EVERYONE, after, most, node, after, most, most),
    )
    return [Visible(*row) for row in rows]


def give_back(connection: sqlite3.Connection, node: int, event: bytes) -> None:
    """Queue an event for the node that wrote it: so it hears that it was taken in after all."""
    _queue(connection, node, [event])


def count_behind(connection: sqlite3.Connection, peer: nodes.Peer, most: int) -> int:
    """Return how many events of its queue a node has not said it has, at most so many."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM downlink WHERE node IN (?,?) AND position>? LIMIT ?)",
        (EVERYONE, peer.node, peer.cursor, most),
    ).fetchone()
    return int(row[0])


def newest(connection: sqlite3.Connection, node: int) -> int:
    """Return the newest position of a node's queue, 0 where there is none."""
    row = connection.execute(
        "SELECT max(position) FROM (SELECT max(position) AS position FROM downlink WHERE node=? "
        "UNION ALL SELECT max(position) FROM downlink WHERE node=?)",
        (EVERYONE, node),
    ).fetchone()
    return int(row[0] or 0)


def refill(transaction: Transaction, node: int, log: bytes, above: int) -> int:
    """Queue a node's own events again, above a place in its log, and return how many."""
    rows = transaction.connection.execute(
        "SELECT id FROM events WHERE log=? AND sequence>? ORDER BY sequence", (log, above)
    ).fetchall()
    _queue(transaction.connection, node, [row[0] for row in rows])
    return len(rows)


def _queue(connection: sqlite3.Connection, node: int, events: Iterable[bytes]) -> None:
    connection.executemany(
        "INSERT INTO downlink(node, event) VALUES (?,?)", [(node, event) for event in events]
    )


def _knowing(connection: sqlite3.Connection, subject: bytes) -> list[int]:
    """Return the nodes that know a subject already, and are not shut out."""
    rows = connection.execute(
        "SELECT d.node FROM downlink_subjects d JOIN nodes n ON n.node=d.node "
        "WHERE d.subject=? AND n.revoked_at IS NULL",
        (subject,),
    )
    return [row[0] for row in rows]


def _subjects_of_log(connection: sqlite3.Connection, log: bytes) -> list[bytes]:
    rows = connection.execute(
        "SELECT DISTINCT subject FROM events WHERE log=? ORDER BY subject", (log,)
    )
    return [row[0] for row in rows]


def _known_before(connection: sqlite3.Connection, peer: nodes.Peer) -> list[bytes]:
    """Return what a node wrote of or was shown before it was shut out and invited anew.

    Not all of that concerns its station, and it is to hear the rest of it all the same.
    """
    rows = connection.execute(
        "SELECT d.subject FROM downlink_subjects d JOIN nodes n ON n.node=d.node "
        "WHERE n.verify_key=? AND n.node<>? UNION SELECT e.subject FROM events e "
        "JOIN node_logs l ON l.log=e.log WHERE l.node=? ORDER BY 1",
        (peer.verify_key, peer.node, peer.node),
    )
    return [row[0] for row in rows]


def _given_back_before(connection: sqlite3.Connection, peer: nodes.Peer) -> list[bytes]:
    """Return what a node wrote itself and was to be given back before it was invited anew."""
    rows = connection.execute(
        "SELECT d.event FROM downlink d JOIN nodes n ON n.node=d.node "
        "JOIN events e ON e.id=d.event JOIN node_logs l ON l.log=e.log "
        "WHERE n.verify_key=? AND n.node<>? AND l.node=? GROUP BY d.event ORDER BY d.position",
        (peer.verify_key, peer.node, peer.node),
    )
    return [row[0] for row in rows]


def _note_known(connection: sqlite3.Connection, node: int, subject: bytes) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO downlink_subjects(node, subject) VALUES (?,?)", (node, subject)
    )


def _events_of(
    connection: sqlite3.Connection, subject: bytes, *, but_of: int | None = None
) -> list[bytes]:
    rows = connection.execute(
        "SELECT e.id FROM events e LEFT JOIN node_logs l ON l.log=e.log "
        "WHERE e.subject=? AND (? IS NULL OR l.node IS NOT ?) ORDER BY e.rank, e.id",
        (subject, but_of, but_of),
    )
    return [row[0] for row in rows]
