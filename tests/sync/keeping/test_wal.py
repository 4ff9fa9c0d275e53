"""The write-ahead log without Litestream, and what others' checkpoints do to a replica."""

import signal
from pathlib import Path

import pytest

from eventlog.database import connect, reading
from sync.keeping.durability import DurabilityState
from sync.keeping.litestream_status import LitestreamState
from sync.keeping.program import binary_path
from sync.keeping.wal import WalKeeper, checkpoint, wal_size_bytes
from tests.sync.node import Node, until

LIMIT_BYTES = 200_000


def test_without_a_replica_the_log_is_emptied_past_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    connection = connect(path)
    try:
        connection.execute("CREATE TABLE row (text)")
        keeper = WalKeeper(tmp_path, "events", path, litestream=None, limit_bytes=LIMIT_BYTES)
        assert not keeper.tend(connection)
        while wal_size_bytes(path) <= LIMIT_BYTES:
            connection.execute("INSERT INTO row VALUES (?)", ("x" * 3000,))
        with reading(path) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM row").fetchone()
            connection.execute("INSERT INTO row VALUES ('later')")
            assert not keeper.tend(connection)
            reader.execute("ROLLBACK")
        assert keeper.tend(connection)
        assert wal_size_bytes(path) == 0
        assert connection.execute("PRAGMA busy_timeout").fetchone()[0] == 15000
    finally:
        connection.close()


@pytest.mark.litestream
def test_past_the_limit_a_dead_litestream_makes_room_and_starts_afresh(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = WalKeeper(
        node.folder,
        node.name,
        node.path,
        litestream=node.litestream,
        limit_bytes=LIMIT_BYTES,
        down_limit_s=0.0,
    )
    for _ in range(100):
        node.commit(size=3000)
    assert node.durability.await_durable(node.commits, 10)
    assert not keeper.tend(node.connection), "it is Litestream's while that lives"
    monkeypatch.setattr("sync.keeping.program.binary_path", lambda: Path("/bin/false"))
    monkeypatch.setattr("sync.keeping.litestream.LONGEST_PAUSE_S", 0.05)
    node.signal(signal.SIGKILL)
    until(lambda: node.litestream.status.state is not LitestreamState.RUNNING)
    # Changed in place and not touched afterwards: these would be lost (next test).
    node.connection.execute("UPDATE row SET text = 'changed' WHERE id BETWEEN 1 AND 50")
    until(lambda: keeper.tend(node.connection))
    assert wal_size_bytes(node.path) == 0
    assert "dead" in node.litestream.broken(node.name)
    number = node.commit()
    assert not node.durability.await_durable(number, 0.2)
    monkeypatch.setattr("sync.keeping.program.binary_path", binary_path)
    assert node.durability.await_durable(number, 30)
    assert node.litestream.broken(node.name) == ""
    assert node.durability.report().state is DurabilityState.CURRENT
    assert node.restored_up_to() == number
    with reading(node.home / "restored-1.db") as restored:
        count = "SELECT count(*) FROM row WHERE text = 'changed'"
        assert restored.execute(count).fetchone()[0] == 50


@pytest.mark.litestream
@pytest.mark.parametrize(
    ("mode", "noticed"), [("PASSIVE", False), ("RESTART", False), ("TRUNCATE", True)]
)
def test_what_litestream_makes_of_checkpoints_by_others(
    tmp_path: Path, mode: str, noticed: bool
) -> None:
    """The table in `keeping/wal.py`; a Litestream that does better may relax the rule there."""
    node = Node(tmp_path).start()
    for _ in range(100):
        node.commit(size=900)
    assert node.durability.final_sync(10)
    node.durability.stop()
    node.litestream.stop(2)
    node.connection.execute("UPDATE row SET text = 'changed' WHERE id BETWEEN 1 AND 50")
    if noticed:
        assert checkpoint(node.connection)
    else:
        node.connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    node.connection.execute("UPDATE row SET text = '0100' WHERE id = 0")
    node.litestream, commits = node.new_litestream(), node.commits
    node.durability = node.new_durability()
    try:
        node.start()
        assert node.durability.final_sync(10)
        assert node.restored_up_to() == commits
        with reading(node.home / "restored-1.db") as restored:
            count = "SELECT count(*) FROM row WHERE text = 'changed'"
            found = restored.execute(count).fetchone()[0]
        assert (found == 50) is noticed
    finally:
        node.close()
