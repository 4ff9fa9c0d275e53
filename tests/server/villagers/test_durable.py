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
from sync.keeping.restore import restore
from tests.counts import count
from tests.hub import Hub, huiyin, until

JSON = {"Accept": "application/json"}
pytestmark = [pytest.mark.litestream, pytest.mark.faults]


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


def test_nothing_is_durable_while_the_replica_is_away(own_hub: Hub) -> None:
    own_hub.start()
    assert own_hub.raise_matter("先来一件")["safety"] == "durable"
    away = own_hub.replica.with_name("away")
    own_hub.replica.rename(away)
    own_hub.replica.write_text("a file in the way")
    receipt = own_hub.raise_matter("副本不在")
    assert receipt["safety"] == "at_hub"
    assert own_hub.follow(receipt)["safety"] == "at_hub"
    assert httpx2.get(own_hub.url + "/healthz").json()["durable_lag_s"] > 0
    own_hub.replica.unlink()
    away.rename(own_hub.replica)
    until(lambda: own_hub.follow(receipt)["safety"] == "durable", within_s=60)


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


@pytest.mark.parametrize("with_litestream", [False, True], ids=["the hub alone", "everything"])
def test_a_killed_hub_loses_nothing_that_was_acknowledged(
    own_hub: Hub, tmp_path: Path, with_litestream: bool
) -> None:
    own_hub.start()
    stream = Stream(own_hub, senders=4)
    stream.start()
    try:
        for _ in range(count(3, 10)):
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


def test_an_emptied_data_folder_comes_back(own_hub: Hub, tmp_path: Path) -> None:
    own_hub.start()
    receipt = own_hub.raise_matter("要能找回来", name="张三", phone="13912345678")
    office = own_hub.client("office")
    number = receipt["number"]
    answered = office.post(f"/api/v1/matters/{number}/answer", json={"text": "记下了。"})
    assert answered.status_code == 200
    kit = tmp_path / "kit.txt"
    shutil.copy(own_hub.data / "recovery-kit.txt", kit)
    before = httpx2.get(own_hub.url + "/healthz").json()
    assert own_hub.stop() < 5
    state = huiyin("matters", "verify", "--data", own_hub.data).stdout
    shutil.rmtree(own_hub.data)

    refused = huiyin("restore", "--from", own_hub.replica, "--data", own_hub.data, check=False)
    assert refused.returncode != 0 and "--kit" in refused.stderr
    done = huiyin("restore", "--from", own_hub.replica, "--kit", kit, "--data", own_hub.data)
    assert done.stdout == state
    own_hub.start()
    after = httpx2.get(own_hub.url + "/healthz").json()
    # The same node, but a new voice.
    assert (after["node"], after["epoch"]) == (before["node"], before["epoch"] + 1)
    found = own_hub.follow(receipt)
    assert found["reply"] == "记下了。"
    contact = own_hub.client("office").get(f"/api/v1/matters/{number}/contact").json()
    assert contact == {"name": "张三", "phone": "13912345678"}
    assert own_hub.raise_matter("回来以后")["safety"] == "durable"
    again = huiyin(
        "restore", "--from", own_hub.replica, "--kit", kit, "--data", own_hub.data, check=False
    )
    assert again.returncode != 0


def test_without_the_kit_the_record_comes_back_and_no_contact(own_hub: Hub) -> None:
    own_hub.start()
    receipt = own_hub.raise_matter("没有凭证", name="张三", phone="13912345678")
    own_hub.stop()
    shutil.rmtree(own_hub.data)
    huiyin("restore", "--from", own_hub.replica, "--new-keys", "--data", own_hub.data)
    assert (own_hub.data / "recovery-kit.txt").exists()
    own_hub.start()
    office = own_hub.client("office")
    matter = office.get(f"/api/v1/matters/{receipt['number']}").json()
    assert matter["text"] == "没有凭证"
    answer = office.get(f"/api/v1/matters/{receipt['number']}/contact")
    assert answer.status_code == 409 and answer.json()["errors"][0]["code"] == "sealed"


def test_no_contact_stands_in_plain_text_in_any_file(own_hub: Hub) -> None:
    own_hub.start()
    name, phone = "欧阳马克标记", "13987651234"
    receipt = own_hub.raise_matter("找标记", name=name, phone=phone)
    office = own_hub.client("office")
    assert office.get(f"/api/v1/matters/{receipt['number']}/contact").json()["name"] == name
    running = list(plain_files_with((own_hub.data, own_hub.replica), name, phone))
    own_hub.stop()
    stopped = list(plain_files_with((own_hub.data, own_hub.replica), name, phone))
    logs = list(plain_files_with((own_hub.data.parent,), name, phone, receipt["key"]))
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
