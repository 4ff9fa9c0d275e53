"""A real hub and real stations, as in a county: joined by a code, carrying, cut off, shut out."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from tests.hub import Hub, huiyin, until

pytestmark = pytest.mark.litestream
STATION = ("--role", "station", "--no-replica", "--sync-every")


class Pair(NamedTuple):
    """A hub with the sample county, and a station below it that carries only when it is told."""

    hub: Hub
    station: Hub


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("county")
    with (
        Hub(folder / "hub", "--sample") as hub,
        Hub(folder / "station", *STATION, "off") as station,
    ):
        hub.start()
        station.start()
        join(station, hub, "石瓮站", "shiweng")
        assert sync(station)["ok"]
        yield Pair(hub, station)


def join(station: Hub, hub: Hub, name: str, place: str) -> None:
    """Enrol a station at the hub, and have it join by the code."""
    code = huiyin("nodes", "enrol", name, "--station", place, "--data", hub.data).stdout.strip()
    huiyin("nodes", "join", hub.url + "/", code, "--data", station.data)


def sync(station: Hub) -> dict[str, Any]:
    """Run `sync now` beside a station and return what came of it; its end says the same."""
    done = huiyin("sync", "now", "--json", "--data", station.data, check=False)
    found: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode == 0) == found["ok"], done.stderr
    return found


def knows(node: Hub, receipt: dict[str, Any]) -> bool:
    """Return whether number and key open a matter at a node."""
    answer = httpx2.get(
        f"{node.url}/m/{receipt['number']}",
        params={"key": receipt["key"]},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code in (200, 404)
    return answer.status_code == 200


def test_a_matter_goes_up_and_its_answer_comes_down(pair: Pair) -> None:
    hub, station = pair
    receipt = station.raise_matter("村口桥板断了", name="张三", phone="13912345678")
    assert receipt["safety"] == "at_station" and not knows(hub, receipt)
    found = sync(station)
    assert found["ok"] and found["sent"] >= 1 and found["waiting"] == found["held"] == 0
    # Number and key of the station open the matter at the hub as well.
    assert station.follow(receipt)["safety"] == hub.follow(receipt)["safety"] == "durable"
    office = hub.client("office")
    matter = office.get(f"/api/v1/matters/{receipt['number']}").json()
    assert (matter["text"], matter["station"]) == ("村口桥板断了", "shiweng")
    contact = office.get(f"/api/v1/matters/{receipt['number']}/contact").json()
    assert contact == {"name": "张三", "phone": "13912345678"}
    answer = f"/api/v1/matters/{receipt['number']}/answer"
    assert office.post(answer, json={"text": "明天去修。"}).status_code == 200
    assert sync(station)["received"] >= 1
    assert station.follow(receipt)["state"] == "replied"
    assert hub.follow(receipt)["reply"] == "明天去修。"
    for node in pair:
        huiyin("matters", "verify", "--data", node.data)


@pytest.mark.parametrize("which", [0, 1], ids=["the hub", "the station"])
def test_the_same_submission_a_hundred_times_is_one(pair: Pair, which: int) -> None:
    node = pair[which]
    fields = {"id": str(uuid.UUID(int=uuid.uuid4().int)), "text": "同一件事,网不好,按了又按"}

    def submit(_: int) -> tuple[str, str]:
        with httpx2.Client(headers={"Accept": "application/json"}, timeout=60) as client:
            told = client.post(node.url + "/matters", data=fields).json()
        return told["number"], told["key"]

    with ThreadPoolExecutor(16) as senders:
        (receipt,) = set(senders.map(submit, range(100)))
    matters = node.client("office").get("/api/v1/matters", params={"q": "按了又按"}).json()
    assert [one["number"] for one in matters["matters"]].count(receipt[0]) == 1


def test_a_round_with_nothing_to_say_is_one_request(pair: Pair) -> None:
    sync(pair.station)
    found = sync(pair.station)
    assert (found["ok"], found["rounds"], found["sent"], found["received"]) == (True, 1, 0, 0)
    # Without the head of HTTP, which the benchmark counts.
    assert found["bytes_up"] + found["bytes_down"] <= 300


def test_sync_now_says_why_nothing_went(pair: Pair, tmp_path: Path) -> None:
    hub, station = pair
    receipt = station.raise_matter("县里的服务器停着")
    hub.stop()
    try:
        found = sync(station)
        assert not found["ok"] and found["failure"] == "unreachable" and found["retryable"]
        assert found["waiting"] == 1
        told = huiyin("sync", "now", "--data", station.data, check=False)
        assert told.returncode == 1 and "连不上县里" in told.stderr and "waiting 1" in told.stdout
        assert station.follow(receipt)["safety"] == "at_station"
    finally:
        hub.start()
    assert sync(station)["ok"] and hub.follow(receipt)["safety"] == "durable"
    alone = huiyin("sync", "now", "--json", "--data", tmp_path / "alone", check=False)
    assert alone.returncode == 1
    assert json.loads(alone.stdout)["failure"] == "not-joined"


def test_a_station_that_was_never_enrolled_hands_over_what_it_took(
    pair: Pair, tmp_path: Path
) -> None:
    hub = pair.hub
    station = Hub(tmp_path / "station", *STATION, "1")
    station.start()
    try:
        before = station.raise_matter("加入以前就来了")
        assert before["safety"] == "at_station"
        # It is joined while it is running, and carries from then on without another word.
        join(station, hub, "重兴站", "shuangqiu")
        until(lambda: station.follow(before)["safety"] == "durable", within_s=90)
        assert hub.follow(before)["state"] == "received"
        hub.stop()
        during = station.raise_matter("县里停着的时候来的")
        hub.start()
        # By itself it comes ever later while the line stays down; a person need not wait.
        until(lambda: sync(station)["ok"], within_s=90)
        assert station.follow(during)["safety"] == "durable" and knows(hub, during)

        huiyin("nodes", "revoke", "重兴站", "--data", hub.data)
        after = station.raise_matter("停用以后来的")
        until(lambda: sync_refused(station), within_s=90)
        assert station.follow(after)["safety"] == "at_station" and not knows(hub, after)
    finally:
        station.stop()
    listed = huiyin("nodes", "list", "--json", "--data", hub.data).stdout
    states = {one["name"]: one["state"] for one in json.loads(listed)}
    assert states == {"石瓮站": "enrolled", "重兴站": "revoked"}


def sync_refused(station: Hub) -> bool:
    """Return whether `sync now` says that the node is shut out; False while another carries."""
    found = sync(station)
    assert not found["ok"]
    if found["failure"] == "busy":
        return False
    assert found["failure"] == "revoked" and not found["retryable"] and found["waiting"] == 1
    return True
