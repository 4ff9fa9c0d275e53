"""A restore while a node writes, folds and removes what was folded: whole, and all is in it."""

import math
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.counts import FULL, count
from tests.drills import tell
from tests.sync.keeping.replica_servers import KINDS, S3_KEYS, Servers
from tests.sync.keeping.wiped_nodes import QUICK, Life, WipedNode, restored
from tests.sync.keeping.wiping import compared

pytestmark = [pytest.mark.litestream, pytest.mark.faults]
# So many are made of one node before it is exchanged, or they would take ever longer: while NATS
# answers slowly the node writes on, and what there is to fetch grows.
A_NODES_RESTORES = {**dict.fromkeys(KINDS, 50), "nats": 10}


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", KINDS if FULL else ["folder"])
def test_a_restore_while_a_node_writes_is_whole(
    tmp_path: Path, servers: Servers, kind: str
) -> None:
    """Two restore at a time, while files are folded into others and removed.

    Each restored database passed SQLite's own check before it was given its name.
    """
    restores = count(6, 700 if kind == "folder" else 100)
    began, told = time.monotonic(), 0
    of_one = A_NODES_RESTORES[kind]
    for first in range(0, restores, of_one):
        home = tmp_path / str(first)
        place = servers.replica(kind, f"written-{first}")
        address = place.url or str(place.folder)
        life = Life(home / "data", address, f"{kind} {first}", QUICK, (0.001,), math.inf)
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
                told += sum(two.map(restore_one, range(min(of_one, restores - first))))
        finally:
            node.close()
    took_s = time.monotonic() - began
    sys.stdout.write(f"\n{kind}: {restores} restores, {told} rows to find, {took_s:.0f} s\n")
    tell("restores", restores, note=kind)
