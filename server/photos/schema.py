"""The tables of the second database, which holds photos and pictures."""

from sqlite_utils import Database, Migrations

from sync.photos.schema import migrations as travelling_migrations

FILE_NAME = "attachments.db"

migrations = Migrations("attachments")


@migrations()
def m001_photos(database: Database) -> None:
    """Photos by content hash, as they were sent."""
    database.execute(
        """CREATE TABLE photos(
            position INTEGER PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            media_type TEXT NOT NULL,
            body BLOB NOT NULL
        )"""
    )


@migrations()
def m002_sealed(database: Database) -> None:
    """Where the body is sealed, as a station's are, its key wrapped to the station's."""
    database.execute("ALTER TABLE photos ADD COLUMN wrapped_key BLOB")


MIGRATIONS = (migrations, travelling_migrations)
