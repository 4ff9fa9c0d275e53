"""What is called durable is in the replica, whatever dies; and a dead hub comes back from it."""

import os
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx2
import pytest

from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import restore
from tests.counts import count
from tests.hub import Hub, huiyin, until

JSON = {"Accept": "application/json"}
pytestmark = [pytest.mark.litestream, pytest.mark.faults]


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with Hub(tmp_path_factory.mktemp("long-lived") / "data", "--sample") as running:
        yield running


@pytest.fixture
def served(long_lived: Hub) -> Hub:
    """A hub that runs; a test may stop it, and take its data or its replica away and back."""
    if long_lived.process is None:
        long_lived.start()
    return long_lived


def restored_ids(replica: Path, scratch: Path) -> set[str]:
    """Return the ids of the submissions that a restore made now would have."""
    target = scratch / uuid.uuid4().hex / "huiyin.db"
    restore("huiyin", ReplicaPlace.parse(str(replica)).below("huiyin"), target)
    connection = sqlite3.connect(target)
    try:
        rows = connection.execute("SELECT id FROM events WHERE type='matter.raised'")
        return {str(uuid.UUID(bytes=row[0])) for row in rows}
    finally:
        connection.close()
        shutil.rmtree(target.parent)


def test_durable_is_said_only_of_what_a_restore_at_that_moment_has(
    own_hub: Hub, tmp_path: Path
) -> None:
    own_hub.start()
    stream = Stream(own_hub, senders=4)
    stream.start()
    try:
        for _ in range(count(6, 20)):
            until(partial(has_grown, stream.durable, len(stream.durable) + 5))
            claimed = set(stream.durable)
            assert claimed <= restored_ids(own_hub.replica, tmp_path)
    finally:
        stream.stop()


def test_nothing_is_durable_while_the_replica_is_away(served: Hub) -> None:
    assert served.raise_matter("先来一件")["safety"] == "durable"
    away = served.replica.with_name("away")
    served.replica.rename(away)
    served.replica.write_text("a file in the way")
    receipt = served.raise_matter("副本不在")
    assert receipt["safety"] == "at_hub"
    assert served.follow(receipt)["safety"] == "at_hub"
    assert httpx2.get(served.url + "/healthz").json()["durable_lag_s"] > 0
    served.replica.unlink()
    away.rename(served.replica)
    until(lambda: served.follow(receipt)["safety"] == "durable", within_s=60)


def test_without_the_sample_a_replica_on_the_same_disk_makes_nothing_durable(
    tmp_path: Path,
) -> None:
    hub = Hub(tmp_path / "data")
    try:
        hub.start()
        assert hub.raise_matter("真的县")["safety"] == "at_hub"
        assert httpx2.get(hub.url + "/healthz").json()["replica"] == "current-same-disk"
    finally:
        hub.stop()


def has_grown(found: list[str], beyond: int) -> bool:
    """Return whether there are more than so many."""
    return len(found) > beyond


class Stream:
    """Submissions from several senders at once, with what each was told."""

    def __init__(self, hub: Hub, *, senders: int) -> None:
        self.url = hub.url + "/matters"
        self.acknowledged: list[str] = []
        self.durable: list[str] = []
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(senders)]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with httpx2.Client(headers=JSON, timeout=20) as client:
            while not self._stopping.is_set():
                identity = str(uuid.uuid4())
                fields = {"id": identity, "text": f"路灯坏了 {identity}", "phone": "13900000000"}
                try:
                    answer = client.post(self.url, data=fields)
                except httpx2.TransportError:
                    self._stopping.wait(0.02)
                    continue
                if answer.status_code == 201:
                    self.acknowledged.append(identity)
                    if answer.json()["safety"] == "durable":
                        self.durable.append(identity)


def known_ids(hub: Hub) -> set[str]:
    """Return the ids of the submissions in the hub's database."""
    connection = sqlite3.connect(f"file:{hub.data}/huiyin.db?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT id FROM events WHERE type='matter.raised'")
        return {str(uuid.UUID(bytes=row[0])) for row in rows}
    finally:
        connection.close()


def children(pid: int) -> Iterator[int]:
    """Yield the processes below one."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from children(int(child))


def test_a_killed_hub_loses_nothing_that_was_acknowledged(own_hub: Hub, tmp_path: Path) -> None:
    """It is killed by turns alone and with everything below it, in the stream."""
    own_hub.start()
    stream = Stream(own_hub, senders=4)
    stream.start()
    try:
        for with_litestream in [False, True] * count(3, 10):
            until(partial(has_grown, stream.acknowledged, len(stream.acknowledged) + 20))
            assert own_hub.process is not None
            below = list(children(own_hub.process.pid)) if with_litestream else []
            own_hub.kill()
            for pid in below:
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    continue
            claimed = set(stream.durable)
            assert claimed <= restored_ids(own_hub.replica, tmp_path)
            own_hub.start()
    finally:
        stream.stop()
    assert set(stream.acknowledged) <= known_ids(own_hub)
    assert own_hub.stop() < 5
    huiyin("matters", "verify", "--data", own_hub.data)


def test_an_emptied_data_folder_comes_back(served: Hub, tmp_path: Path) -> None:
    receipt = served.raise_matter("要能找回来", name="张三", phone="13912345678")
    office = served.client("office")
    number = receipt["number"]
    answered = office.post(f"/api/v1/matters/{number}/answer", json={"text": "记下了。"})
    assert answered.status_code == 200
    kit = tmp_path / "kit.txt"
    shutil.copy(served.data / "recovery-kit.txt", kit)
    before = httpx2.get(served.url + "/healthz").json()
    assert served.stop() < 5
    state = huiyin("matters", "verify", "--data", served.data).stdout
    shutil.rmtree(served.data)

    refused = huiyin("restore", "--from", served.replica, "--data", served.data, check=False)
    assert refused.returncode != 0 and "--kit" in refused.stderr
    done = huiyin("restore", "--from", served.replica, "--kit", kit, "--data", served.data)
    assert done.stdout == state
    served.start()
    after = httpx2.get(served.url + "/healthz").json()
    # The same node, but a new voice.
    assert (after["node"], after["epoch"]) == (before["node"], before["epoch"] + 1)
    found = served.follow(receipt)
    assert found["reply"] == "记下了。"
    contact = served.client("office").get(f"/api/v1/matters/{number}/contact").json()
    assert contact == {"name": "张三", "phone": "13912345678"}
    assert served.raise_matter("回来以后")["safety"] == "durable"
    again = huiyin(
        "restore", "--from", served.replica, "--kit", kit, "--data", served.data, check=False
    )
    assert again.returncode != 0


def test_without_the_kit_the_record_comes_back_and_no_contact(served: Hub) -> None:
    receipt = served.raise_matter("没有凭证", name="张三", phone="13912345678")
    served.stop()
    shutil.rmtree(served.data)
    huiyin("restore", "--from", served.replica, "--new-keys", "--data", served.data)
    assert (served.data / "recovery-kit.txt").exists()
    served.start()
    office = served.client("office")
    matter = office.get(f"/api/v1/matters/{receipt['number']}").json()
    assert matter["text"] == "没有凭证"
    answer = office.get(f"/api/v1/matters/{receipt['number']}/contact")
    assert answer.status_code == 409 and answer.json()["errors"][0]["code"] == "sealed"


def test_no_contact_stands_in_plain_text_in_any_file(served: Hub) -> None:
    name, phone = "欧阳马克标记", "13987651234"
    receipt = served.raise_matter("找标记", name=name, phone=phone)
    office = served.client("office")
    assert office.get(f"/api/v1/matters/{receipt['number']}/contact").json()["name"] == name
    running = list(plain_files_with((served.data, served.replica), name, phone))
    served.stop()
    stopped = list(plain_files_with((served.data, served.replica), name, phone))
    logs = list(plain_files_with((served.data.parent,), name, phone, receipt["key"]))
    assert (running, stopped, logs) == ([], [], [])


def plain_files_with(folders: tuple[Path, ...], *markers: str) -> Iterator[Path]:
    """Yield every file below the folders that holds one of the markers."""
    for folder in folders:
        for path in folder.rglob("*"):
            if not path.is_file():
                continue
            content = path.read_bytes()
            if any(marker.encode() in content for marker in markers):
                yield path


def test_a_second_server_on_one_folder_is_refused(hub: Hub) -> None:
    done = huiyin("serve", "--data", hub.data, "--port", "0", "--sample", check=False)
    assert done.returncode != 0 and "another process" in done.stderr
    assert httpx2.get(hub.url + "/healthz").status_code == 200
