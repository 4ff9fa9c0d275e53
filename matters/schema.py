"""The tables that matters are listed, searched and counted from; all can be made again."""

from sqlite_utils import Database, Migrations

migrations = Migrations("matters")


@migrations()
def m001_matters(database: Database) -> None:
    """One row a matter for lists and ledger, one a unit that it is dispatched to, imports."""
    statements = (
        """CREATE TABLE matters(
            id BLOB PRIMARY KEY,
            number TEXT NOT NULL,
            position INTEGER NOT NULL,
            state TEXT NOT NULL,
            kind TEXT NOT NULL,
            category TEXT NOT NULL,
            area TEXT NOT NULL,
            station TEXT NOT NULL,
            deputy TEXT NOT NULL,
            lead TEXT NOT NULL,
            grade TEXT NOT NULL,
            channel TEXT NOT NULL,
            month TEXT NOT NULL,
            received_at INTEGER NOT NULL,
            due_at INTEGER,
            answered INTEGER NOT NULL,
            publicity TEXT NOT NULL,
            published_at INTEGER,
            batch BLOB NOT NULL,
            content BLOB NOT NULL,
            quarantine BLOB NOT NULL,
            contested INTEGER NOT NULL
        ) WITHOUT ROWID""",
        # Not unique: two stations that know nothing of each other may draw the same number.
        "CREATE INDEX matters_by_number ON matters(number, received_at, id)",
        # With the content's mark, so that likely repeats are found among those of some weeks; a
        # tree of its own in the order of random marks would cost every submission a page.
        "CREATE INDEX matters_newest ON matters(received_at DESC, id DESC, content)",
        "CREATE INDEX matters_by_state ON matters(state, received_at DESC, id DESC)",
        "CREATE INDEX matters_public ON matters(month, received_at DESC, id DESC) "
        "WHERE publicity != 'none'",
        "CREATE INDEX matters_of_batch ON matters(batch) WHERE batch != x''",
        """CREATE TABLE dispatched(
            unit TEXT NOT NULL,
            matter BLOB NOT NULL,
            PRIMARY KEY(unit, matter)
        ) WITHOUT ROWID""",
        "CREATE INDEX dispatched_matter ON dispatched(matter)",
        """CREATE TABLE imports(
            id BLOB PRIMARY KEY,
            file_name TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            approved_at INTEGER,
            approved_by TEXT NOT NULL DEFAULT ''
        ) WITHOUT ROWID""",
    )
    for statement in statements:
        database.execute(statement)


@migrations()
def m002_attempts(database: Database) -> None:
    """Commands that were refused, by the matter that they were meant for."""
    database.execute(
        """CREATE TABLE attempts(
            matter BLOB NOT NULL,
            event BLOB NOT NULL,
            command TEXT NOT NULL,
            code TEXT NOT NULL,
            by TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY(matter, event)
        ) WITHOUT ROWID"""
    )


@migrations()
def m003_handovers(database: Database) -> None:
    """Handovers, with which many matters were dispatched at once."""
    database.execute(
        """CREATE TABLE handovers(
            id BLOB PRIMARY KEY,
            event BLOB NOT NULL,
            kind TEXT NOT NULL,
            held_on TEXT NOT NULL,
            made_at INTEGER NOT NULL,
            by TEXT NOT NULL
        ) WITHOUT ROWID"""
    )


@migrations()
def m004_sessions(database: Database) -> None:
    """Face-to-face sessions, who took part and what they are about, and the promises made."""
    statements = (
        """CREATE TABLE met(
            id BLOB PRIMARY KEY,
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            held_on TEXT NOT NULL,
            station TEXT NOT NULL,
            opened_by TEXT NOT NULL,
            closed INTEGER NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX met_newest ON met(held_on DESC, id DESC)",
        *(
            f"CREATE TABLE {table}({column} NOT NULL, session BLOB NOT NULL, "
            f"PRIMARY KEY({column.split()[0]}, session)) WITHOUT ROWID"
            for table, column in (
                ("met_units", "unit TEXT"),
                ("met_deputies", "deputy TEXT"),
                ("met_matters", "matter BLOB"),
            )
        ),
        *(
            f"CREATE INDEX {table}_session ON {table}(session)"
            for table in ("met_units", "met_deputies", "met_matters")
        ),
        """CREATE TABLE promises(
            id BLOB PRIMARY KEY,
            session BLOB NOT NULL,
            unit TEXT NOT NULL,
            until INTEGER NOT NULL,
            kept INTEGER NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX promises_session ON promises(session)",
        "CREATE INDEX promises_owed ON promises(until) WHERE NOT kept",
        "CREATE INDEX promises_of_unit ON promises(unit, until)",
    )
    for statement in statements:
        database.execute(statement)


@migrations()
def m005_documents(database: Database) -> None:
    """Documents that are drafted from the figures and signed."""
    database.execute(
        """CREATE TABLE documents(
            id BLOB PRIMARY KEY,
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            state TEXT NOT NULL,
            circulated INTEGER NOT NULL,
            drafted_at INTEGER NOT NULL
        ) WITHOUT ROWID"""
    )
    database.execute("CREATE INDEX documents_newest ON documents(drafted_at DESC, id DESC)")
