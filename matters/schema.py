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


@migrations()
def m006_figures(database: Database) -> None:
    """What a matter counts as in the ledger (`marks`), for how many people, after how long."""
    for column in (
        "marks INTEGER NOT NULL DEFAULT 0",
        "people INTEGER NOT NULL DEFAULT 1",
        "answer_days INTEGER",
    ):
        database.execute(f"ALTER TABLE matters ADD COLUMN {column}")


@migrations()
def m007_lists(database: Database) -> None:
    """The matters by order of arrival, what they are listed, searched and counted by.

    The rows are made anew from the log when the node opens (`MattersProjection.version`).
    """
    newest = "received_at DESC, id DESC"
    # Those of then, as every migration's names are: what is counted since has one of its own.
    counts = (
        *("received", "published", "people", "answered", "settled", "with_limit", "in_time"),
        *("rated", "reply_satisfied", "satisfied", "merged", "referred", "declined", "again"),
        *("closed", "unrated"),
    )
    tallied = ", ".join(f"{name} INTEGER NOT NULL" for name in counts)
    statements = (
        "DROP TABLE matters",
        # `seq` is the matter's place in the order in which matters came here first: short, dense
        # and rising, so that fresh rows are written at the end of their trees. It means nothing
        # elsewhere, and a rebuild may give another.
        """CREATE TABLE matters(
            seq INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            number TEXT NOT NULL,
            position INTEGER NOT NULL,
            state TEXT NOT NULL,
            desk TEXT NOT NULL,
            kind TEXT NOT NULL,
            category TEXT NOT NULL,
            area TEXT NOT NULL,
            station TEXT NOT NULL,
            deputy TEXT NOT NULL,
            body TEXT NOT NULL,
            taken_by TEXT NOT NULL,
            lead TEXT NOT NULL,
            grade TEXT NOT NULL,
            alarm INTEGER NOT NULL,
            rush INTEGER NOT NULL,
            key INTEGER NOT NULL,
            level TEXT NOT NULL,
            round INTEGER NOT NULL,
            channel TEXT NOT NULL,
            month TEXT NOT NULL,
            received_at INTEGER NOT NULL,
            due_at INTEGER,
            replied_at INTEGER,
            running INTEGER NOT NULL,
            press_due_at INTEGER,
            extension INTEGER NOT NULL,
            asked INTEGER NOT NULL,
            unsatisfied INTEGER NOT NULL,
            answered INTEGER NOT NULL,
            answer_days INTEGER,
            people INTEGER NOT NULL,
            marks INTEGER NOT NULL,
            publicity TEXT NOT NULL,
            published_at INTEGER,
            shown INTEGER NOT NULL,
            batch BLOB NOT NULL,
            handover BLOB NOT NULL,
            split_from BLOB NOT NULL,
            merged_into BLOB NOT NULL,
            content BLOB NOT NULL,
            quarantine BLOB NOT NULL,
            contested INTEGER NOT NULL
        )""",
        # Not unique: two stations that know nothing of each other may draw the same number.
        "CREATE INDEX matters_by_number ON matters(number, received_at, id)",
        # With the content's mark, so that likely repeats are found among those of some weeks; a
        # tree of its own in the order of random marks would cost every submission a page.
        f"CREATE INDEX matters_newest ON matters({newest}, content)",
        f"CREATE INDEX matters_by_state ON matters(state, {newest})",
        # `rush` puts the urgent first on the framing desk, and is 0 on all others.
        f"CREATE INDEX matters_on_desk ON matters(desk, rush DESC, {newest}) WHERE desk != 'none'",
        # What is true of few costs a fresh submission nothing.
        "CREATE INDEX matters_due ON matters(due_at, id, received_at) WHERE running",
        "CREATE INDEX matters_pressed ON matters(press_due_at) WHERE press_due_at IS NOT NULL",
        *(
            f"CREATE INDEX matters_{name} ON matters({newest}) WHERE {condition}"
            for name, condition in (
                ("urgent", "(grade='urgent' OR alarm)"),
                ("key", "key"),
                ("asked", "asked"),
                ("extension", "extension"),
                ("unsatisfied", "unsatisfied"),
                ("again", "round > 1"),
                ("flagged", "(quarantine != x'' OR contested > 0)"),
            )
        ),
        f"CREATE INDEX matters_level ON matters(level, {newest}) WHERE level != ''",
        f"CREATE INDEX matters_taken ON matters(taken_by, {newest}) WHERE taken_by != ''",
        f"CREATE INDEX matters_handover ON matters(handover, {newest}) WHERE handover != x''",
        "CREATE INDEX matters_of_batch ON matters(batch) WHERE batch != x''",
        f"CREATE INDEX matters_public ON matters(month, {newest}) WHERE shown",
        "CREATE INDEX matters_latest ON matters(published_at DESC, received_at DESC) WHERE shown",
        *(
            f"CREATE INDEX matters_public_{column} ON matters({column}, {newest}) WHERE shown"
            for column in ("station", "deputy", "area")
        ),
        # Which matters hold a term: `chunk` is the high part of their seq, `holders` the low ones
        # (`matters/listing/postings.py`). Chunk first, so that what is new lies in one place.
        """CREATE TABLE postings(
            chunk INTEGER NOT NULL,
            term TEXT NOT NULL,
            holders BLOB NOT NULL,
            PRIMARY KEY(chunk, term)
        ) WITHOUT ROWID""",
        # One row a line of the ledger and month; month "" is all (`matters/ledgers/tallies.py`).
        f"""CREATE TABLE tallies(
            dimension TEXT NOT NULL,
            month TEXT NOT NULL,
            key TEXT NOT NULL,
            {tallied},
            PRIMARY KEY(dimension, month, key)
        ) WITHOUT ROWID""",
        # Matters that were written since, and what the tallies hold of them (nothing where
        # `lead` is NULL): a submission pays one short row, and the rest is done when it is quiet.
        f"""CREATE TABLE waiting(
            seq INTEGER PRIMARY KEY,
            month TEXT,
            category TEXT,
            station TEXT,
            lead TEXT,
            area TEXT,
            {tallied.replace(" NOT NULL", "")}
        )""",
    )
    for statement in statements:
        database.execute(statement)


@migrations()
def m008_supervision(database: Database) -> None:
    """What time alone brings, and each unit's lights, are looked for among few rows."""
    for statement in (
        "CREATE INDEX matters_running ON matters(lead, due_at) WHERE running",
        "CREATE INDEX matters_to_rate ON matters(replied_at) WHERE desk='rate'",
    ):
        database.execute(statement)


@migrations()
def m009_pictures(database: Database) -> None:
    """Which pictures each matter names, so that those that nobody names can go."""
    for statement in (
        """CREATE TABLE matter_pictures(
            matter BLOB NOT NULL,
            sha256 TEXT NOT NULL,
            PRIMARY KEY(matter, sha256)
        ) WITHOUT ROWID""",
        "CREATE INDEX matter_pictures_by_hash ON matter_pictures(sha256)",
    ):
        database.execute(statement)


@migrations()
def m010_notice_lists(database: Database) -> None:
    """Since when a matter stood among the notices, and its places in their lists (`ListKind`)."""
    place = "first_shown_at, number, id, shown"
    for statement in (
        "ALTER TABLE matters ADD COLUMN first_shown_at INTEGER",
        f"CREATE INDEX matters_place ON matters({place}) WHERE first_shown_at IS NOT NULL",
        *(
            f"CREATE INDEX matters_place_{column} ON matters({column}, {place}) "
            "WHERE first_shown_at IS NOT NULL"
            for column in ("month", "category", "area", "station", "deputy")
        ),
        *(
            f"DROP INDEX matters_{name}"
            for name in ("latest", "public_station", "public_deputy", "public_area")
        ),
    ):
        database.execute(statement)


@migrations()
def m011_numbers(database: Database) -> None:
    """Numbers that a matter had once, or was given by another node; its own stands in its row."""
    for statement in (
        """CREATE TABLE numbers(
            number TEXT NOT NULL,
            matter BLOB NOT NULL,
            PRIMARY KEY(number, matter)
        ) WITHOUT ROWID""",
        "CREATE INDEX numbers_of_matter ON numbers(matter)",
    ):
        database.execute(statement)
