"""`huiyin bundle` with a real hub and a real station that never see each other."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from server.registers.sample import sign_ins
from tests.hub import Hub, form_token, huiyin, until

pytestmark = pytest.mark.litestream

TEXT = "村口的桥板断了一块"


def station_of(hub: Hub, folder: Path, name: str) -> Path:
    """Return the data folder of a station that was told of the hub by a file."""
    place = next(one.place for one in sign_ins(hub.data) if one.role == "liaison")
    invitation = folder / "invitation"
    huiyin(
        *("nodes", "enrol", name, "--station", place.partition(" ")[0]),
        *("--file", invitation, "--data", hub.data),
    )
    data = folder / "station"
    huiyin("nodes", "join", invitation, "--data", data)
    return data


def lines(*arguments: str | Path) -> dict[str, str]:
    """Return what a command printed, by the words before the colon."""
    told = huiyin(*arguments).stdout.splitlines()
    parts = (line.partition(" ")[2].partition(": ") for line in told)
    return {words: value for words, _, value in parts}


@pytest.fixture
def station(hub: Hub, tmp_path: Path) -> Iterator[Hub]:
    """A station that runs, and was told of the hub by a file."""
    data = station_of(hub, tmp_path, "背包站")
    with Hub(data, "--role", "station", "--no-replica", "--sync-every", "off") as running:
        running.start()
        yield running


def test_weeks_without_a_network_by_stick_alone(hub: Hub, station: Hub, tmp_path: Path) -> None:
    data = station.data
    up, back = tmp_path / "up.huiyin", tmp_path / "back.huiyin"
    receipt = station.raise_matter(TEXT, phone="13800001234")
    written = lines("bundle", "write", up, "--data", data)
    assert written["written"].startswith("1 件")
    for marker in (TEXT, "13800001234"):
        assert marker.encode() not in up.read_bytes()
    told = lines("bundle", "read", up, "--reply", back, "--data", hub.data)
    assert (told["from"], told["taken"], told["put aside"]) == ("背包站", "1", "0")
    for _ in range(2):
        told = lines("bundle", "read", up, "--data", hub.data)
        assert (told["taken"], told["known"]) == ("0", "1")
    assert hub.follow(receipt)["state"] == "received"
    told = lines("bundle", "read", back, "--data", data)
    assert told["durable"] == "1" and int(told["received"]) > 50
    told = lines("bundle", "read", back, "--data", data)
    assert (told["durable"], told["received"]) == ("0", "0")
    # What the hub decides comes back with the next stick, beside both running servers.
    office = hub.client("office")
    matter = office.get(f"/api/v1/matters/{receipt['number']}").json()
    done = office.post(
        f"/api/v1/matters/{receipt['number']}/decline",
        json={"seen": matter["version"], "reason": "不属于本县职权", "route": "信访局"},
    )
    assert done.status_code == 200, done.text
    huiyin("bundle", "write", up, "--data", data)
    huiyin("bundle", "read", up, "--data", hub.data)
    huiyin("bundle", "write", back, "--node", "背包站", "--data", hub.data)
    huiyin("bundle", "read", back, "--data", data)
    until(lambda: station.follow(receipt)["state"] == "declined")
    for folder in (data, hub.data):
        huiyin("matters", "verify", "--data", folder)


def test_what_goes_wrong_says_what_to_do(hub: Hub, tmp_path: Path) -> None:
    data = station_of(hub, tmp_path, "草坝站")
    up = tmp_path / "up.huiyin"
    huiyin("bundle", "write", up, "--data", data)
    other = tmp_path / "other.huiyin"
    other.write_bytes(up.read_bytes()[:-100])
    for arguments, wrong, advice in (
        (("read", other, "--data", hub.data), "坏了或没有写完", "write it again"),
        (("read", up, "--data", data), "另一台机器", "another machine"),
        (("read", tmp_path / "invitation", "--data", data), "不是回音的数据包", "not a bundle"),
        (("write", up, "--node", "没有的站", "--data", hub.data), "先读站里", "station brought"),
        (("write", tmp_path / "no" / "stick", "--data", data), "写不进去", "another stick"),
        (("write", up, "--data", tmp_path / "alone"), "先读站里", "station brought"),
    ):
        done = huiyin("bundle", *arguments, check=False)
        assert done.returncode == 1, done
        assert wrong in done.stderr and advice in done.stderr, done.stderr
    assert up.read_bytes()[:20] == b"age-encryption.org/v"


def test_the_two_buttons_of_the_console(hub: Hub, tmp_path: Path) -> None:
    data = station_of(hub, tmp_path, "按钮站")
    up, back = tmp_path / "up.huiyin", tmp_path / "back.huiyin"
    huiyin("bundle", "write", up, "--data", data)
    office = hub.browser_of("office")
    token = form_token(office.get("/console/").text)

    def sent(content: bytes) -> httpx2.Response:
        return office.post(
            "/console/bundle/read", data={"form_token": token}, files={"file": ("up", content)}
        )

    page = sent(up.read_bytes())
    assert page.status_code == 200 and "按钮站" in page.text and "拔出U盘，带回站里" in page.text
    assert [one.name for one in hub.data.iterdir() if one.name.startswith("tmp")] == []
    answered = office.post("/console/bundle", data={"form_token": token, "node": "按钮站"})
    assert answered.headers["content-disposition"].startswith("attachment"), answered.text
    back.write_bytes(answered.content)
    assert int(lines("bundle", "read", back, "--data", data)["received"]) > 50
    for content, said in ((up.read_bytes()[:-1], "坏了或没有写完"), (b"hello", "不是回音的数据包")):
        page = sent(content)
        assert page.status_code == 422 and said in page.text and "什么也没有丢" in page.text
    assert "请先选" in sent(b"").text
    page = office.post("/console/bundle", data={"form_token": token, "node": "没有的站"})
    assert page.status_code == 422 and "请先读站里" in page.text
    liaison = hub.browser_of("liaison")
    token = form_token(liaison.get("/console/").text)
    assert liaison.post("/console/bundle", data={"form_token": token}).status_code == 403


def test_a_write_that_is_killed_leaves_the_good_older_bundle(hub: Hub, tmp_path: Path) -> None:
    data = station_of(hub, tmp_path, "半路站")
    up = tmp_path / "up.huiyin"
    huiyin("bundle", "write", up, "--data", data)
    older = up.read_bytes()
    for record in range(3):
        done = subprocess.run(
            [sys.executable, "-c", DYING, str(record), "bundle", "write", up, "--data", data],
            env=os.environ,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL
        assert up.read_bytes() == older
    huiyin("bundle", "write", up, "--data", data)
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == [
        "invitation",
        "up.huiyin",
    ]


DYING = """
import os, signal, sys
from sync.sticks import bundle_file
from server.command_line.main import main

framed, last = bundle_file._framed, int(sys.argv.pop(1))

def dying(*arguments):
    for number, part in enumerate(framed(*arguments)):
        if number == last:
            os.kill(os.getpid(), signal.SIGKILL)
        yield part

bundle_file._framed = dying
main()
"""
