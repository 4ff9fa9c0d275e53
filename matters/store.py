"""Reading matters from the tables: one whole, or a list of many. SQL for matters stands here."""

import re
import sqlite3
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from eventlog import words
from eventlog.identifiers import uuid_text
from matters import figures
from matters.actors import Actor
from matters.figures import Scope
from matters.matter import Matter
from matters.terms import Role, State

_decoder = msgspec.msgpack.Decoder(Matter)
PAGE = 50
REPEATS_WITHIN_MS = 31 * 24 * 3_600_000
# The time of receipt, which in old files may lie before 1970, and the matter's id.
_CURSOR = re.compile(r"(-?[0-9]{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class Filters(NamedTuple):
    """How a list of matters is narrowed; empty values narrow nothing. `since` is ms, UTC."""

    state: str = ""
    unit: str = ""
    station: str = ""
    deputy: str = ""
    area: str = ""
    category: str = ""
    overdue: bool = False
    since: int = 0
    q: str = ""
    flagged: bool = False
    cursor: str = ""
    # A line of the ledger (`figures.Scope`), and which of its numbers: a key of `figures.COLUMNS`.
    scope: Scope = figures.EVERYTHING
    counted: str = ""


class Row(NamedTuple):
    """A matter in a list: the folded matter, and the title or first words to show."""

    matter: Matter
    title: str


class MattersPage(NamedTuple):
    """One page of a list, newest first, with the cursor of the next page, or ""."""

    rows: list[Row]
    next: str


def by_id(connection: sqlite3.Connection, matter: bytes) -> Matter | None:
    """Return the matter of that id, or None."""
    row = connection.execute("SELECT state FROM states WHERE subject=?", (matter,)).fetchone()
    return None if row is None else _decoder.decode(row[0])


def by_number(connection: sqlite3.Connection, number: str) -> Matter | None:
    """Return the matter of that number, or None; of two, the one that was received first."""
    row = connection.execute(
        "SELECT id FROM matters WHERE number=? ORDER BY received_at, id LIMIT 1", (number,)
    ).fetchone()
    return None if row is None else by_id(connection, row[0])


def number_taken(connection: sqlite3.Connection, number: str) -> bool:
    """Return whether a matter has that number already."""
    row = connection.execute("SELECT 1 FROM matters WHERE number=?", (number,)).fetchone()
    return row is not None


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
    return " ".join((text or "").split())[:40]


def listed(
    connection: sqlite3.Connection, actor: Actor, filters: Filters, *, now_ms: int
) -> MattersPage:
    """Return one page of the matters that the actor may see, newest first."""
    conditions, values = _conditions(actor, filters, now_ms)
    where = " AND ".join(conditions) or "1"
    rows = connection.execute(
        f"SELECT m.id, m.received_at FROM matters m WHERE {where} "
        f"ORDER BY m.received_at DESC, m.id DESC LIMIT {PAGE + 1}",
        values,
    ).fetchall()
    found: list[Row] = []
    for row in rows[:PAGE]:
        matter = by_id(connection, row[0])
        if matter is not None:
            found.append(Row(matter, title_of(connection, matter)))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return MattersPage(found, f"{last[1]}.{uuid_text(last[0])}" if last else "")


def counted(
    connection: sqlite3.Connection, actor: Actor, filters: Filters, *, now_ms: int
) -> dict[str, int]:
    """Return how many matters the actor may see, by state; every state is a key."""
    conditions, values = _conditions(actor, filters, now_ms)
    where = " AND ".join(conditions) or "1"
    counts: dict[str, int] = dict.fromkeys(State, 0)
    for state, count in connection.execute(
        f"SELECT m.state, count(*) FROM matters m WHERE {where} GROUP BY m.state", values
    ):
        counts[state] = count
    return counts


def _conditions(
    actor: Actor, filters: Filters, now_ms: int
) -> tuple[list[str], list[str | int | bytes]]:
    conditions: list[str] = []
    values: list[str | int | bytes] = []

    def narrow(condition: str, *given: str | int | bytes) -> None:
        conditions.append(condition)
        values.extend(given)

    _narrow_to_actor(actor, narrow)
    for column in ("state", "station", "deputy", "area", "category"):
        value = getattr(filters, column)
        if value:
            narrow(f"m.{column}=?", "" if value == figures.NONE else value)
    if filters.unit:
        narrow("m.id IN (SELECT matter FROM dispatched WHERE unit=?)", filters.unit)
    if filters.overdue:
        narrow("m.due_at < ? AND m.state IN ('assigned','in_hand')", now_ms)
    if filters.since:
        narrow("m.received_at >= ?", filters.since)
    of_scope, scope_values = figures.conditions(filters.scope)
    for condition in of_scope:
        narrow(condition)
    values.extend(scope_values)
    if filters.counted:
        narrow(f"({figures.COLUMNS[filters.counted]})")
    if filters.flagged:
        narrow("(m.quarantine != x'' OR m.contested > 0)")
    if filters.q:
        digits = "".join(filters.q.split())
        pattern = "%" + _escaped(filters.q.strip()) + "%"
        narrow(
            "(m.number=? OR m.id IN (SELECT e.subject FROM words w JOIN events e ON e.id=w.event "
            "WHERE w.wrapped_key IS NULL AND CAST(w.body AS TEXT) LIKE ? ESCAPE '\\'))",
            digits,
            pattern,
        )
    before = _read_cursor(filters.cursor)
    if before is not None:
        narrow("(m.received_at, m.id) < (?, ?)", *before)
    return conditions, values


def _narrow_to_actor(actor: Actor, narrow: "_Narrow") -> None:
    """Keep to what `may_see` allows; the two are held equal by a test."""
    if actor.role in (Role.OFFICE, Role.ADMIN, Role.SYSTEM):
        return
    if actor.role is Role.UNIT:
        narrow("m.id IN (SELECT matter FROM dispatched WHERE unit=?)", actor.unit or "-")
        return
    alternatives: list[str] = []
    values: list[str] = []
    if actor.role not in (Role.LIAISON, Role.DEPUTY):
        narrow("0")
        return
    for column, given in (("station", actor.stations), ("area", actor.areas)):
        allowed = sorted(given - {""})
        if allowed:
            alternatives.append(f"m.{column} IN ({','.join('?' * len(allowed))})")
            values.extend(allowed)
    if actor.deputy:
        alternatives.append("m.deputy=?")
        values.append(actor.deputy)
    narrow(f"({' OR '.join(alternatives) or '0'})", *values)


class _Narrow(Protocol):
    """The shape of `narrow` above, for the type checker."""

    def __call__(self, condition: str, *given: str | int | bytes) -> None: ...


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _read_cursor(cursor: str) -> tuple[int, bytes] | None:
    found = _CURSOR.fullmatch(cursor)
    return None if found is None else (int(found[1]), UUID(found[2]).bytes)


class ImportRow(NamedTuple):
    """One import with its counts. Times are ms, UTC."""

    id: bytes
    file_name: str
    rows: int
    answered: int
    started_at: int
    approved_at: int | None
    approved_by: str


def imports(connection: sqlite3.Connection) -> list[ImportRow]:
    """Return every import, the newest first."""
    rows = connection.execute(
        "SELECT i.id, i.file_name, count(m.id), coalesce(sum(m.answered), 0), i.started_at, "
        "i.approved_at, i.approved_by FROM imports i LEFT JOIN matters m ON m.batch=i.id "
        "AND m.batch != x'' GROUP BY i.id ORDER BY i.started_at DESC, i.id"
    )
    return [ImportRow(*row) for row in rows]
