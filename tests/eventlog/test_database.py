"""A copy of a moment: for who reads long, so that the log of writes can be begun anew meanwhile."""

import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest

from eventlog.database import connect, copied_moment


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "rows.db"
    writer = connect(path)
    writer.execute("CREATE TABLE row (id INTEGER PRIMARY KEY)")
    writer.execute("INSERT INTO row VALUES (1)")
    writer.close()
    return path


def rows(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) AS rows FROM row").fetchone()["rows"])


def test_it_is_of_one_moment_and_holds_nothing_up(database: Path) -> None:
    writer = connect(database)
    with copied_moment(database) as copy:
        writer.execute("INSERT INTO row VALUES (2)")
        assert (rows(copy), rows(writer)) == (1, 2)
        assert not writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        assert rows(copy) == 1
        # Whatever ends the process now, nothing of it is left.
        assert not [path for path in database.parent.iterdir() if "moment" in path.name]
    writer.close()


def test_without_room_it_is_the_database_itself(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(1000, 1000, 0))
    writer = connect(database)
    with copied_moment(database) as reader:
        writer.execute("INSERT INTO row VALUES (2)")
        assert (rows(reader), rows(writer)) == (1, 2)
    writer.close()
