"""A data folder of each release so far is opened by this one, killed at each step of that.

The folders were recorded from the releases themselves (`record_golden.py`). A step is a write,
flush, truncation, making, rename or removal below the folder (`tests/failing_disk.c`): the node
dies before the n-th, or in the middle of it where it is a write; the next start has to end where
an upgrade in one go does, to the last row, with the same keys, the same voice and each sealed text
opening.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from eventlog.database import connect
from server.application import make_application
from server.folder.settings import load_settings
from server.node import Node
from tests.counts import FULL, count
from tests.drills import tell
from tests.failing_disk import COMPILER, PRELOAD, build
from tests.hub import Hub, huiyin, until

GOLDEN = Path(__file__).with_name("golden")
RELEASES = sorted(path.name.removesuffix(".tar.xz") for path in GOLDEN.glob("*.tar.xz"))
HUBS = [release for release in RELEASES if not release.endswith("-station")]
JSON = {"Accept": "application/json"}


class Upgrader:
    """The one process that opens folders and dies in its forks; see `upgrading_nodes.py`."""

    def __init__(self, scratch: Path) -> None:
        library = scratch / "failing_disk.so"
        build(library)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.folder.upgrading_nodes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, PRELOAD: str(library)},
        )

    def open(
        self, folder: Path, *, at: int = 0, torn: bool = False, site: bool = False
    ) -> dict[str, Any]:
        """Open a folder in a fork, and return what came of it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        task = {"folder": str(folder), "at": at, "torn": torn, "site": site}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        report: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "error" not in report, report["error"]
        return report

    def close(self) -> None:
        """End the process."""
        self._process.communicate("")


@pytest.fixture(scope="module")
def upgrader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgrader]:
    """A process that has imported all, for it is killed some thousand times."""
    if COMPILER is None:
        pytest.skip("there is no C compiler to make a disk at which a process dies")
    made = Upgrader(tmp_path_factory.mktemp("upgrader"))
    yield made
    made.close()


def unpacked(release: str, home: Path) -> dict[str, Any]:
    """Put a release's folder and replica below `home`; return what that release said of it."""
    with tarfile.open(GOLDEN / f"{release}.tar.xz") as archive:
        archive.extractall(home, filter="fully_trusted")
    expected: dict[str, Any] = json.loads((home / "expected.json").read_text("utf-8"))
    return expected


def steps_of(changes: int, most: int) -> list[int]:
    """Return at which changes to die: at each, or at some of them that are spread evenly."""
    most = min(most, changes)
    return [1 + (2 * number + 1) * changes // (2 * most) for number in range(most)]


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("release", RELEASES)
def test_an_upgrade_that_is_killed_at_any_step_ends_as_one_in_one_go(
    tmp_path: Path, upgrader: Upgrader, release: str
) -> None:
    unpacked(release, tmp_path)
    left = tmp_path / "data"
    whole = Path(shutil.copytree(left, tmp_path / "whole"))
    in_one_go = upgrader.open(whole)
    assert in_one_go["ok"]
    assert in_one_go["secrets"] > 0 or release.endswith("-station")
    # A second start changes nothing any more.
    again = upgrader.open(whole)
    assert {**again, "changes": 0} == {**in_one_go, "changes": 0}
    kills = 0
    # Each step that is not done, and some writes of which half is done.
    for torn, most in ((False, count(2, in_one_go["changes"])), (True, count(1, 100))):
        for step in steps_of(in_one_go["changes"], most):
            folder = Path(shutil.copytree(left, tmp_path / "killed"))
            if upgrader.open(folder, at=step, torn=torn).get("died"):
                kills += 1
                after = upgrader.open(folder)
                assert {**after, "changes": 0} == {**again, "changes": 0}, (step, torn)
            shutil.rmtree(folder)
    # The mark of how far the log is goes to the disk once a second, so runs differ by a few steps.
    assert kills >= count(2, in_one_go["changes"] - 10)
    tell("upgrades", kills, note=release)
    sys.stdout.write(f"\n{release}: {in_one_go['changes']} steps, {kills} kills, 0 lost\n")


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("release", HUBS if FULL else HUBS[-1:])
def test_a_site_that_is_killed_while_a_newer_release_builds_it_comes_out_whole(
    tmp_path: Path, upgrader: Upgrader, release: str
) -> None:
    unpacked(release, tmp_path)
    left = tmp_path / "data"
    whole = Path(shutil.copytree(left, tmp_path / "whole"))
    in_one_go = upgrader.open(whole, site=True)
    assert in_one_go["ok"] and in_one_go["pages"] > 20
    for step in steps_of(in_one_go["changes"], count(1, 40)):
        folder = Path(shutil.copytree(left, tmp_path / "killed"))
        upgrader.open(folder, at=step, site=True)
        after = upgrader.open(folder, site=True)
        assert {**after, "changes": 0} == {**in_one_go, "changes": 0}, step
        shutil.rmtree(folder)


@pytest.mark.parametrize("release", HUBS)
def test_what_a_release_said_of_its_matters_is_said_after_the_upgrade(
    tmp_path: Path, release: str
) -> None:
    expected = unpacked(release, tmp_path)
    settings = load_settings(tmp_path / "data", replica="off")
    node = Node(settings)
    try:
        with TestClient(make_application(node), base_url="http://127.0.0.1:8000") as client:
            for matter in expected["matters"]:
                address = f"/m/{matter['number']}"
                answer = client.get(address, params={"key": matter["key"]}, headers=JSON)
                assert answer.status_code == 200, matter
                assert said(answer.json()) == said(matter["said"])
                assert client.get(address, params={"key": "0" * 16}).status_code == 404
                contact = client.get(
                    f"/api/v1/matters/{matter['number']}/contact",
                    headers={"Authorization": f"Bearer {expected['tokens']['office']}"},
                )
                if matter["contact"]["name"]:
                    assert contact.json() == matter["contact"]
                else:
                    # It was erased, and an upgrade brings nothing of it back.
                    assert matter["text"] not in ("", "桥栏杆断了")
                    assert "1390" not in contact.text
            for name, password in list(expected["passwords"].items())[: count(1, 5)]:
                client.cookies.clear()
                answer = client.post("/console/sign-in", data={"name": name, "password": password})
                assert "sign-in" not in str(answer.url), name
        photos = node.attachments.newest_position()
        assert photos == 1
    finally:
        node.stop()


def said(matter: dict[str, Any]) -> dict[str, Any]:
    """Return what a villager was told of a matter, as far as every release tells it."""
    steps = [(step["at"], step["type"], step.get("text", "")) for step in matter["steps"]]
    told = {name: matter[name] for name in ("number", "state", "received_at", "due_at")}
    return {**told, "steps": steps}


@pytest.mark.faults
@pytest.mark.litestream
@pytest.mark.parametrize("release", HUBS if FULL else HUBS[:1])
def test_the_replica_of_a_release_goes_on_with_the_next_one(tmp_path: Path, release: str) -> None:
    """Starts a hub: what an older release replicated, and this one adds, is restored together."""
    expected = unpacked(release, tmp_path)
    (tmp_path / "data" / "huiyin.toml").write_text("same_disk_counts = true\n")
    with Hub(tmp_path / "data") as hub:
        hub.start()
        new = hub.raise_matter("升级以后的一件")
        until(lambda: hub.follow(new)["safety"] == "durable")
        for matter in expected["matters"][:3]:
            until(lambda told=matter: hub.follow(told)["safety"] == "durable")  # type: ignore[misc]
    state = huiyin("matters", "verify", "--data", tmp_path / "data").stdout.split()[0]
    kit = tmp_path / "data" / "recovery-kit.txt"
    restored = tmp_path / "restored"
    done = huiyin("restore", "--from", hub.replica, "--kit", kit, "--data", restored)
    assert done.stdout.split()[0] == state


@pytest.mark.parametrize("name", ["huiyin.db", "attachments.db"])
def test_a_folder_that_a_newer_release_wrote_is_refused_in_words_and_left_as_it_is(
    tmp_path: Path, name: str
) -> None:
    unpacked(HUBS[-1], tmp_path)
    data = tmp_path / "data"
    Node(load_settings(data, replica="off")).stop()
    with closing(connect(data / name)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) "
            "VALUES ('matters', 'm999_of_tomorrow', '2031-01-01')"
        )
    before = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
    for words in (["matters", "verify"], ["users", "add", "x", "--role", "admin"], ["serve"]):
        refused = huiyin(*words, "--data", data, check=False)
        assert refused.returncode == 1
        assert "更新的版本" in refused.stderr and "m999_of_tomorrow" in refused.stderr
        assert "Traceback" not in refused.stderr
    told = huiyin("doctor", "--json", "--data", data, check=False)
    assert "newer-folder" in told.stdout
    after = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
    assert after == before
