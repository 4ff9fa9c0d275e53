"""Events that come from another node: rows and words put in, in any order, and refolded."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils import Migrations

from eventlog import replay
from eventlog.database import connect
from eventlog.events import decode
from eventlog.projections import Projection
from eventlog.schema import migrate
from eventlog.transaction import refold


class Arrival(NamedTuple):
    """One event as it travels: its row, without the position, and its words."""

    row: tuple[Any, ...]
    words: tuple[tuple[Any, ...], ...]


def departing(connection: sqlite3.Connection, log: bytes | None = None) -> list[Arrival]:
    """Return every event of a database in order of arrival, or those of one log."""
    condition, values = ("log=?", (log,)) if log is not None else ("1", ())
    rows = connection.execute(
        "SELECT id, log, sequence, subject, rank, type, body FROM events "
        f"WHERE {condition} ORDER BY position",
        values,
    ).fetchall()
    return [
        Arrival(
            tuple(row),
            tuple(
                tuple(word)
                for word in connection.execute(
                    "SELECT event, field, salt, body, wrapped_key FROM words WHERE event=?",
                    (row[0],),
                )
            ),
        )
        for row in rows
    ]


def arrive(
    connection: sqlite3.Connection,
    arrivals: Iterable[Arrival],
    projections: Mapping[str, Projection],
) -> None:
    """Put events into a database and refold what they touch. Called with a transaction open."""
    for arrival in arrivals:
        connection.execute(
            "INSERT INTO events(id, log, sequence, subject, rank, type, body) "
            "VALUES (?,?,?,?,?,?,?)",
            arrival.row,
        )
        connection.executemany("INSERT INTO words VALUES (?,?,?,?,?)", arrival.words)
        subject = arrival.row[3]
        rows = connection.execute(
            "SELECT body, position FROM events WHERE subject=? ORDER BY rank, id", (subject,)
        ).fetchall()
        refold(
            connection,
            projections,
            subject,
            [decode(row[0]) for row in rows],
            max(row[1] for row in rows),
        )


def empty_database(path: Path, *migrations: Migrations) -> sqlite3.Connection:
    """Return a new database with the tables and nothing in them; durability is not at stake."""
    connection = connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    migrate(connection, *migrations)
    return connection


def tables_agree(connection: sqlite3.Connection, projections: Mapping[str, Projection]) -> bool:
    """Return whether the states are those that the log gives, gaps in the chains aside."""
    found = replay.verify(connection, projections)
    return found.state_hash == found.replayed_hash
