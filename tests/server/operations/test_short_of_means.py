"""Descriptors used up at a hub and a station, then free again: all goes on by itself.

Processes are started, for their limit is lowered from outside while they run: that is as if a crowd
held the rest.
"""

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.counts import count
from tests.hub import Hub, huiyin, until
from tests.server.exchange.test_station import join

pytestmark = [pytest.mark.litestream, pytest.mark.faults]
AGAIN_WITHIN_S = 30.0
USED_UP_S = float(count(2, 60))
# Fewer than any process has open: nothing more can be opened.
FEW_DESCRIPTORS = 6


@contextmanager
def used_up(limit: int, lowered: dict[int, int]) -> Iterator[None]:
    """Lower a limit of processes, each to a figure, while the block runs."""
    before = {pid: resource.prlimit(pid, limit) for pid in lowered}
    for pid, figure in lowered.items():
        resource.prlimit(pid, limit, (figure, before[pid][1]))
    try:
        yield
    finally:
        for pid, limits in before.items():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, limit, limits)


def address_space_bytes(pid: int) -> int:
    """Return how much of it a process has taken; with no more allowed it gets no thread either."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()


def pid_of(node: Hub) -> int:
    assert node.process is not None
    return node.process.pid


def litestream_of(node: Hub) -> int:
    return int((node.data / "litestream.pid").read_text())


def health(node: Hub) -> dict[str, Any]:
    told: dict[str, Any] = httpx2.get(node.url + "/healthz", timeout=30).json()
    return told


@pytest.fixture
def county(tmp_path: Path) -> Iterator[tuple[Hub, Hub]]:
    """A hub, and a station that joined it and carries by itself."""
    options = ("--role", "station", "--no-replica", "--sync-every", "1")
    with Hub(tmp_path / "hub", "--sample") as hub, Hub(tmp_path / "station", *options) as station:
        hub.start()
        station.start()
        join(station, hub, "石瓮站", "shiweng")
        yield hub, station


class Senders:
    """Senders at both nodes over lines that stay open, and the receipts that they were given."""

    def __init__(self, *nodes: Hub) -> None:
        self._nodes = nodes
        self._clients: dict[str, httpx2.Client] = {}
        self.receipts: list[tuple[Hub, dict[str, Any]]] = []

    def client(self, node: Hub) -> httpx2.Client:
        """Return the line to a node, a new one where it was cut."""
        known = self._clients.get(node.url)
        if known is None or known.is_closed:
            accepted = {"Accept": "application/json"}
            known = httpx2.Client(base_url=node.url, headers=accepted, timeout=8)
            self._clients[node.url] = node.opened(known)
        return known

    def send(self, node: Hub, text: str) -> int:
        """Send a matter and return the status, 0 where the line was cut or nothing came."""
        try:
            answer = self.client(node).post("/matters", data={"text": text})
        except httpx2.TransportError:
            self.client(node).close()
            return 0
        if answer.status_code == 201:
            self.receipts.append((node, answer.json()))
        return answer.status_code

    def send_for(self, seconds: float) -> set[int]:
        """Send to all nodes for a while, and return the statuses that came."""
        ends, statuses = time.monotonic() + seconds, set()
        while time.monotonic() < ends:
            statuses |= {self.send(node, f"紧的时候 {time.monotonic()}") for node in self._nodes}
        return statuses

    def all_is_kept(self, hub: Hub) -> None:
        """Wait until all is well again and each receipt durable at both nodes."""
        for node in self._nodes:
            until(lambda: self.send(node, "又有了") == 201, within_s=AGAIN_WITHIN_S)  # noqa: B023
        until(lambda: health(hub)["ok"] and not health(hub)["threads"], within_s=AGAIN_WITHIN_S)
        for node, receipt in self.receipts:
            # Those of the station are durable once the exchange has carried them up.
            until(
                lambda: node.follow(receipt)["safety"] == "durable",  # noqa: B023
                within_s=AGAIN_WITHIN_S,
            )
            assert hub.follow(receipt)["safety"] == "durable"


def test_all_goes_on_once_there_is_enough_again(county: tuple[Hub, Hub]) -> None:
    hub, station = county
    senders = Senders(hub, station)
    assert {senders.send(node, "有空的时候") for node in county} == {201}
    pids = [pid_of(hub), pid_of(station), litestream_of(hub)]
    with used_up(resource.RLIMIT_NOFILE, dict.fromkeys(pids, FEW_DESCRIPTORS)):
        # On lines that were open before: a new one nobody could take.
        assert senders.send_for(USED_UP_S) <= {201, 503, 507}
        told = senders.client(hub).get("/healthz")
        assert told.status_code == 503
        assert told.json()["descriptors"]["used"] >= told.json()["descriptors"]["limit"]
        assert "descriptors-few" in problems(hub)
    senders.all_is_kept(hub)
    assert not problems(hub) & {"descriptors-few", "descriptors-low"}
    # Neither memory nor threads; Litestream's own is Go's, which ends where it gets none.
    with used_up(resource.RLIMIT_AS, {pid: address_space_bytes(pid) for pid in pids[:2]}):
        senders.send_for(USED_UP_S)
    senders.all_is_kept(hub)
    for node in county:
        huiyin("matters", "verify", "--data", node.data)


def problems(node: Hub) -> set[str]:
    """Return the codes of what `doctor` finds wrong with a node."""
    told = json.loads(huiyin("doctor", "--json", "--data", node.data, check=False).stdout)
    return {problem["code"] for problem in told["problems"]}
