"""A disk is wiped, again and again: what was durable is in the replica, once, and nothing breaks.

`HUIYIN_WIPE="s3 17"` plays one round of a failure again, on a replica of its own, ten times.
"""

import os
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sync.keeping.claimant import claim_of
from sync.keeping.replica import ReplicaPlace
from tests.counts import count
from tests.sync.keeping.replica_servers import KINDS, S3_KEYS, Servers
from tests.sync.keeping.wiped_nodes import NAMES, QUICK, Life, Row, WipedNode, restored
from tests.sync.keeping.wiping import Wiping, compared

pytestmark = [pytest.mark.litestream, pytest.mark.faults]
# So many are made of one node before it is exchanged, or they would take ever longer.
A_NODES_RESTORES = 50
AGAIN = os.environ.get("HUIYIN_WIPE", "")


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", [AGAIN.partition(" ")[0]] if AGAIN else KINDS)
def test_a_disk_is_wiped_and_what_was_durable_is_there_once(
    tmp_path: Path, servers: Servers, kind: str
) -> None:
    """Server and Litestream are processes that are killed and stopped."""
    seeds = [f"{kind} {number}" for number in range(count(3 if kind == "folder" else 1, 100))]
    began = time.monotonic()
    wiping = Wiping(tmp_path, servers.replica(kind, "wiped"))
    try:
        for seed in [AGAIN] * 10 if AGAIN else seeds:
            try:
                wiping.round(seed)
            except Exception as error:
                error.add_note(f"HUIYIN_WIPE={seed!r} plays it again")
                raise
    finally:
        wiping.close()
        took_s = time.monotonic() - began
        sys.stdout.write(f"\n{kind}: {wiping.tally}, {took_s:.0f} s\n")


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", KINDS)
def test_a_restore_while_a_node_writes_is_whole(
    tmp_path: Path, servers: Servers, kind: str
) -> None:
    """Two restore at a time, while files are folded into others and removed.

    Each restored database passed SQLite's own check before it was given its name.
    """
    restores = count(4 if kind == "folder" else 2, 700 if kind == "folder" else 100)
    began, told = time.monotonic(), 0
    for first in range(0, restores, A_NODES_RESTORES):
        home = tmp_path / str(first)
        place = servers.replica(kind, f"written-{first}")
        address = place.url or str(place.folder)
        life = Life(home / "data", address, f"{kind} {first}", QUICK, pauses_s=(0.001,))
        node = WipedNode(life, tuple(S3_KEYS.items()))
        hearing = threading.Lock()

        def restore_one(
            number: int,
            home: Path = home,
            address: str = address,
            node: WipedNode = node,
            hearing: threading.Lock = hearing,
        ) -> int:
            with hearing:
                node.listen()
                durable = frozenset(node.durable)
            folder = home / f"restored-{number}"
            restored(folder, address)
            assert compared(folder, durable) == ([], [])
            shutil.rmtree(folder)
            return len(durable)

        try:
            node.await_durable(60)
            with ThreadPoolExecutor(2) as two:
                told += sum(two.map(restore_one, range(min(A_NODES_RESTORES, restores - first))))
        finally:
            node.close()
    took_s = time.monotonic() - began
    sys.stdout.write(f"\n{kind}: {restores} restores, {told} rows to find, {took_s:.0f} s\n")


def test_each_database_comes_from_the_newest_root_that_has_it(tmp_path: Path) -> None:
    """A node that was restored died when photos had not come to its root yet.

    It is killed, so it has a process of its own.
    """
    replica, told = tmp_path / "replica", set[Row]()

    def lived(name: str) -> None:
        node = WipedNode(Life(tmp_path / name, str(replica), name, QUICK))
        try:
            while {row.name for row in node.durable} != set(NAMES):
                node.await_durable(60)
        finally:
            node.close()
        told.update(node.durable)

    lived("first")
    before = frozenset(told)
    restored(tmp_path / "second", str(replica))
    lived("second")
    claim = claim_of(ReplicaPlace.parse(str(replica)))
    assert claim is not None and claim.before == ("",)
    shutil.rmtree(replica / claim.root / NAMES[1])
    told = {row for row in told if row.name == NAMES[0] or row in before}
    for name in ("third", "fourth"):
        restored(tmp_path / name, str(replica))
        assert compared(tmp_path / name, told) == ([], [])
        lived(name)
