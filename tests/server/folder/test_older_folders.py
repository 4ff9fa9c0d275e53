"""A data folder of an older release is opened, and says the same as when it was left.

`golden/0.4.0.zip` is the folder in which that release wrote the events of its golden log
(`tests/eventlog/record_golden.py`), with the state hash that it folded them to.
"""

import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from eventlog.keys import make_keys
from server.data_folder import open_log

GOLDEN = Path(__file__).with_name("golden")
STATE_HASHES = {"0.4.0": "28512b91ad12fc5a7a051abf24efc671ac11365e51bb454208a0dc78e45035dc"}
EVENTS = "SELECT * FROM events ORDER BY position"
SCHEMA = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """Return what a query finds in the log of a folder that nobody has open."""
    with closing(sqlite3.connect(folder / "huiyin.db")) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("release", STATE_HASHES)
def test_a_folder_of_an_older_release_opens_unchanged(tmp_path: Path, release: str) -> None:
    left, fresh = tmp_path / "left", tmp_path / "fresh"
    with zipfile.ZipFile(GOLDEN / f"{release}.zip") as packed:
        packed.extractall(left)
    fresh.mkdir()
    events = rows(left, EVENTS)
    assert len(events) > 80
    for folder in (left, fresh):
        log = open_log(folder, make_keys())
        try:
            verification = log.verify()
        finally:
            log.stop()
        assert verification.ok
        if folder == left:
            assert verification.state_hash == STATE_HASHES[release]
    assert rows(left, EVENTS) == events
    # Whichever release made the tables, they are the same now.
    assert rows(left, SCHEMA) == rows(fresh, SCHEMA)
