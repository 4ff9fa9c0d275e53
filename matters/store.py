"""Reading one matter from the tables, with its texts; and the imports. Lists stand in `lists`."""

import sqlite3
from typing import NamedTuple

import msgspec

from acts.text import clean_line
from eventlog import words
from matters.matter import Matter
from matters.terms import MatterEvent

_decoder = msgspec.msgpack.Decoder(Matter)
REPEATS_WITHIN_MS = 31 * 24 * 3_600_000


def by_id(connection: sqlite3.Connection, matter: bytes) -> Matter | None:
    """Return the matter of that id, or None."""
    row = connection.execute(
        "SELECT state FROM states WHERE subject=? AND noun='matter'", (matter,)
    ).fetchone()
    return None if row is None else _decoder.decode(row[0])


def by_number(connection: sqlite3.Connection, number: str) -> Matter | None:
    """Return the matter of that number, or None; of several, the first of `all_by_number`."""
    ids = _ids_of(connection, number)
    return by_id(connection, ids[0]) if ids else None


def all_by_number(connection: sqlite3.Connection, number: str) -> list[Matter]:
    """Return the matters that a number may mean, those before that have it now.

    Of several, those that were received earlier come first. A number that was given twice means
    each of the two to the person who was given it, until the key decides.
    """
    matters = (by_id(connection, identity) for identity in _ids_of(connection, number))
    return [matter for matter in matters if matter is not None]


def _ids_of(connection: sqlite3.Connection, number: str) -> list[bytes]:
    now = connection.execute(
        "SELECT id FROM matters WHERE number=? ORDER BY received_at, id", (number,)
    ).fetchall()
    once = connection.execute(
        "SELECT m.id FROM numbers n CROSS JOIN matters m ON m.id=n.matter WHERE n.number=? "
        "ORDER BY m.received_at, m.id",
        (number,),
    ).fetchall()
    return [row[0] for row in (*now, *once)]


def number_taken(connection: sqlite3.Connection, number: str) -> bool:
    """Return whether a matter has that number already, or had it once."""
    row = connection.execute(
        "SELECT 1 FROM matters WHERE number=?1 UNION ALL SELECT 1 FROM numbers WHERE number=?1",
        (number,),
    ).fetchone()
    return row is not None


def first_event(connection: sqlite3.Connection, matter: bytes) -> bytes:
    """Return the id of the event that the matter began with, b"" where it is not here."""
    row = connection.execute(
        "SELECT id FROM events WHERE subject=? ORDER BY rank, id LIMIT 1", (matter,)
    ).fetchone()
    return b"" if row is None else bytes(row[0])


def begun_by(connection: sqlite3.Connection, event: bytes) -> bytes:
    """Return the id of the matter that an event began, b"" where it began none."""
    row = connection.execute(
        f"SELECT subject FROM events WHERE id=? AND type IN ('{MatterEvent.RAISED}', "
        f"'{MatterEvent.IMPORTED}')",
        (event,),
    ).fetchone()
    return b"" if row is None else bytes(row[0])


def number_of(connection: sqlite3.Connection, matter: bytes) -> str:
    """Return the number of the matter of that id, or ""."""
    row = connection.execute("SELECT number FROM matters WHERE id=?", (matter,)).fetchone()
    return "" if row is None else str(row[0])


def position_of(connection: sqlite3.Connection, matter: bytes) -> int:
    """Return the arrival position of the matter's newest event, 0 where it is unknown."""
    row = connection.execute("SELECT position FROM matters WHERE id=?", (matter,)).fetchone()
    return 0 if row is None else int(row[0])


def likely_repeats(connection: sqlite3.Connection, matter: Matter) -> list[str]:
    """Return the numbers of other matters with the very same content (DESIGN decision 2).

    Looked for among those that came within a month before or after.
    """
    if not matter.content:
        return []
    rows = connection.execute(
        "SELECT number FROM matters WHERE received_at BETWEEN ? AND ? AND content=? AND id!=? "
        "ORDER BY received_at LIMIT 10",
        (
            matter.received_at - REPEATS_WITHIN_MS,
            matter.received_at + REPEATS_WITHIN_MS,
            matter.content,
            matter.id,
        ),
    )
    return [row[0] for row in rows]


def texts_of(connection: sqlite3.Connection, matter: Matter) -> dict[tuple[bytes, str], str]:
    """Return every plain text of the matter's steps, by (event id, field)."""
    return words.read_all(connection, [step.event for step in matter.steps if step.words])


def title_of(connection: sqlite3.Connection, matter: Matter) -> str:
    """Return the title that staff gave the matter, or the first words of what was said."""
    if matter.title:
        title = words.read(connection, matter.title, "title")
        if title:
            return title
    if not matter.steps:
        return ""
    text = words.read(connection, matter.steps[0].event, "text")
    return clean_line(text or "")[:40]


class ImportRow(NamedTuple):
    """One import with its counts. Times are ms, UTC."""

    id: bytes
    file_name: str
    rows: int
    answered: int
    started_at: int
    approved_at: int | None
    approved_by: str


def approved_at(connection: sqlite3.Connection, batch: bytes) -> int | None:
    """Return when the office let an import be public (ms, UTC), or None."""
    row = connection.execute("SELECT approved_at FROM imports WHERE id=?", (batch,)).fetchone()
    return None if row is None else row[0]


def imports(connection: sqlite3.Connection) -> list[ImportRow]:
    """Return every import, the newest first."""
    rows = connection.execute(
        "SELECT i.id, i.file_name, count(m.id), coalesce(sum(m.answered), 0), i.started_at, "
        "i.approved_at, i.approved_by FROM imports i LEFT JOIN matters m ON m.batch=i.id "
        "AND m.batch != x'' GROUP BY i.id ORDER BY i.started_at DESC, i.id"
    )
    return [ImportRow(*row) for row in rows]
