"""The server's own tables: accounts, tokens and sessions. Replicated, but no part of the log."""

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
def m004_switched_off(database: Database) -> None:
    """When an account was switched off (ms); NULL as long as it may be used."""
    database.execute("ALTER TABLE accounts ADD COLUMN off_at INTEGER")
