"""What is called durable is in a restore, and what is not there is not called durable."""

import asyncio
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from sync.keeping.durability import Durability, DurabilityState
from sync.keeping.durable_position import DurablePosition, durable_position
from sync.keeping.litestream import Litestream
from sync.keeping.litestream_status import LitestreamState
from sync.keeping.replica import device_of
from tests.sync.node import PACE, Node, until

pytestmark = pytest.mark.litestream


@contextmanager
def writing(node: Node) -> Iterator[None]:
    """Commit without a pause in a thread of its own."""
    end = threading.Event()

    def write() -> None:
        while not end.wait(0.002):
            node.commit(size=random.randrange(2000))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def test_a_lone_commit_is_confirmed_at_once(node: Node) -> None:
    for _ in range(5):
        assert node.durability.await_durable(node.commit(), 2)
    assert node.restored_up_to() == 5
    report = node.durability.report()
    assert (report.state, report.durable, report.lag_s) == (DurabilityState.CURRENT, 5, 0.0)


def test_whatever_is_durable_is_in_a_restore_of_that_moment(node: Node) -> None:
    with writing(node):
        for _ in range(12):
            until(lambda: node.commits > node.durability.report().durable)
            number = node.commits
            assert node.durability.await_durable(number, 10)
            assert node.restored_up_to() >= number


def test_durable_commits_survive_kills_of_litestream_at_random_moments(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.keeping.litestream.LONGEST_PAUSE_S", 0.01)
    with writing(node):
        for _ in range(10):
            generation = node.litestream.generation
            threading.Event().wait(random.random() * 0.05)
            node.signal(signal.SIGKILL)
            durable = node.durability.report().durable
            assert node.restored_up_to() >= durable
            # Bound now: the loop goes on to the next one.
            until(partial(lambda before: node.litestream.generation > before, generation))
            assert node.durability.await_durable(node.commits, 10)
    assert node.durability.final_sync(5)
    assert node.restored_up_to() == node.commits
    assert node.litestream.status.restarts == 10


def test_nothing_is_durable_while_litestream_hangs(node: Node) -> None:
    node.signal(signal.SIGSTOP)
    number = node.commit()
    assert not node.durability.await_durable(number, 0.7)
    report = node.durability.report()
    assert report.state is DurabilityState.LAGGING
    assert report.lag_s >= 0.7
    assert report.durable == 0
    node.signal(signal.SIGCONT)
    assert node.durability.await_durable(number, 10)
    assert node.durability.report().lag_s == 0


def test_nothing_is_durable_while_the_replica_cannot_be_written(node: Node) -> None:
    assert node.durability.await_durable(node.commit(), 5)
    away = node.replica_folder.with_name("away")
    node.replica_folder.rename(away)
    node.replica_folder.write_text("in the way")
    number = node.commit()
    assert not node.durability.await_durable(number, 0.3)
    assert "not a directory" in node.durability.report().last_error
    node.replica_folder.unlink()
    away.rename(node.replica_folder)
    assert node.durability.await_durable(number, 10)
    assert node.restored_up_to() == number
    assert node.litestream.status.restarts == 0


@pytest.mark.parametrize("how", ["deleted", "moved", "emptied", "older copy"])
def test_a_replica_that_went_away_is_made_anew(node: Node, how: str) -> None:
    """Litestream itself goes on without an error, and a restore of what it writes fails."""
    assert node.durability.await_durable(node.commit(), 5)
    if how == "deleted":
        shutil.rmtree(node.replica_folder.parent)
    elif how == "moved":
        node.replica_folder.rename(node.replica_folder.with_name("away"))
    elif how == "emptied":
        shutil.rmtree(node.replica_folder / "ltx")
    else:
        shutil.copytree(node.replica_folder, node.home / "older")
        for _ in range(5):
            assert node.durability.await_durable(node.commit(), 5)
        node.replica_folder.rename(node.home / "newer")
        (node.home / "older").rename(node.replica_folder)
    number = node.commit()
    assert node.durability.await_durable(number, 15)
    assert node.restored_up_to() == number
    assert node.durability.await_durable(node.commit(), 5)
    assert node.restored_up_to() == number + 1


def test_a_full_replica_disk_delays_and_loses_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    try:
        made = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        made = False
    if not made:
        pytest.skip("no right to mount a small disk here")
    node = Node(tmp_path, replica=disk)
    try:
        node.start()
        assert node.durability.await_durable(node.commit(), 5)
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(b"x" * 4096)
        number = node.commit()
        assert not node.durability.await_durable(number, 0.3)
        assert "no space left" in node.durability.report().last_error
        ballast.unlink()
        assert node.durability.await_durable(number, 10)
        assert node.restored_up_to() == number
    finally:
        node.close()
        subprocess.run(["umount", str(disk)], check=False)


def test_a_replica_on_the_same_disk_is_not_durable(tmp_path: Path) -> None:
    node = Node(tmp_path, same_disk_counts=False)
    try:
        node.start()
        number = node.commit()
        assert not node.durability.when_durable(number).result(5)
        assert not node.durability.await_durable(number, 5)
        report = node.durability.report()
        assert (report.same_disk, report.durable, report.replicated) == (True, -1, number)
    finally:
        node.close()


def test_a_replica_on_another_disk_is_durable(tmp_path: Path) -> None:
    here = device_of(tmp_path)
    disks = (path for path in map(Path, ("/dev/shm", "/var/tmp")) if path.is_dir())
    other = next((disk for disk in disks if device_of(disk) != here), None)
    if other is None:
        pytest.skip("one disk only")
    home = other / f"huiyin-{tmp_path.name}-{time.time_ns()}"
    node = Node(tmp_path, replica=home, same_disk_counts=False)
    try:
        node.start()
        assert node.durability.await_durable(node.commit(), 5)
        assert not node.durability.report().same_disk
    finally:
        node.close()
        shutil.rmtree(home)


def test_futures_suit_asyncio_and_end_with_the_node(node: Node) -> None:
    async def wait() -> bool:
        return await asyncio.wait_for(
            asyncio.wrap_future(node.durability.when_durable(node.commit())), 5
        )

    assert asyncio.run(wait())
    assert node.durability.when_durable(1).result(0)
    never: Future[bool] = node.durability.when_durable(1000)
    abandoned = [node.durability.when_durable(1000) for _ in range(5000)]
    for future in abandoned:
        future.cancel()
    abandoned += [node.durability.when_durable(1000) for _ in range(2000)]
    node.durability.stop()
    assert not never.result(1)
    assert node.durability.report().state is DurabilityState.STOPPED


def test_a_stop_in_order_leaves_nothing_behind(tmp_path: Path) -> None:
    for round_number in range(3):
        node = Node(tmp_path)
        node.commits = int(node.connection.execute("SELECT max(id) FROM row").fetchone()[0])
        node.start()
        for _ in range(50):
            node.commit()
        assert node.durability.final_sync(5)
        node.close()
        node.restores = round_number * 10
        assert node.restored_up_to() == (round_number + 1) * 50
        assert node.litestream.broken(node.name) == ""


def test_final_sync_gives_up_at_its_deadline(node: Node) -> None:
    node.signal(signal.SIGSTOP)
    node.commit()
    began = time.monotonic()
    assert not node.durability.final_sync(0.2)
    node.durability.stop()
    assert time.monotonic() - began < 4
    assert "left behind" in node.litestream.broken(node.name)
    node.signal(signal.SIGCONT)


def test_two_databases_are_confirmed_apart(tmp_path: Path) -> None:
    texts, photos = Node(tmp_path, name="texts"), Node(tmp_path, name="photos")
    both = Litestream(
        tmp_path / "data",
        [texts.litestream.database("texts"), photos.litestream.database("photos")],
    )
    for node in (texts, photos):
        node.litestream = both
        node.durability = node.new_durability()
    try:
        assert both.start()
        photos.replica_folder.parent.mkdir(exist_ok=True)
        photos.replica_folder.write_text("in the way")
        texts.durability.start()
        photos.durability.start()
        number = photos.commit()
        assert texts.durability.await_durable(texts.commit(), 5)
        assert not photos.durability.await_durable(number, 0.1)
        photos.replica_folder.unlink()
        assert photos.durability.await_durable(number, 10)
        assert both.status.state is LitestreamState.RUNNING
    finally:
        texts.durability.stop()
        photos.connection.close()
        photos.durability.stop()
        texts.connection.close()
        both.stop(2)


def test_nothing_is_durable_before_litestream_was_there(tmp_path: Path) -> None:
    node = Node(tmp_path)
    try:
        node.durability.start()
        number = node.commit()
        assert not node.durability.await_durable(number, 0.1)
        assert node.litestream.start()
        assert node.durability.await_durable(number, 5)
        assert node.durability.report().last_error == ""
    finally:
        node.close()


def test_what_is_durable_is_written_down_for_commands_beside_the_server(tmp_path: Path) -> None:
    voice = [b"\1" * 8]
    node = Node(tmp_path)
    newest = [0]
    node.durability = Durability(
        node.litestream,
        node.name,
        same_disk_counts=True,
        pace=PACE,
        newest=lambda: newest[0],
        keep=DurablePosition(node.folder, lambda: voice[0]),
    )
    try:
        node.start()
        assert durable_position(node.folder, voice[0]) < 1
        # Another process commits, and tells nobody.
        node.connection.execute("UPDATE row SET text='1' WHERE id=0")
        node.connection.execute("INSERT INTO row VALUES (1, '')")
        newest[0] = 1
        until(lambda: durable_position(node.folder, voice[0]) == 1)
        assert node.restored_up_to() == 1
        assert durable_position(node.folder, b"\2" * 8) == -1
    finally:
        node.close()


def test_the_durable_position_is_written_at_most_once_a_second(tmp_path: Path) -> None:
    now_s = [100.0]
    keep = DurablePosition(tmp_path, lambda: b"\1" * 8, clock_s=lambda: now_s[0])
    assert keep.note(1) and not keep.note(2) and durable_position(tmp_path, b"\1" * 8) == 1
    now_s[0] += 1
    assert keep.note(2) and keep.note(3, at_once=True)
    assert durable_position(tmp_path, b"\1" * 8) == 3
    (tmp_path / "durable-position").write_text("half a li")
    assert durable_position(tmp_path, b"\1" * 8) == -1
