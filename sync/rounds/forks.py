"""Whether a node's log was written by somebody else as well: a cloned disk, or an old image."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from eventlog.events import Event
from eventlog.events import digest as event_digest
from sync.nodes import audit, nodes
from sync.nodes.audit import Finding
from sync.nodes.nodes import Peer
from sync.rounds.received_question import ReceivedQuestion


def note_logs(
    connection: sqlite3.Connection, received: ReceivedQuestion, peer: Peer, now: int
) -> list[bytes]:
    """Note the logs that a node writes, and return those that were not known to be its own.

    Events of such a one may be here already: a hub that was put back from an older replica can be
    given them by another node first.
    """
    # In the order in which they were written. What a station merely brings back after a restore may
    # be of another's log.
    brought = dict.fromkeys(arrival.event.log for _, arrival in received.arrivals)
    logs = [log for log in brought if log in received.own_logs]
    if received.question.head_log:
        logs.append(received.question.head_log)
    return [log for log in logs if nodes.note_new_log(connection, peer.node, log, now)]


def brings_a_log(connection: sqlite3.Connection, received: ReceivedQuestion) -> bool:
    """Return whether a node says that a log is its own which was nobody's so far."""
    log = received.question.head_log
    return bool(log) and nodes.writer_of(connection, log) is None


def look_for_forks(
    connection: sqlite3.Connection, received: ReceivedQuestion, peer: Peer, now: int
) -> dict[bytes, int]:
    """Return in which of the node's logs somebody else wrote as well, and above which place.

    So it is with a disk that was cloned or put back from an old image. Both sides are kept,
    and what the node lacks has to be queued for it.
    """
    own = {
        row[0] for row in connection.execute("SELECT log FROM node_logs WHERE node=?", (peer.node,))
    }
    forked: dict[bytes, int] = {}
    # Also what is put aside stands in its log.
    brought = (*received.arrivals, *(refused[:2] for refused in received.refused))
    arrived = [arrival.event for _, arrival in brought if arrival.event.log in own]
    here = _standing(connection, arrived)
    for event in arrived:
        log, sequence = event.log, event.sequence
        there, before = here.get((log, sequence)), here.get((log, sequence - 1))
        clashes = there is not None and event.id not in {row[0] for row in there}
        strays = before is not None and event.previous not in {
            event_digest(row[1]) for row in before
        }
        if clashes or strays:
            forked[log] = min(forked.get(log, sequence), sequence)
    again = {log: sequence - 1 for log, sequence in forked.items()}
    for log in forked:
        audit.note(connection, now, Finding.FORK, node=peer.node, detail=log.hex())
    behind = behind_of(connection, received, peer) if received.is_live else None
    if behind is not None:
        log, head = behind
        again[log] = min(head, again.get(log, head))
        for later in nodes.logs_after(connection, peer.node, log):
            again[later] = 0
        audit.note(connection, now, Finding.BEHIND, node=peer.node, detail=log.hex())
    return again


def behind_of(
    connection: sqlite3.Connection, received: ReceivedQuestion, peer: Peer
) -> tuple[bytes, int] | None:
    """Return a node's log of which the hub has more than the node itself, and above which place.

    Or after which the node took another: it was put back to before then.
    """
    question = received.question
    log, head = question.head_log, question.head
    if not log:
        return None
    if nodes.writer_of(connection, log) != peer.node:
        return None
    newest, forked = connection.execute(
        "SELECT max(sequence), (SELECT min(sequence) FROM (SELECT sequence FROM events "
        "WHERE log=?1 GROUP BY sequence HAVING count(*) > 1)) FROM events WHERE log=?1",
        (log,),
    ).fetchone()
    if (newest is None or newest <= head) and not nodes.logs_after(connection, peer.node, log):
        return None
    # Where two wrote in it, it may be that only one of them was here when the image was made.
    return log, head if forked is None else min(head, forked - 1)


def lacking_of(
    connection: sqlite3.Connection, received: ReceivedQuestion, peer: Peer
) -> dict[bytes, int]:
    """Return in which of its other logs a node lacks what the hub has, and above which place.

    So it is where it was put back, and what it had written before came only since, or to another
    hub than it was with.
    """
    if not received.is_live:
        return {}
    lacking: dict[bytes, int] = {}
    for log, head, behind in received.question.other_logs:
        if nodes.writer_of(connection, log) != peer.node:
            continue
        here = connection.execute(
            "SELECT count(*) FROM events WHERE log=? AND sequence>?", (log, head)
        ).fetchone()[0]
        if here > behind:
            lacking[log] = head
    return lacking


def may_write(connection: sqlite3.Connection, peer: Peer, log: bytes) -> bool:
    """Return whether a log is a node's own, or nobody's yet.

    That of a node which was shut out is its own still, once it is invited anew.
    """
    writer = nodes.writer_of(connection, log)
    if writer is not None:
        if writer == peer.node:
            return True
        other = nodes.by_number(connection, writer)
        return other is not None and other.key_id is not None and other.key_id == peer.key_id
    return connection.execute("SELECT 1 FROM logs WHERE log=?", (log,)).fetchone() is None


def _standing(
    connection: sqlite3.Connection, events: Sequence[Event]
) -> dict[tuple[bytes, int], list[tuple[bytes, bytes]]]:
    """Return (id, body) of what stands where these events belong, or just before, by their place.

    Events that follow each other, as most do, are looked for at one go.
    """
    runs: list[list[Any]] = []
    for log, sequence in sorted({(event.log, event.sequence) for event in events}):
        if runs and runs[-1][0] == log and runs[-1][2] == sequence - 1:
            runs[-1][2] = sequence
        else:
            runs.append([log, sequence, sequence])
    standing: dict[tuple[bytes, int], list[tuple[bytes, bytes]]] = {}
    for log, first, last in runs:
        for identity, sequence, body in connection.execute(
            "SELECT id, sequence, body FROM events WHERE log=? AND sequence BETWEEN ? AND ?",
            (log, first - 1, last),
        ):
            standing.setdefault((log, sequence), []).append((identity, body))
    return standing
