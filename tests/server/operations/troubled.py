"""A node in the test's process that looks at itself often, and what it and `doctor` say."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from server.application import make_application
from server.folder.settings import load_settings
from server.node import Node
from server.operations import watch
from sync.keeping import litestream
from sync.keeping.claims import claimant
from sync.keeping.pulse import Pulse
from tests.hub import huiyin, until
from tests.seed import borrowed

JSON = {"Accept": "application/json"}
# What nobody would have to do anything about in a test's folder.
NO_NEWS = frozenset({"kit-not-printed", "same-disk", "no-paper", "descriptors-low"})


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Yield a folder on a disk of its own; skip where nobody may mount one."""
    folder.mkdir()
    complaint = _mounted(folder, "size=4g")
    if complaint:
        pytest.skip(f"no right to mount a small disk here: {complaint}")
    try:
        yield folder
    finally:
        # Lazily, for a test may have left it twice mounted or in use.
        unmount = ["umount", "-l", str(folder)]
        while subprocess.run(unmount, check=False, capture_output=True).returncode == 0:
            pass


def remount(folder: Path, options: Callable[[], str]) -> None:
    """Give the disk that is there other options, once it takes them: it may be written just now."""
    until(lambda: not _mounted(folder, f"remount,{options()}"))


def _mounted(folder: Path, options: str) -> str:
    """Return what mount(8) complains of, "" for nothing."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no such program"
    return done.stderr or "no reason told" if done.returncode else ""


def fill(folder: Path) -> None:
    """Leave a disk no room, without taking any memory for it."""

    def size() -> str:
        used = os.statvfs(folder)
        return f"size={max((used.f_blocks - used.f_bfree) * used.f_frsize, 4096)}"

    remount(folder, size)


def empty(folder: Path) -> None:
    """Give a disk its room back."""
    remount(folder, lambda: "size=4g")


class TroubledNode:
    """A node, a client that sits at the machine, and who else may be asked."""

    def __init__(self, data: Path, replica: str, *, sample: bool = False) -> None:
        self.data = data
        if sample:
            seed = borrowed()
            seed.copy_to(data)
            seed.returned()
        settings = load_settings(
            data, replica=replica, sync_every="off", durable_wait_s=0.1, sample=sample
        )
        self.node = Node(settings)
        self.keeper = self.node.replica.litestream
        if self.keeper is not None:
            databases = [data / "huiyin.db", data / "attachments.db"]
            self.keeper.pulse = Pulse(databases, 3.0)
        self.client = TestClient(
            make_application(self.node), base_url="http://127.0.0.1", client=("127.0.0.1", 1)
        )

    def health(self) -> dict[str, Any]:
        """Return what `/healthz` says."""
        told: dict[str, Any] = self.client.get("/healthz").json()
        return told

    def codes(self) -> set[str]:
        """Return what `/healthz` says is wrong."""
        return {problem["code"] for problem in self.health()["problems"]} - NO_NEWS

    def raise_matter(self) -> tuple[int, str]:
        """Send a matter; return the status, and how safe it is said to be."""
        answer = self.client.post("/matters", data={"text": "路灯坏了"}, headers=JSON)
        return answer.status_code, answer.json().get("safety", "")

    def shows(self, code: str, *, takes: tuple[int, str] = (201, "at_hub")) -> str:
        """Wait until the node and `doctor` say that this is wrong; return what was said of it.

        Meanwhile a matter is taken, and is not called durable.
        """
        assert self.raise_matter() == takes
        until(lambda: code in self.codes(), within_s=20)
        health = self.health()
        assert not health["ok"] and self.client.get("/healthz").status_code == 503
        until(lambda: code in doctor(self.data), within_s=10)
        assert f'huiyin_problem{{code="{code}"}} 1' in self.client.get("/metrics").text
        assert self.raise_matter() == takes
        said: str = health["replica_error"]
        return said

    def heals(self) -> None:
        """Wait until nothing is wrong any more, and what is new is durable again."""
        until(lambda: self.raise_matter() == (201, "durable"), within_s=30)
        until(lambda: self.health()["ok"] and not self.codes(), within_s=20)
        until(lambda: not doctor(self.data), within_s=10)

    def signal(self, number: signal.Signals) -> None:
        """Send Litestream a signal."""
        assert self.keeper is not None and self.keeper.status.pid is not None
        os.kill(self.keeper.status.pid, number)


def doctor(data: Path) -> set[str]:
    """Return the codes of what `doctor` finds wrong, without what is so in every test."""
    done = huiyin("doctor", "--json", "--data", data, check=False)
    assert "geheim" not in done.stdout
    return {problem["code"] for problem in json.loads(done.stdout)["problems"]} - NO_NEWS


@contextmanager
def impatient() -> Iterator[None]:
    """Let what looks at a replica look some ten times as often while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "LOOK_EVERY_S", 0.1)
        patch.setattr(watch, "SETTLED_S", 0.3)
        patch.setattr(watch, "GRACE_S", 0.0)
        patch.setattr(watch, "WRITE_EVERY_S", 0.5)
        patch.setattr(claimant, "ROOM_EVERY_S", 0.2)
        patch.setattr(litestream, "WATCH_EVERY_S", 0.2)
        patch.setattr(litestream, "LONGEST_PAUSE_S", 0.5)
        yield


@contextmanager
def running(data: Path, replica: str, *, sample: bool = False) -> Iterator[TroubledNode]:
    """Yield a node that runs."""
    with impatient():
        troubled = TroubledNode(data, replica, sample=sample)
        try:
            troubled.node.start()
            with troubled.client:
                yield troubled
        finally:
            troubled.node.stop()
