"""What a 409 refused is kept on record, with the words that were typed, and shown to the office."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from acts.act import Act
from eventlog import words
from eventlog.events import Draft, Event, decode
from eventlog.identifiers import new_uuid7
from eventlog.transaction import Transaction
from matters.shapes import WrongShape, bytes_in, text_in, time_of
from matters.terms import RecordEvent


class Refused(msgspec.Struct, kw_only=True):
    """A command that was refused: on which matter, which, why (a code), by whom, when (ms, UTC)."""

    event: bytes
    matter: bytes = b""
    command: str = ""
    code: str = ""
    by: str = ""
    at: int = 0


class Attempt(NamedTuple):
    """A refused command as it is shown: `typed` are its fields, none once they were erased."""

    refused: Refused
    typed: Mapping[str, Any]


class AttemptsProjection:
    """Projection of the noun `attempt` into `attempts`."""

    noun = "attempt"

    def fold(self, events: Sequence[Event]) -> Refused:
        """Return the attempt that its one event tells of."""
        event = events[0]
        refused = Refused(event=event.id, by=event.by)
        try:
            refused.at = time_of(event.at)
            refused.matter = bytes_in(event.data, "matter")
            refused.command = text_in(event.data, "command")
            refused.code = text_in(event.data, "code")
        except WrongShape:
            return Refused(event=event.id)
        return refused

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: Refused, position: int
    ) -> None:
        """Put the attempt's row in place. The transaction is open."""
        if state.matter:
            connection.execute(
                "INSERT OR REPLACE INTO attempts(matter, event, command, code, by, at) "
                "VALUES (?,?,?,?,?,?)",
                (state.matter, state.event, state.command, state.code, state.by, state.at),
            )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the table."""
        connection.execute("DELETE FROM attempts")


def record(
    transaction: Transaction,
    about: Mapping[str, bytes],
    act: Act,
    raw: Mapping[str, Any],
    *,
    by: str,
    code: str,
    seen: int | None,
) -> None:
    """Write that a 409 refused an act, with the words that were typed (CONTRACT).

    `about` is the id of what it was about by its noun: a matter, a session, a document.
    """
    names = {field.name for field in act.fields}
    typed = {
        name: value for name, value in raw.items() if name.partition("-")[0] in names and value
    }
    draft = Draft(
        RecordEvent.ATTEMPTED,
        new_uuid7(transaction.now_ms()),
        {**about, "command": act.name, "code": code, "seen": seen},
        {"fields": json.dumps(typed, ensure_ascii=False)} if typed else {},
    )
    transaction.append([draft], by=by, fresh_subject=True)


def events_about(connection: sqlite3.Connection, matter: bytes, *, seen_before: int) -> list[bytes]:
    """Return the events of the attempts on a matter by those who had seen less of it than that.

    Their words go when the matter's go. One that does not say what was seen, saw nothing.
    """
    rows = connection.execute(
        "SELECT e.body FROM attempts a CROSS JOIN events e ON e.id=a.event WHERE a.matter=?",
        (matter,),
    )
    events = (decode(row[0]) for row in rows)
    return [event.id for event in events if _seen(event) < seen_before]


def _seen(event: Event) -> int:
    seen = event.data.get("seen")
    return seen if isinstance(seen, int) else -1


def about(connection: sqlite3.Connection, matter: bytes, most: int = 20) -> list[Attempt]:
    """Return the newest attempts on a matter, with what was typed."""
    rows = connection.execute(
        "SELECT event, matter, command, code, by, at FROM attempts WHERE matter=? "
        "ORDER BY at DESC, event DESC LIMIT ?",
        (matter, most),
    ).fetchall()
    attempts: list[Attempt] = []
    for event, of, command, code, by, at in rows:
        text = words.read(connection, event, "fields")
        refused = Refused(event=event, matter=of, command=command, code=code, by=by, at=at)
        attempts.append(Attempt(refused, json.loads(text) if text else {}))
    return attempts
