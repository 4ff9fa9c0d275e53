"""Replaying: the whole log folded again, to check the tables or to make them anew."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from eventlog import words
from eventlog.events import GENESIS, Event, decode, digest
from eventlog.projections import Lagging, Projection, encode_state, projection_of
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
        broken = _check_chains(connection) + _check_words(connection)
        running = hashlib.sha256()
        events = subjects = 0
        for subject, group, _ in _by_subject(connection):
            events += len(group)
            projection = projection_of(projections, group)
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
        refold(connection, projections, subject, group, position)
        progress(events)
    complete(connection, projections.values())
    return state_hash(connection)


def complete(connection: sqlite3.Connection, projections: Iterable[Projection]) -> None:
    """Let the projections that lag behind finish their tables. The transaction is open."""
    for projection in projections:
        if isinstance(projection, Lagging):
            projection.complete(connection)


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
        try:
            group.append(decode(row[1]))
        except msgspec.DecodeError:
            # `verify` lists it among what is broken.
            continue
        newest = max(newest, row[2])
    if subject is not None:
        yield subject, group, newest


def _check_chains(connection: sqlite3.Connection) -> list[str]:
    """Return what is wrong with the chains: gaps in the node's own, bytes that were changed.

    Of other nodes' logs only what concerns this one may be here. Where a disk was cloned, a log
    has two events at one place: each must follow one of those before it.
    """
    broken: list[str] = []
    own = {row[0] for row in connection.execute("SELECT log FROM logs ORDER BY epoch DESC LIMIT 1")}
    log: bytes | None = None
    sequence, before, here = 0, {GENESIS}, set[bytes]()
    for row in connection.execute(
        "SELECT log, sequence, id, subject, rank, type, body FROM events ORDER BY log, sequence"
    ):
        if row[0] != log:
            log, sequence, before, here = row[0], 0, set(), {GENESIS}
        name = f"log {row[0].hex()}"
        if row[1] != sequence:
            if row[1] != sequence + 1 and log in own:
                broken.append(f"{name}: gap before {row[1]}")
            before, here = here if row[1] == sequence + 1 else set(), set()
        try:
            event = decode(row[6])
        except msgspec.DecodeError:
            broken.append(f"{name}: {row[1]} is no event")
        else:
            if before and event.previous not in before:
                broken.append(f"{name}: {row[1]} does not follow {sequence}")
            said = (event.log, event.sequence, event.id, event.subject, event.rank, event.type)
            if said != tuple(row)[:6]:
                broken.append(f"{name}: {row[1]} is filed under another name")
        sequence = row[1]
        here.add(digest(row[6]))
    return broken


def _check_words(connection: sqlite3.Connection) -> list[str]:
    """Return which plain texts are not those that their events committed to."""
    broken: list[str] = []
    for event, field, salt, text, body in connection.execute(
        "SELECT w.event, w.field, w.salt, w.body, e.body FROM words w "
        "JOIN events e ON e.id=w.event WHERE w.wrapped_key IS NULL"
    ):
        try:
            commitment = decode(body).words.get(field, b"")
        except msgspec.DecodeError:
            continue
        if not words.fits(commitment, salt, text):
            broken.append(f"event {event.hex()}: {field} is not what was committed to")
    return broken
