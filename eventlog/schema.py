"""The tables of the floor, as ordered migrations, each in one transaction with its record."""

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from eventlog.files import alone_in

migrations = Migrations("eventlog")


@migrations()
def m001_log(database: Database) -> None:
    """Events in order of arrival, the logs that they belong to, words, and folded states."""
    statements = (
        # `position` is the order of arrival here; nothing but reading "what is new" may use it.
        """CREATE TABLE events(
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            log BLOB NOT NULL,
            sequence INTEGER NOT NULL,
            subject BLOB NOT NULL,
            rank INTEGER NOT NULL,
            type TEXT NOT NULL,
            body BLOB NOT NULL,
            UNIQUE(log, sequence)
        )""",
        "CREATE INDEX events_of_subject ON events(subject, rank, id)",
        """CREATE TABLE logs(
            log BLOB PRIMARY KEY,
            epoch INTEGER NOT NULL,
            started_at INTEGER NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE words(
            event BLOB NOT NULL,
            field TEXT NOT NULL,
            salt BLOB,
            body BLOB NOT NULL,
            wrapped_key BLOB
        )""",
        "CREATE UNIQUE INDEX words_of_event ON words(event, field)",
        """CREATE TABLE states(
            subject BLOB PRIMARY KEY,
            noun TEXT NOT NULL,
            position INTEGER NOT NULL,
            state BLOB NOT NULL
        ) WITHOUT ROWID""",
        # Who looked at a contact, which attempts were refused: things that change no state are
        # events too, but of subjects without a projection.
    )
    for statement in statements:
        database.execute(statement)


@migrations()
def m002_projection_versions(database: Database) -> None:
    """By which version of its projection each noun's tables were made."""
    database.execute(
        "CREATE TABLE projection_versions(noun TEXT PRIMARY KEY, version INTEGER NOT NULL) "
        "WITHOUT ROWID"
    )


@migrations()
def m003_events_of_others(database: Database) -> None:
    """Let two events stand at one place of a log, and note which texts are gone for good.

    A disk that was cloned, or put back from an older copy, writes a second event at a place that
    is taken: both are kept, for nothing that anyone wrote is lost.
    """
    statements = (
        """CREATE TABLE events_anew(
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            log BLOB NOT NULL,
            sequence INTEGER NOT NULL,
            subject BLOB NOT NULL,
            rank INTEGER NOT NULL,
            type TEXT NOT NULL,
            body BLOB NOT NULL
        )""",
        "INSERT INTO events_anew SELECT position, id, log, sequence, subject, rank, type, body "
        "FROM events",
        "DROP TABLE events",
        "ALTER TABLE events_anew RENAME TO events",
        "CREATE INDEX events_of_subject ON events(subject, rank, id)",
        "CREATE INDEX events_of_log ON events(log, sequence)",
        # Texts that were erased: what an older copy or a late bundle brings of them is not kept.
        """CREATE TABLE erased(
            event BLOB NOT NULL,
            field TEXT NOT NULL,
            PRIMARY KEY(event, field)
        ) WITHOUT ROWID""",
    )
    for statement in statements:
        database.execute(statement)


def migrate(connection: sqlite3.Connection, *sets: Migrations) -> None:
    """Bring the database to the newest schema: the floor's own, then each of `sets` in turn.

    Alone in its folder: of two processes that open a new database each would make all tables.
    """
    path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    # To look for plugins is to read what every installed package says of itself: a tenth of the
    # processor time of a short command.
    database = Database(connection, execute_plugins=False)
    with alone_in(path.parent):
        for one in (migrations, *sets):
            one.apply(database)
