"""A domain so small that the floor can be tested without any real one: notes with lines."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlite_utils import Database, Migrations

from eventlog.events import Draft, Event
from eventlog.keys import make_keys
from eventlog.log import Log
from eventlog.transaction import Transaction

KEYS = make_keys()
START_MS = 1_790_000_000_000
migrations = Migrations("notes")


@migrations()
def m001_notes(database: Database) -> None:
    """One row a note: how many lines it has."""
    database.execute("CREATE TABLE notes(id BLOB PRIMARY KEY, lines INTEGER NOT NULL)")


class Note(msgspec.Struct):
    """A folded note: the ids of its lines, in order."""

    lines: list[bytes] = []


class NotesProjection:
    """Projection of the noun `note`."""

    noun = "note"

    def fold(self, events: Sequence[Event]) -> Note:
        """Return the note that the events give."""
        return Note([event.id for event in events if event.type == "note.lined"])

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: Note, position: int
    ) -> None:
        """Put the note's row in place."""
        connection.execute(
            "INSERT OR REPLACE INTO notes(id, lines) VALUES (?,?)", (subject, len(state.lines))
        )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the table."""
        connection.execute("DELETE FROM notes")


PROJECTIONS = {"note": NotesProjection()}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        """Return the time, in milliseconds since 1970."""
        return self.now_ms


def open_notes(folder: Path, **options: Any) -> Log:
    """Return the log of a data folder, with the notes' projection."""
    options.setdefault("now_ms", Clock())
    return Log(
        folder,
        projections=list(PROJECTIONS.values()),
        migrations=(migrations,),
        sealer=KEYS.sealer,
        **options,
    )


def subject(number: int) -> bytes:
    """Return the subject of a numbered note."""
    return number.to_bytes(16, "big")


def line(note: int, text: str = "", secret: str = "", id: bytes | None = None) -> Draft:
    """Return a draft that adds a line to a note."""
    return Draft(
        "note.lined",
        subject(note),
        {},
        {"text": text} if text else {},
        {"contact": secret} if secret else {},
        id,
    )


def add(transaction: Transaction, *drafts: Draft) -> list[Event]:
    """Append drafts as the writer's job."""
    return transaction.append(drafts, by="system")


def line_count(log: Log, note: int) -> int:
    """Return how many lines the table says that a note has, 0 where there is none."""
    with log.reading() as connection:
        row = connection.execute("SELECT lines FROM notes WHERE id=?", (subject(note),)).fetchone()
        return 0 if row is None else int(row[0])
