"""Registers in the log: each change of a record is an event, the newest record stands in a table.

A record is one erasable text beside the log (a deputy who leaves can be forgotten); the event
holds the register's noun in its type and the record's id.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlite_utils import Database, Migrations

from eventlog import words
from eventlog.events import Draft, Event
from eventlog.identifiers import uuid8_of
from eventlog.transaction import Transaction, events_of

Record = TypeVar("Record")
migrations = Migrations("registers")


@migrations()
def m001_records(database: Database) -> None:
    """The newest record of every id in every register, as JSON."""
    database.execute(
        """CREATE TABLE records(
            noun TEXT NOT NULL,
            id TEXT NOT NULL,
            subject BLOB NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY(noun, id)
        ) WITHOUT ROWID"""
    )
    database.execute("CREATE INDEX records_of_subject ON records(subject)")
    # Counts changes, so that whoever holds the registers in memory sees when to read again.
    database.execute("CREATE TABLE records_version(version INTEGER NOT NULL)")
    database.execute("INSERT INTO records_version VALUES (0)")


class RecordState(msgspec.Struct, kw_only=True):
    """A folded record: its id, and the event whose word holds it; gone where it was removed."""

    id: str = ""
    event: bytes = b""
    version: int = 0
    gone: bool = False
    contested: int = 0


def subject_of(noun: str, identity: str) -> bytes:
    """Return the subject of a record: the same on every node (UUIDv8 of its noun and id)."""
    return uuid8_of(hashlib.sha256(f"huiyin:{noun}:{identity}".encode()).digest())


class RegisterProjection:
    """Projection of one register's noun (`station`, `deputy`, …) into `records`."""

    def __init__(self, noun: str) -> None:
        self.noun = noun

    def fold(self, events: Sequence[Event]) -> RecordState:
        """Return the newest record; of two at one rank the later id stands, and it is counted."""
        state = RecordState()
        previous = -1
        for event in events:
            if event.type not in (f"{self.noun}.set", f"{self.noun}.removed"):
                continue
            state.id = str(event.data.get("id", ""))
            state.event = event.id
            state.gone = event.type.endswith(".removed")
            state.version = event.rank
            state.contested += event.rank == previous
            previous = event.rank
        return state

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: RecordState, position: int
    ) -> None:
        """Put the record's row in place, or take it away. The transaction is open."""
        connection.execute("DELETE FROM records WHERE subject=?", (subject,))
        connection.execute("UPDATE records_version SET version=version+1")
        record = None if state.gone else words.read(connection, state.event, "record")
        if record is not None:
            connection.execute(
                "INSERT OR REPLACE INTO records(noun, id, subject, record) VALUES (?,?,?,?)",
                (self.noun, state.id, subject, record),
            )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the register."""
        connection.execute("DELETE FROM records WHERE noun=?", (self.noun,))
        connection.execute("UPDATE records_version SET version=version+1")


def set_record(transaction: Transaction, noun: str, record: msgspec.Struct, *, by: str) -> bool:
    """Write a record as an event, or return False where it stands so already."""
    identity: str = record.id  # type: ignore[attr-defined]  # every register's record has one
    text = msgspec.json.encode(record, order="deterministic").decode()
    if _record_text(transaction.connection, noun, identity) == text:
        return False
    draft = Draft(f"{noun}.set", subject_of(noun, identity), {"id": identity}, {"record": text})
    transaction.append([draft], by=by)
    return True


def remove_record(transaction: Transaction, noun: str, identity: str, *, by: str) -> None:
    """Write that a record is gone; what refers to it keeps its id."""
    draft = Draft(f"{noun}.removed", subject_of(noun, identity), {"id": identity})
    transaction.append([draft], by=by)


class Change(NamedTuple):
    """One change of a record: when (ms), by whom (`role:account`), and which fields it changed.

    `fields` is None where that can't be told: the texts were erased.
    """

    at: int
    by: str
    removed: bool
    fields: tuple[str, ...] | None


def record_version(connection: sqlite3.Connection, noun: str, identity: str) -> int:
    """Return a record's version: one more with every change, 0 where there never was such a one."""
    rank = connection.execute(
        "SELECT max(rank) FROM events WHERE subject=?", (subject_of(noun, identity),)
    ).fetchone()[0]
    return 0 if rank is None else int(rank) + 1


def has_record(connection: sqlite3.Connection, noun: str, identity: str) -> bool:
    """Return whether a record stands on its register now."""
    return _record_text(connection, noun, identity) is not None


def read_record(
    connection: sqlite3.Connection, noun: str, kind: type[Record], identity: str
) -> Record | None:
    """Return one record as it stands now, or None."""
    text = _record_text(connection, noun, identity)
    return None if text is None else msgspec.json.decode(text, type=kind)


def _record_text(connection: sqlite3.Connection, noun: str, identity: str) -> str | None:
    row = connection.execute(
        "SELECT record FROM records WHERE noun=? AND id=?", (noun, identity)
    ).fetchone()
    return None if row is None else row[0]


def read_naming(
    connection: sqlite3.Connection, noun: str, kind: type[Record], identity: str
) -> list[Record]:
    """Return the records of a register in whose text an id stands, in whatever field."""
    decoder = msgspec.json.Decoder(kind)
    rows = connection.execute(
        "SELECT record FROM records WHERE noun=? AND instr(record, ?) ORDER BY id",
        (noun, msgspec.json.encode(identity).decode()),
    )
    return [decoder.decode(row[0]) for row in rows]


def history_of(
    connection: sqlite3.Connection, noun: str, identity: str, most: int = 10
) -> list[Change]:
    """Return a record's last changes, the newest first."""
    events = events_of(connection, subject_of(noun, identity))[-most - 1 :]
    texts = words.read_all(connection, [event.id for event in events])
    changes: list[Change] = []
    before: dict[str, Any] | None = {}
    for place, event in enumerate(events):
        removed = event.type.endswith(".removed")
        text = texts.get((event.id, "record"))
        now: dict[str, Any] | None = (
            {} if removed else None if text is None else msgspec.json.decode(text)
        )
        if place or len(events) <= most:
            fields = None
            if now is not None and before is not None:
                fields = tuple(name for name in now if now[name] != before.get(name))
            changes.append(Change(event.at, event.by, removed, fields))
        before = now
    return changes[::-1]


def version_of(connection: sqlite3.Connection) -> int:
    """Return a count that grows with every change of any register."""
    return int(connection.execute("SELECT version FROM records_version").fetchone()[0])


def read_records(
    connection: sqlite3.Connection, noun: str, kind: type[Record]
) -> dict[str, Record]:
    """Return a register's records by id, in the order of their ids."""
    decoder = msgspec.json.Decoder(kind)
    rows = connection.execute("SELECT id, record FROM records WHERE noun=? ORDER BY id", (noun,))
    return {row[0]: decoder.decode(row[1]) for row in rows}
