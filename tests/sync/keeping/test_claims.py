"""A node never writes over a replica that knows more than it does, or that is another's."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from eventlog.database import reading
from sync.keeping.claim import NAME, Claim, ReplicaRefused
from sync.keeping.claim_notes import FILE_NAME
from sync.keeping.claimant import Claimant, claim_of, note_restored
from sync.keeping.durability import DurabilityState
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restore import restore_newest
from sync.keeping.stores.store import StoreError, open_store
from tests.counts import FULL
from tests.sync.keeping.replica_servers import KINDS, Servers
from tests.sync.node import Node, until

pytestmark = pytest.mark.litestream


# A few tests run on each kind always; all of them do in full.
on_each_kind = pytest.mark.parametrize("replica", KINDS, indirect=True)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Real servers, for what they answer when is the point."""
    running = Servers(tmp_path_factory.mktemp("servers"))
    yield running
    running.close()


@pytest.fixture(params=KINDS if FULL else ["folder"])
def replica(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> str:
    """The address of a replica that nothing was written to."""
    place = servers.replica(request.param, tmp_path.name.replace("_", "-"))
    return place.url or str(place.folder)


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
    places = [place] if claim is None else claim.places(place)
    restore_newest("events", places, folder / "events.db")
    (folder / "node").write_text((home / "data" / "node").read_text())
    probe = Node(home, replica=replica, data=data)
    note_restored(folder, claim, probe.claimant.databases)
    probe.connection.close()
    return probe.commits


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


def test_started_on_an_empty_folder(tmp_path: Path, replica: str) -> None:
    """A disk was not mounted: the folder is new, and so is the node."""
    filled(tmp_path, replica)
    with living(tmp_path, replica, data="unmounted") as node:
        assert "another node" in refused(node, "foreign")
    assert restored(tmp_path, replica, "again") == 5


@pytest.mark.parametrize("ended", ["in order", "killed"])
def test_started_on_older_data(tmp_path: Path, replica: str, ended: str) -> None:
    """An image of the machine was put back, with all that lay in the folder."""
    filled(tmp_path, replica, 3)
    image = tmp_path / "image"
    shutil.copytree(tmp_path / "data", image)
    with living(tmp_path, replica) as node:
        for _ in range(3):
            assert node.durability.await_durable(node.commit(), 20)
        if ended == "killed":
            shutil.copytree(node.folder, tmp_path / "killed", ignore=ignoring_sockets)
    if ended == "killed":
        # The image has the newest run's own note, and older data.
        shutil.copy(tmp_path / "killed" / FILE_NAME, image / FILE_NAME)
    shutil.rmtree(tmp_path / "data")
    image.rename(tmp_path / "data")
    with living(tmp_path, replica) as node:
        assert node.commits == 3
        refused(node, "ahead")
    shutil.rmtree(tmp_path / "data" / ".events.db-litestream")
    assert restored(tmp_path, replica, "again") == 6


def ignoring_sockets(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.endswith(".sock")}


def test_started_without_its_write_ahead_log(tmp_path: Path, replica: str) -> None:
    """Somebody deleted the WAL of a node that was killed."""
    with living(tmp_path, replica) as node:
        for _ in range(4):
            assert node.durability.await_durable(node.commit(), 20)
        older = tmp_path / "older"
        shutil.copytree(node.folder, older, ignore=ignoring_sockets)
    for wal in older.glob("*.db-*"):
        if wal.is_file():
            wal.unlink()
    shutil.rmtree(tmp_path / "data")
    older.rename(tmp_path / "data")
    with living(tmp_path, replica) as node:
        assert node.commits < 4
        assert "older" in refused(node, "ahead")
    assert restored(tmp_path, replica, "again") == 4


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
def test_a_replica_anew_leaves_the_old_one_whole_and_aside(tmp_path: Path, replica: str) -> None:
    filled(tmp_path, replica)
    claim = claim_of(ReplicaPlace.parse(replica))
    assert claim is not None
    with living(tmp_path, replica, data="unmounted", anew=True) as node:
        assert node.durability.await_durable(node.commit(), 20)
        number = node.commits
    aside = ReplicaPlace.parse(replica).aside(f"aside-{claim.run[:8]}")
    there = claim_of(aside)
    assert there is not None
    restore_newest("events", there.places(aside), tmp_path / "aside.db")
    with reading(tmp_path / "aside.db") as copy:
        assert copy.execute("SELECT max(id) FROM row").fetchone()[0] == 5
    assert restored(tmp_path, replica, "again") == number


def test_a_replica_of_before_there_were_claims_is_taken_where_it_knows_no_more(
    tmp_path: Path, replica: str
) -> None:
    filled(tmp_path, replica)
    with closing(open_store(ReplicaPlace.parse(replica))) as store:
        store.move_aside("gone", [NAME])
    (tmp_path / "data" / FILE_NAME).unlink()
    with living(tmp_path, replica, data="another") as node:
        refused(node, "ahead")
    assert restored(tmp_path, replica, "again") == 5
    with living(tmp_path, replica, data="again") as node:
        assert node.durability.await_durable(node.commit(), 20)
        assert "since-" in node.place.label
    assert restored(tmp_path, replica, "third") == 6


def test_a_claim_that_cannot_be_read_is_nobodys(tmp_path: Path, replica: str) -> None:
    filled(tmp_path, replica)
    with closing(open_store(ReplicaPlace.parse(replica))) as store:
        whole = store.read(NAME)
        assert whole is not None
        for content in (b"", b"{}", whole[:-2], whole[:10], whole.replace(b'"log"', b'"lag"')):
            store.replace(NAME, content)
            with living(tmp_path, replica) as node:
                refused(node, "claim-unreadable")
        store.replace(NAME, whole)
    with living(tmp_path, replica) as node:
        assert node.durability.await_durable(node.commit(), 20)


def test_a_start_that_was_cut_anywhere_is_no_stranger(
    tmp_path: Path, replica: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noted and not claimed, claimed and not begun: the next start takes it."""
    filled(tmp_path, replica)
    for cut in ("_create", "_replace"):

        def die(*arguments: object) -> None:
            raise KeyboardInterrupt

        probe = Node(tmp_path, replica=replica)
        with monkeypatch.context() as patch:
            patch.setattr(Claimant, cut, die)
            with pytest.raises(KeyboardInterrupt) if cut == "_replace" else nullcontext():
                probe.claimant.take()
        probe.connection.close()
        probe.claimant.close()
        with living(tmp_path, replica) as node:
            assert node.durability.await_durable(node.commit(), 20)


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


def test_a_replica_anew_that_was_cut_is_begun_again_though_the_old_node_wrote_on(
    tmp_path: Path, replica: str
) -> None:
    filled(tmp_path, replica)
    claim = claim_of(ReplicaPlace.parse(replica))
    assert claim is not None
    label = f"aside-{claim.run[:8]}"
    with closing(open_store(ReplicaPlace.parse(replica))) as store:
        store.move_aside(label, ["events"])
    with living(tmp_path, replica) as node:
        number = node.commit()
        assert node.durability.await_durable(number, 20)
    with closing(open_store(ReplicaPlace.parse(replica))) as store:
        # As it was when the first call was cut.
        store.replace(NAME, claim.encoded)
    with living(tmp_path, replica, data="unmounted", anew=True) as new:
        assert new.durability.await_durable(new.commit(), 20)
    aside = ReplicaPlace.parse(replica).aside(label)
    restore_newest("events", [aside], tmp_path / "aside.db")
    with reading(tmp_path / "aside.db") as copy:
        assert copy.execute("SELECT max(id) FROM row").fetchone()[0] == number


def test_what_a_replica_needs_no_more_is_not_looked_at_for_ever(
    tmp_path: Path, replica: str
) -> None:
    """Each restore begins a root; those from which no restore would bring anything are let go."""
    filled(tmp_path, replica, 1)
    place = ReplicaPlace.parse(replica)
    for number in range(1, 4):
        assert restored(tmp_path, replica, f"again-{number}") == number
        before = claim_of(place)
        with living(tmp_path, replica, data=f"again-{number}") as node:
            assert node.durability.await_durable(node.commit(), 20)
            claim = claim_of(place)
            assert claim is not None and before is not None
            assert claim.before == (before.root,)


def test_everybody_who_asks_is_told_that_a_replica_began_anew(tmp_path: Path, replica: str) -> None:
    """Somebody removed its claim; each database's confirmations begin with a plan again."""
    with living(tmp_path, replica) as node:
        assert node.durability.await_durable(node.commit(), 20)
        before = node.litestream.check_claim()
        with closing(open_store(ReplicaPlace.parse(replica))) as store:
            store.move_aside("gone", [NAME])
        assert node.durability.await_durable(node.commit(), 20)
        assert node.litestream.check_claim() == node.litestream.check_claim() > before


def test_an_address_in_another_form_is_the_same_replica(tmp_path: Path) -> None:
    folder = tmp_path / "备份 50%"
    filled(tmp_path, str(folder), 1)
    (tmp_path / "link").symlink_to(folder)
    for number, address in enumerate((folder.as_uri(), str(tmp_path / "link"), f"{folder}/"), 2):
        with living(tmp_path, address) as node:
            assert node.durability.await_durable(node.commit(), 20)
        assert restored(tmp_path, str(folder), f"again-{number}") == number
