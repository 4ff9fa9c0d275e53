"""A node never writes over a replica that knows more than it does, or that is another's."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from eventlog.database import reading
from sync.keeping.claims.claim import NAME, claim_of, places_of
from sync.keeping.claims.claim_notes import FILE_NAME
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import restore_newest
from sync.keeping.stores.store import open_store
from tests.sync.keeping.claimed_nodes import (
    claimed_and_died,
    filled,
    ignoring_sockets,
    living,
    on_each_kind,
    refused,
    restored,
)
from tests.sync.node import until

pytestmark = pytest.mark.litestream


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
    restore_newest("events", places_of(aside, there), tmp_path / "aside.db")
    with reading(tmp_path / "aside.db") as copy:
        assert copy.execute("SELECT max(id) FROM row").fetchone()[0] == 5
    assert restored(tmp_path, replica, "again") == number


def test_a_replica_whose_newest_file_is_damaged_begins_below_another_root(tmp_path: Path) -> None:
    """Litestream begins with the newest file that it finds there, and would never get on."""
    replica = str(tmp_path / "replica")
    with living(tmp_path, replica) as node:
        for _ in range(3):
            assert node.durability.await_durable(node.commit(), 20)
        for path in node.replica_folder.rglob("*.ltx"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        node.litestream.mark_broken("events", "cut")
        node.durability.ask_again()
        node.litestream.repair()
        until(lambda: node.place.label != str(tmp_path / "replica" / "events"), 20)
        assert node.durability.await_durable(node.commit(), 20)
    assert restored(tmp_path, replica, "again") == 4
    claim = claim_of(ReplicaPlace.parse(replica))
    assert claim is not None and claim.root and claim.before == ("",)
    # And so it goes on after the next start.
    with living(tmp_path, replica) as node:
        assert node.durability.await_durable(node.commit(), 20)
    assert restored(tmp_path, replica, "third") == 5


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


def test_a_start_that_was_cut_anywhere_is_no_stranger(tmp_path: Path, replica: str) -> None:
    """Noted and not claimed, claimed and not begun: the next start takes it."""
    filled(tmp_path, replica)
    for cut in ("_create", "_replace"):
        # What is there is replaced.
        assert claimed_and_died(tmp_path, replica, cut) is (cut == "_replace")
        with living(tmp_path, replica) as node:
            assert node.durability.await_durable(node.commit(), 20)


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


def test_a_restored_node_goes_on_from_what_is_whole_of_a_damaged_replica(
    tmp_path: Path, replica: str
) -> None:
    """It writes a root of its own; a node that was not restored from it is refused."""
    with living(tmp_path, replica) as node:
        for _ in range(12):
            assert node.durability.await_durable(node.commit(), 20)
        # Killed, so that the next start compares.
        shutil.copytree(node.folder, tmp_path / "killed", ignore=ignoring_sockets)
        folder = node.place.folder
    if folder is None:
        pytest.skip("files are taken from a folder only")
    damaged = sorted(folder.glob("ltx/0/*.ltx"))[-3]
    for path in folder.glob("ltx/*/*.ltx"):
        if path.stem.rpartition("-")[2] == damaged.stem.rpartition("-")[2]:
            path.unlink()
    shutil.rmtree(tmp_path / "data" / ".events.db-litestream")
    shutil.copy(tmp_path / "killed" / FILE_NAME, tmp_path / "data" / FILE_NAME)
    with living(tmp_path, replica) as node:
        refused(node, "damaged")
    whole = restored(tmp_path, replica, "again")
    assert 0 < whole < 12
    with living(tmp_path, replica, data="again") as node:
        assert node.durability.await_durable(node.commit(), 20)
    assert restored(tmp_path, replica, "third") == whole + 1
