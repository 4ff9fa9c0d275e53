"""Replaying: the whole log folded again, to check the tables or to make them anew."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from eventlog.events import GENESIS, Event, decode, digest
from eventlog.projections import Projection, encode_state
from eventlog.transaction import refold


class Verification(NamedTuple):
    """What a replay found.

    `state_hash` is hex SHA-256 over every subject's folded state as the tables have it,
    `replayed_hash` the same as the log gives it; `broken` lists what does not fit, in words.
    """

    events: int
    subjects: int
    state_hash: str
    replayed_hash: str
    broken: list[str]

    @property
    def ok(self) -> bool:
        """Whether tables and log agree and every chain is whole."""
        return not self.broken and self.state_hash == self.replayed_hash


def state_hash(connection: sqlite3.Connection) -> str:
    """Return the hex SHA-256 over all subjects and their states, in subject order."""
    running = hashlib.sha256()
    for subject, state in connection.execute("SELECT subject, state FROM states ORDER BY subject"):
        _add(running, subject, state)
    return running.hexdigest()


def verify(
    connection: sqlite3.Connection,
    projections: Mapping[str, Projection],
    progress: Callable[[int], None] = lambda events: None,
) -> Verification:
    """Replay the log and compare it with the tables, without writing anything."""
    connection.execute("BEGIN")
    try:
        broken = _check_chains(connection)
        running = hashlib.sha256()
        events = subjects = 0
        for subject, group, _ in _by_subject(connection):
            events += len(group)
            projection = projections.get(group[0].noun)
            if projection is not None:
                subjects += 1
                _add(running, subject, encode_state(projection.fold(group)))
            progress(events)
        return Verification(events, subjects, state_hash(connection), running.hexdigest(), broken)
    finally:
        connection.execute("ROLLBACK")


def rebuild(
    connection: sqlite3.Connection,
    projections: Mapping[str, Projection],
    progress: Callable[[int], None] = lambda events: None,
) -> str:
    """Make every table anew from the log and return the state hash.

    Called with a transaction open.
    """
    connection.execute("DELETE FROM states")
    for projection in projections.values():
        projection.clear(connection)
    events = 0
    for subject, group, position in _by_subject(connection):
        events += len(group)
        projection_of_noun = projections.get(group[0].noun)
        if projection_of_noun is not None:
            refold(connection, projection_of_noun, subject, group, position)
        progress(events)
    return state_hash(connection)


def _add(running: "hashlib._Hash", subject: bytes, state: bytes) -> None:
    running.update(subject)
    running.update(hashlib.sha256(state).digest())


def _by_subject(
    connection: sqlite3.Connection,
) -> Iterator[tuple[bytes, list[Event], int]]:
    """Yield each subject with its events in fold order and the newest arrival position."""
    subject: bytes | None = None
    group: list[Event] = []
    newest = 0
    for row in connection.execute(
        "SELECT subject, body, position FROM events ORDER BY subject, rank, id"
    ):
        if row[0] != subject:
            if subject is not None:
                yield subject, group, newest
            subject, group, newest = row[0], [], 0
        group.append(decode(row[1]))
        newest = max(newest, row[2])
    if subject is not None:
        yield subject, group, newest


def _check_chains(connection: sqlite3.Connection) -> list[str]:
    """Return what is wrong with the chains: gaps, forks, bytes that were changed."""
    broken: list[str] = []
    log: bytes | None = None
    sequence, previous = 0, GENESIS
    for row in connection.execute(
        "SELECT log, sequence, body, id FROM events ORDER BY log, sequence"
    ):
        if row[0] != log:
            log, sequence, previous = row[0], 0, GENESIS
        event = decode(row[2])
        if row[1] != sequence + 1:
            broken.append(f"log {row[0].hex()}: gap before {row[1]}")
        elif event.previous != previous:
            broken.append(f"log {row[0].hex()}: {row[1]} does not follow {sequence}")
        if event.id != row[3] or event.sequence != row[1] or event.log != row[0]:
            broken.append(f"log {row[0].hex()}: {row[1]} is filed under another name")
        sequence, previous = row[1], digest(row[2])
    return broken
