"""A disk is wiped, again and again: what was durable is in the replica, once, and nothing breaks.

`HUIYIN_WIPE="s3 17"` plays one round of a failure again, on a replica of its own, ten times;
`HUIYIN_WIPE="s3 50-74"` plays some of the hundred, so that several processes share them.
"""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from sync.keeping.claims.claim import claim_of
from sync.keeping.replica import ReplicaPlace
from tests.counts import count
from tests.drills import tell
from tests.sync.keeping.replica_servers import KINDS, Servers
from tests.sync.keeping.wiped_nodes import NAMES, QUICK, Life, Row, WipedNode, restored
from tests.sync.keeping.wiping import Wiping, compared

pytestmark = [pytest.mark.litestream, pytest.mark.faults]
AGAIN = os.environ.get("HUIYIN_WIPE", "")


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", [AGAIN.partition(" ")[0]] if AGAIN else KINDS)
def test_a_disk_is_wiped_and_what_was_durable_is_there_once(
    tmp_path: Path, servers: Servers, kind: str
) -> None:
    """Server and Litestream are processes that are killed and stopped."""
    seeds = [f"{kind} {number}" for number in range(count(3 if kind == "folder" else 1, 100))]
    if AGAIN:
        first, _, last = AGAIN.partition(" ")[2].partition("-")
        seeds = [f"{kind} {number}" for number in range(int(first), int(last) + 1)] if last else []
        seeds = seeds or [AGAIN] * 10
    began = time.monotonic()
    wiping = Wiping(tmp_path, servers.replica(kind, "wiped"))
    try:
        for seed in seeds:
            try:
                wiping.round(seed)
            except Exception as error:
                error.add_note(f"HUIYIN_WIPE={seed!r} plays it again")
                raise
    finally:
        wiping.close()
        took_s = time.monotonic() - began
        sys.stdout.write(f"\n{kind}: {wiping.tally}, {took_s:.0f} s\n")
    tally = wiping.tally
    tell("wipes", tally.rounds, lost=tally.lost, twice=tally.twice, note=kind)


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
