"""The tables by which photos travel, as ordered migrations of the attachments' database."""

from sqlite_utils import Database, Migrations

migrations = Migrations("blobs")


@migrations()
def m001_travelling(database: Database) -> None:
    """What goes up from here and how safe it is; what comes from below, in parts."""
    statements = (
        # States as in `sync/photos/source.py`. `size` is that of the body as it lies here, `sent`
        # up to where the hub has it, `durable_at` when (ms, UTC) it was heard to be in the replica.
        """CREATE TABLE blobs_up(
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            sha256 BLOB NOT NULL UNIQUE,
            size INTEGER NOT NULL,
            sent INTEGER NOT NULL DEFAULT 0,
            state INTEGER NOT NULL DEFAULT 0,
            durable_at INTEGER
        )""",
        "CREATE INDEX blobs_up_of_state ON blobs_up(state, position)",
        # One row: when, by the hub's time, it was last found to have been put back.
        """CREATE TABLE blobs_doubt(
            id INTEGER PRIMARY KEY CHECK (id = 1),
            hub_ms INTEGER NOT NULL
        )""",
        # What is on its way from the node of that key, and how often it turned out wrong.
        """CREATE TABLE blobs_coming(
            sender BLOB NOT NULL,
            sha256 BLOB NOT NULL,
            size INTEGER NOT NULL,
            received INTEGER NOT NULL,
            sealing BLOB NOT NULL,
            media_type TEXT NOT NULL,
            changed_at INTEGER NOT NULL,
            wrong INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY(sender, sha256)
        ) WITHOUT ROWID""",
        """CREATE TABLE blob_parts(
            sender BLOB NOT NULL,
            sha256 BLOB NOT NULL,
            begins INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY(sender, sha256, begins)
        )""",
        # A hash stands in events for good; of the photo it tells nothing.
        "CREATE TABLE blobs_erased(sha256 BLOB PRIMARY KEY) WITHOUT ROWID",
    )
    for statement in statements:
        database.execute(statement)
