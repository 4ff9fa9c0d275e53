"""The server's own tables: accounts and the outbox. Replicated, but no part of the log."""

from sqlite_utils import Database, Migrations

migrations = Migrations("server")


@migrations()
def m001_accounts(database: Database) -> None:
    """Who may sign in, with what; only hashes of passwords, tokens and session keys."""
    statements = (
        """CREATE TABLE accounts(
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL,
            station TEXT NOT NULL,
            unit TEXT NOT NULL,
            deputy TEXT NOT NULL,
            body TEXT NOT NULL,
            area TEXT NOT NULL,
            password_hash TEXT NOT NULL,
            one_time INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE tokens(
            digest BLOB PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts(id),
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE sessions(
            digest BLOB PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts(id),
            form_token TEXT NOT NULL,
            expires_at INTEGER NOT NULL
        ) WITHOUT ROWID""",
    )
    for statement in statements:
        database.execute(statement)


@migrations()
def m002_email(database: Database) -> None:
    """Where an account's digest goes; "" for those who get none."""
    database.execute("ALTER TABLE accounts ADD COLUMN email TEXT NOT NULL DEFAULT ''")


@migrations()
def m003_outbox(database: Database) -> None:
    """What waits to be sent to staff, which digests were made, which overdue matters were told."""
    statements = (
        # `recipient` is an account's id or a webhook's mark: neither an address of a person nor
        # a URL, which may hold a secret, stands here. Both are looked up when it is sent.
        """CREATE TABLE outbox(
            key TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            recipient TEXT NOT NULL,
            subject TEXT NOT NULL,
            body TEXT NOT NULL,
            made_at INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            next_try_at INTEGER NOT NULL,
            last_error TEXT NOT NULL DEFAULT '',
            sent_at INTEGER,
            given_up_at INTEGER
        ) WITHOUT ROWID""",
        "CREATE INDEX outbox_waiting ON outbox(kind, made_at) "
        "WHERE sent_at IS NULL AND given_up_at IS NULL",
        "CREATE INDEX outbox_given_up ON outbox(given_up_at) WHERE given_up_at IS NOT NULL",
        "CREATE INDEX outbox_sent ON outbox(sent_at) WHERE sent_at IS NOT NULL",
        "CREATE TABLE digest_days(day TEXT PRIMARY KEY, made_at INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE overdue_told(
            number TEXT NOT NULL,
            due_at INTEGER NOT NULL,
            level TEXT NOT NULL,
            PRIMARY KEY(number, due_at, level)
        ) WITHOUT ROWID""",
    )
    for statement in statements:
        database.execute(statement)


@migrations()
def m004_drafts(database: Database) -> None:
    """What someone is writing in the console, sealed; one draft a person and form."""
    database.execute(
        """CREATE TABLE drafts(
            account TEXT NOT NULL REFERENCES accounts(id),
            place TEXT NOT NULL,
            body BLOB NOT NULL,
            wrapped_key BLOB NOT NULL,
            saved_at INTEGER NOT NULL,
            PRIMARY KEY(account, place)
        ) WITHOUT ROWID"""
    )


@migrations()
def m005_switched_off(database: Database) -> None:
    """When an account was switched off (ms); NULL as long as it may be used."""
    database.execute("ALTER TABLE accounts ADD COLUMN off_at INTEGER")


@migrations()
def m006_account_keys(database: Database) -> None:
    """Each account's key pair, and on a station whose accounts are the hub's, until when."""
    statements = (
        """CREATE TABLE account_keys(
            account TEXT PRIMARY KEY REFERENCES accounts(id),
            public_key BLOB NOT NULL,
            salt BLOB NOT NULL,
            private_key BLOB NOT NULL,
            station_key BLOB NOT NULL
        ) WITHOUT ROWID""",
        "ALTER TABLE accounts ADD COLUMN from_hub INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE accounts_valid(until_ms INTEGER NOT NULL)",
    )
    for statement in statements:
        database.execute(statement)


@migrations()
def m007_own_keys(database: Database) -> None:
    """With whose keys this database is written, by their public halves; the newest row counts.

    `chosen` is 1 where somebody put the keys there, 0 where they were found when it was opened.
    """
    database.execute(
        """CREATE TABLE own_keys(
            number INTEGER PRIMARY KEY,
            verify_key BLOB NOT NULL,
            receipt_mark BLOB NOT NULL,
            sealing_key BLOB NOT NULL,
            chosen INTEGER NOT NULL,
            since INTEGER NOT NULL
        )"""
    )


@migrations()
def m008_kept_settings(database: Database) -> None:
    """The settings with which the node was served last, for a restore; no secret is among them."""
    database.execute(
        """CREATE TABLE kept_settings(
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            value TEXT NOT NULL,
            lacks_secret INTEGER NOT NULL
        )"""
    )
