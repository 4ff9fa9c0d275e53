"""A flipped bit anywhere in a replica is found, and a restore comes as far as what is whole."""

import random
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from eventlog.database import connect
from sync.keeping.configuration import Keeping
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import Restored, RestoreDamagedError, restore, restore_newest
from sync.keeping.restores.whole_point import File, best_way
from tests.counts import count
from tests.drills import tell
from tests.sync.node import Node

pytestmark = pytest.mark.litestream
COMMITS = 24


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replica with two snapshots and files of three levels, as a week leaves it."""
    home = tmp_path_factory.mktemp("week")
    node = Node(home, keeping=Keeping(level_1_interval="1s", snapshot_interval="2s")).start()
    try:
        folder = node.replica_folder
        while node.commits < COMMITS or len(list(folder.glob("ltx/9/*.ltx"))) < 2:
            assert node.durability.await_durable(node.commit(size=2000), 10)
            threading.Event().wait(0.05)
        assert list(folder.glob("ltx/1/*.ltx"))
    finally:
        node.close()
    return home / "replica"


def commits_of(path: Path) -> int:
    connection = connect(path, read_only=True)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return int(connection.execute("SELECT max(id) FROM row").fetchone()[0])
    finally:
        connection.close()


def flipped(path: Path, offset: int, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 1 << bit
    path.write_bytes(content)


def restored(replica: Path, output: Path) -> tuple[Restored, int]:
    done = restore_newest("events", [ReplicaPlace(folder=replica, url=None)], output)
    return done, commits_of(output)


def test_a_flipped_bit_anywhere_is_found_or_harmless(replica: Path, tmp_path: Path) -> None:
    """One byte of each file, at another place each time."""
    whole = replica / "events"
    restore("events", ReplicaPlace(folder=whole, url=None), tmp_path / "whole.db")
    commits = commits_of(tmp_path / "whole.db")
    chance = random.Random(count(7, 11))
    used = plan_of(whole)
    found = 0
    for number in range(count(12, 600)):
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(whole, copy, copy_function=shutil.copyfile)
        name = used[number % len(used)]
        size = (copy / name).stat().st_size
        flipped(copy / name, chance.randrange(size), chance.randrange(8))
        output = tmp_path / f"{number}.db"
        try:
            restore("events", ReplicaPlace(folder=copy, url=None), output)
        except RestoreDamagedError:
            found += 1
        else:
            assert content_of(output) == content_of(tmp_path / "whole.db")
        shutil.rmtree(copy)
    tell("flips", count(12, 600), note="LTX")
    assert found
    assert commits >= COMMITS


def plan_of(database: Path) -> list[str]:
    files = [File.parse(path.relative_to(database).as_posix()) for path in database.rglob("*.ltx")]
    return [file.name for file in best_way([file for file in files if file is not None])]


def content_of(path: Path) -> list[sqlite3.Row]:
    connection = connect(path, read_only=True)
    try:
        return connection.execute("SELECT * FROM row").fetchall()
    finally:
        connection.close()


def test_a_damaged_snapshot_costs_nothing_where_an_older_one_leads_on(
    replica: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "replica"
    shutil.copytree(replica, copy)
    newest = max((copy / "events" / "ltx" / "9").glob("*.ltx"))
    flipped(newest, newest.stat().st_size // 2, 3)
    with pytest.raises(RestoreDamagedError):
        restore("events", ReplicaPlace(folder=copy / "events", url=None), tmp_path / "no.db")
    assert not (tmp_path / "no.db").exists()
    done, commits = restored(copy, tmp_path / "again.db")
    assert done.point is not None
    assert done.point.is_newest
    assert done.point.damaged == (newest.relative_to(copy).as_posix(),)
    restore("events", ReplicaPlace(folder=replica / "events", url=None), tmp_path / "whole.db")
    assert commits == commits_of(tmp_path / "whole.db")


def test_what_nothing_leads_around_is_left_out_and_told(replica: Path, tmp_path: Path) -> None:
    copy = tmp_path / "replica"
    shutil.copytree(replica, copy)
    end = Path(plan_of(copy / "events")[-1]).name.partition("-")[2]
    for path in (copy / "events").rglob(f"*-{end}"):
        flipped(path, path.stat().st_size // 2, 0)
    done, commits = restored(copy, tmp_path / "again.db")
    assert done.point is not None
    assert not done.point.is_newest
    assert done.point.transaction < done.point.newest
    assert done.point.made_at_ms > 1_700_000_000_000
    restore("events", ReplicaPlace(folder=replica / "events", url=None), tmp_path / "whole.db")
    assert 0 < commits < commits_of(tmp_path / "whole.db")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_where_every_way_is_damaged_nothing_is_left_at_the_target(
    replica: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "replica"
    shutil.copytree(replica, copy)
    shutil.rmtree(copy / "events" / "ltx" / "0")
    for path in (copy / "events").rglob("*.ltx"):
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RestoreDamagedError):
        restored(copy, tmp_path / "again.db")
    assert [path.name for path in tmp_path.iterdir()] == ["replica"]


def test_the_way_that_leads_furthest() -> None:
    def file(level: int, first: int, last: int) -> File:
        return File(f"ltx/{level}/{first:016x}-{last:016x}.ltx", level, first, last)

    assert File.parse("events/ltx/9/0000000000000001-000000000000001a.ltx") == File(
        "events/ltx/9/0000000000000001-000000000000001a.ltx", 9, 1, 26
    )
    assert File.parse("events/ltx/huiyin-replica") is None
    snapshot, older = file(9, 1, 20), file(9, 1, 10)
    folded, single, gap = file(2, 11, 25), file(0, 26, 26), file(0, 28, 28)
    files = [gap, single, older, folded, snapshot]
    assert best_way(files) == [snapshot, folded, single]
    assert best_way([older, folded, single, gap]) == [older, folded, single]
    assert best_way([folded, single]) == []
