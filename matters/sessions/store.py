"""Sessions as rows: the projection, the lists, the promises. SQL for sessions stands here."""

import re
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from eventlog import words
from eventlog.events import Event
from eventlog.identifiers import uuid_text
from matters.actors import Actor
from matters.sessions.acts import SessionEvent
from matters.sessions.session import Entry, Session, fold, may_see
from matters.terms import Role

_decoder = msgspec.msgpack.Decoder(Session)
PAGE = 50
_CURSOR = re.compile(r"([0-9-]{0,10})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

Texts = dict[tuple[bytes, str], str]


class SessionsProjection:
    """Projection of the noun `session` into `met` and the tables beside it."""

    noun = "session"

    def fold(self, events: Sequence[Event]) -> Session:
        """Return the session that the events give."""
        return fold(events)

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: Session, position: int
    ) -> None:
        """Put the session's rows in place. The transaction is open."""
        session = state
        if not session.opened_by:
            return
        for table in ("met_units", "met_deputies", "met_matters", "promises"):
            connection.execute(f"DELETE FROM {table} WHERE session=?", (session.id,))
        connection.execute(
            "INSERT OR REPLACE INTO met(id, position, kind, held_on, station, opened_by, closed) "
            "VALUES (?,?,?,?,?,?,?)",
            (
                session.id,
                position,
                session.kind,
                session.held_on,
                session.station,
                session.opened_by,
                session.closed_at is not None,
            ),
        )
        matters = {*session.matters, *(entry.matter for entry in _legal(session))} - {b""}
        for table, column, members in (
            ("met_units", "unit", set(session.units)),
            ("met_deputies", "deputy", set(session.asking)),
            ("met_matters", "matter", matters),
        ):
            connection.executemany(
                f"INSERT INTO {table}({column}, session) VALUES (?,?)",
                [(member, session.id) for member in sorted(members)],
            )
        connection.executemany(
            "INSERT INTO promises(id, session, unit, until, kept) VALUES (?,?,?,?,?)",
            [
                (promise.id, session.id, promise.unit, promise.until or 0, promise.kept == "yes")
                for promise in session.promises
            ],
        )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the tables."""
        for table in ("met", "met_units", "met_deputies", "met_matters", "promises"):
            connection.execute(f"DELETE FROM {table}")


def _legal(session: Session) -> list[Entry]:
    return [entry for entry in session.entries if not entry.contested]


class SessionFilters(NamedTuple):
    """How the list is narrowed. `promises`: "open" (not kept) or "overdue"; "" narrows nothing."""

    kind: str = ""
    station: str = ""
    unit: str = ""
    promises: str = ""
    cursor: str = ""


class SessionRow(NamedTuple):
    """A session in a list, with its title in words."""

    session: Session
    title: str


class SessionsPage(NamedTuple):
    """One page of a list, the newest day first, with the cursor of the next page, or ""."""

    rows: list[SessionRow]
    next: str


class MatterNote(NamedTuple):
    """What one session says about a matter: its entries in order, with their texts."""

    session: Session
    title: str
    entries: list[Entry]
    texts: Texts


def by_id(connection: sqlite3.Connection, session: bytes) -> Session | None:
    """Return the session of that id, or None."""
    row = connection.execute(
        "SELECT state FROM states WHERE subject=? AND noun='session'", (session,)
    ).fetchone()
    folded = None if row is None else _decoder.decode(row[0])
    return folded if folded is not None and folded.opened_by else None


def texts_of(connection: sqlite3.Connection, session: Session) -> Texts:
    """Return every text of the session's entries, by (event id, field)."""
    return words.read_all(connection, [entry.id for entry in session.entries if entry.words])


def shown_text(entry: Entry, texts: Texts) -> str:
    """Return an entry's text as it reads now: the newest correction, or the first words."""
    if entry.corrected and (entry.corrected, "text") in texts:
        return texts[entry.corrected, "text"]
    return texts.get((entry.id, "text"), "")


def title_of(connection: sqlite3.Connection, session: Session) -> str:
    """Return the session's title, "" where it was erased."""
    opened = session.of(SessionEvent.OPENED)
    return (words.read(connection, opened[0].id, "title") or "") if opened else ""


def matter_numbers(connection: sqlite3.Connection, session: Session) -> dict[bytes, str]:
    """Return the numbers of the matters that a session is about, by their ids."""
    wanted = sorted({*session.matters, *(entry.matter for entry in session.entries)} - {b""})
    numbers: dict[bytes, str] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        marks = ",".join("?" * len(part))
        for row in connection.execute(
            f"SELECT id, number FROM matters WHERE id IN ({marks})", part
        ):
            numbers[row[0]] = row[1]
    return numbers


def listed(
    connection: sqlite3.Connection, actor: Actor, filters: SessionFilters, *, now_ms: int
) -> SessionsPage:
    """Return one page of the sessions that the actor may see, the newest day first."""
    conditions: list[str] = ["1"]
    values: list[str | int | bytes] = []

    def narrow(condition: str, *bounds: str | int | bytes) -> None:
        conditions.append(condition)
        values.extend(bounds)

    seen, bounds = _seen_by(actor)
    narrow(seen, *bounds)
    for column in ("kind", "station"):
        if getattr(filters, column):
            narrow(f"s.{column}=?", getattr(filters, column))
    if filters.unit:
        narrow("s.id IN (SELECT session FROM met_units WHERE unit=?)", filters.unit)
    if filters.promises:
        before = now_ms if filters.promises == "overdue" else 2**62
        narrow("s.id IN (SELECT session FROM promises WHERE NOT kept AND until < ?)", before)
    cursor = _CURSOR.fullmatch(filters.cursor)
    if cursor is not None:
        narrow("(s.held_on, s.id) < (?, ?)", cursor[1], UUID(cursor[2]).bytes)
    rows = connection.execute(
        f"SELECT s.id, s.held_on FROM met s WHERE {' AND '.join(conditions)} "
        f"ORDER BY s.held_on DESC, s.id DESC LIMIT {PAGE + 1}",
        values,
    ).fetchall()
    sessions: list[SessionRow] = []
    for row in rows[:PAGE]:
        session = by_id(connection, row[0])
        if session is not None:
            sessions.append(SessionRow(session, title_of(connection, session)))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return SessionsPage(sessions, f"{last[1]}.{uuid_text(last[0])}" if last else "")


def _seen_by(actor: Actor) -> tuple[str, list[str]]:
    """Keep to what `sessions.may_see` allows; the two are held equal by a test."""
    if actor.role in (Role.OFFICE, Role.SYSTEM):
        return "1", []
    if actor.role is Role.UNIT:
        return "s.id IN (SELECT session FROM met_units WHERE unit=?)", [actor.unit or "-"]
    if actor.role not in (Role.LIAISON, Role.DEPUTY):
        return "0", []
    stations = sorted(actor.stations - {""})
    alternatives = [f"s.station IN ({','.join('?' * len(stations))})"]
    values = stations
    if actor.role is Role.DEPUTY:
        alternatives.append("s.opened_by=?")
        values = [*values, actor.signature]
        if actor.deputy:
            alternatives.append("s.id IN (SELECT session FROM met_deputies WHERE deputy=?)")
            values = [*values, actor.deputy]
    return f"({' OR '.join(alternatives)})", values


def about(
    connection: sqlite3.Connection, matter: bytes, *, actor: Actor | None = None
) -> list[MatterNote]:
    """Return what was asked, answered, promised and found about a matter, the newest first.

    With an actor only from sessions that they may see. A session that has the matter on its list
    and says nothing of it yet is there with no entries.
    """
    rows = connection.execute(
        "SELECT m.session FROM met_matters m JOIN met s ON s.id=m.session WHERE m.matter=? "
        "ORDER BY s.held_on DESC, s.id DESC LIMIT 50",
        (matter,),
    ).fetchall()
    notes: list[MatterNote] = []
    for row in rows:
        session = by_id(connection, row[0])
        if session is None or (actor is not None and not may_see(actor, session)):
            continue
        entries = [entry for entry in _legal(session) if entry.matter == matter]
        corrections = [entry.corrected for entry in entries if entry.corrected]
        opened = session.of(SessionEvent.OPENED)[0].id
        texts = words.read_all(connection, [opened, *(entry.id for entry in entries), *corrections])
        notes.append(MatterNote(session, texts.get((opened, "title"), ""), entries, texts))
    return notes
