"""Nodes on one replica, one after the other or several at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync.keeping.claims.claim import ReplicaRefused, claim_of, places_of
from sync.keeping.claims.claim_notes import note_restored
from sync.keeping.claims.claimant import Claimant
from sync.keeping.durability import DurabilityState
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import restore_newest
from tests.sync.keeping.replica_servers import KINDS
from tests.sync.node import Node, until

# A few tests run on each kind always; all of them do in full.
on_each_kind = pytest.mark.parametrize("replica", KINDS, indirect=True)


@contextmanager
def living(home: Path, replica: str, **how: bool | str) -> Iterator[Node]:
    """Yield a node that is being served."""
    node = Node(home, replica=replica, **how)  # type: ignore[arg-type]
    node.litestream.start(0)
    node.durability.start()
    try:
        yield node
    finally:
        node.close()


def filled(home: Path, replica: str, commits: int = 5) -> None:
    """Leave a replica that a node wrote, and the node's folder."""
    with living(home, replica) as node:
        for _ in range(commits):
            assert node.durability.await_durable(node.commit(), 20)


def restored(home: Path, replica: str, data: str) -> int:
    """Restore into a folder of that name, and return up to which commit it came."""
    folder = home / data
    folder.mkdir(parents=True)
    place = ReplicaPlace.parse(replica)
    claim = claim_of(place)
    places = places_of(place, claim)
    restore_newest("events", places, folder / "events.db")
    (folder / "node").write_text((home / "data" / "node").read_text())
    probe = Node(home, replica=replica, data=data)
    note_restored(folder, claim, probe.claimant.databases)
    probe.connection.close()
    return probe.commits


def claimed_and_died(home: Path, replica: str, step: str = "", data: str = "data") -> bool:
    """Let a node claim the replica and end; return whether it died at a step of the claimant's."""

    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    node = Node(home, replica=replica, data=data)
    try:
        with pytest.MonkeyPatch.context() as patch:
            if step:
                patch.setattr(Claimant, step, die)
            node.claimant.take()
    except KeyboardInterrupt:
        return True
    finally:
        node.connection.close()
        node.claimant.close()
    return False


def refused(node: Node, code: str) -> str:
    """Wait until the node says why it may not write; nothing of it is ever durable."""
    number = node.commit()
    until(lambda: node.durability.report().state is DurabilityState.REFUSED, 20)
    assert not node.durability.await_durable(number, 0.3)
    refusal = node.litestream.refusal
    assert isinstance(refusal, ReplicaRefused)
    assert refusal.code == code
    until(lambda: node.litestream.status.pid is None)
    return str(refusal)


def ignoring_sockets(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.endswith(".sock")}
