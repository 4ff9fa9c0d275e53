"""Two nodes on one replica at once: one is shut out, and nothing that either confirmed is lost."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sync.keeping.claims.claim import Claim, ReplicaRefused
from sync.keeping.stores.store import StoreError
from tests.sync.keeping.claimed_nodes import (
    claimed_and_died,
    filled,
    ignoring_sockets,
    living,
    on_each_kind,
    refused,
    restored,
)
from tests.sync.node import Node, until

pytestmark = pytest.mark.litestream


def test_started_twice_on_one_address(tmp_path: Path, replica: str) -> None:
    with living(tmp_path / "one", replica) as one:
        assert one.durability.await_durable(one.commit(), 20)
        with living(tmp_path / "two", replica) as two:
            refused(two, "foreign")
            assert one.durability.await_durable(one.commit(), 20)
    assert restored(tmp_path / "one", replica, "again") == 2


def test_two_that_start_at_one_moment(tmp_path: Path, replica: str) -> None:
    """One of them claims the replica; the other one never calls anything durable."""
    nodes = [Node(tmp_path / name, replica=replica) for name in ("one", "two")]
    threads = [threading.Thread(target=node.litestream.start, args=(0,)) for node in nodes]
    for thread in threads:
        thread.start()
    try:
        for node in nodes:
            node.durability.start()
        numbers = [node.commit() for node in nodes]
        until(lambda: any(node.litestream.refusal for node in nodes), 20)
        durable = [
            node.durability.await_durable(number, 10 if node.litestream.refusal is None else 0.2)
            for node, number in zip(nodes, numbers, strict=True)
        ]
        assert sorted(durable) == [False, True]
    finally:
        for node in nodes:
            node.close()


def test_a_copy_of_a_living_node_shuts_it_out_or_is_shut_out(tmp_path: Path, replica: str) -> None:
    """A machine was cloned, and both run."""
    with living(tmp_path, replica) as node:
        for _ in range(3):
            assert node.durability.await_durable(node.commit(), 20)
        shutil.copytree(node.folder, tmp_path / "clone", ignore=ignoring_sockets)
        with living(tmp_path, replica, data="clone") as clone:
            assert clone.durability.await_durable(clone.commit(), 20)
            refused(node, "ahead")
            assert clone.durability.await_durable(clone.commit(), 20)
    assert restored(tmp_path, replica, "again") == 5


@on_each_kind
def test_a_restored_node_goes_on_and_the_one_of_before_does_not(
    tmp_path: Path, replica: str
) -> None:
    """It was only paused: what it uploads when it wakes lies beside what the new one wrote."""
    with living(tmp_path, replica) as node:
        for _ in range(3):
            assert node.durability.await_durable(node.commit(), 20)
        assert restored(tmp_path, replica, "again") == 3
        with living(tmp_path, replica, data="again") as new:
            for _ in range(3):
                assert new.durability.await_durable(new.commit(), 20)
            # The pause is over: Litestream uploads at once, whatever its keeper will say.
            refused(node, "ahead")
            assert new.durability.await_durable(new.commit(), 20)
    assert restored(tmp_path, replica, "third") == 7


def test_what_was_written_between_a_restore_and_its_start_is_not_lost(
    tmp_path: Path, replica: str
) -> None:
    with living(tmp_path, replica) as node:
        assert node.durability.await_durable(node.commit(), 20)
        assert restored(tmp_path, replica, "again") == 1
        assert node.durability.await_durable(node.commit(), 20)
    with living(tmp_path, replica, data="again") as new:
        refused(new, "ahead")
    assert restored(tmp_path, replica, "third") == 2


def test_a_second_restore_is_refused_once_the_first_has_begun(tmp_path: Path, replica: str) -> None:
    filled(tmp_path, replica)
    restored(tmp_path, replica, "first")
    restored(tmp_path, replica, "second")
    with living(tmp_path, replica, data="first") as first:
        assert first.durability.await_durable(first.commit(), 20)
    with living(tmp_path, replica, data="second") as second:
        refused(second, "ahead")
    assert restored(tmp_path, replica, "third") == 6


@on_each_kind
@pytest.mark.parametrize("cut", ["_make_places", ""])
def test_what_a_restored_node_claimed_and_died_is_restored_from_the_root_of_before(
    tmp_path: Path, replica: str, cut: str
) -> None:
    """It died before the places of its databases were made, or before it wrote to them."""
    filled(tmp_path, replica)
    restored(tmp_path, replica, "first")
    assert claimed_and_died(tmp_path, replica, cut, data="first") is bool(cut)
    assert restored(tmp_path, replica, "second") == 5
    with living(tmp_path, replica, data="second") as second:
        assert second.durability.await_durable(second.commit(), 20)
    assert restored(tmp_path, replica, "third") == 6


def interrupted(patch: pytest.MonkeyPatch, node: Node, meanwhile: Callable[[], None]) -> None:
    """Let something happen once a node has looked at the replica, and before it claims it."""
    claim = node.claimant._new_claim

    def late(*arguments: Any) -> Claim:
        patch.undo()
        meanwhile()
        return claim(*arguments)

    patch.setattr(node.claimant, "_new_claim", late)


def test_what_a_living_node_confirms_while_its_copy_claims_is_not_lost(
    tmp_path: Path, replica: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with living(tmp_path, replica) as node:
        assert node.durability.await_durable(node.commit(), 20)
        shutil.copytree(node.folder, tmp_path / "clone", ignore=ignoring_sockets)
        clone = Node(tmp_path, replica=replica, data="clone")

        def meanwhile() -> None:
            assert node.durability.await_durable(node.commit(), 20)

        interrupted(monkeypatch, clone, meanwhile)
        with pytest.raises(ReplicaRefused, match="older"):
            clone.claimant.take()
        clone.close()
    assert restored(tmp_path, replica, "again") == 2


def test_of_two_that_were_restored_what_the_faster_one_confirms_is_not_lost(
    tmp_path: Path, replica: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, replica)
    for data in ("fast", "slow"):
        restored(tmp_path, replica, data)
    slow = Node(tmp_path, replica=replica, data="slow")

    def meanwhile() -> None:
        with living(tmp_path, replica, data="fast") as fast:
            assert fast.durability.await_durable(fast.commit(), 20)

    interrupted(monkeypatch, slow, meanwhile)
    with pytest.raises(StoreError, match="same moment"):
        slow.claimant.take()
    with pytest.raises(ReplicaRefused, match="older"):
        slow.claimant.take()
    slow.close()
    assert restored(tmp_path, replica, "third") == 6
