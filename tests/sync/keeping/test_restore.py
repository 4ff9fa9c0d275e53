"""A restore is whole or not there, and says in words what is wrong."""

from pathlib import Path

import pytest

from eventlog.database import connect
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import (
    NoBackupError,
    ReplicaUnreachableError,
    RestoreDamagedError,
    RestoreError,
    TargetNotEmptyError,
    is_damage,
    restore,
)
from tests.sync.node import Node

pytestmark = pytest.mark.litestream


@pytest.mark.parametrize("suffix", ["", "-wal", "-journal"])
def test_a_restore_overwrites_nothing(node: Node, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / "target.db"
    Path(f"{target}{suffix}").write_text("mine")
    with pytest.raises(TargetNotEmptyError):
        restore(node.name, node.place, target)
    assert Path(f"{target}{suffix}").read_text() == "mine"


def test_where_there_is_no_backup_it_says_so(tmp_path: Path) -> None:
    target = tmp_path / "new" / "target.db"
    with pytest.raises(NoBackupError, match="no folder"):
        restore("events", ReplicaPlace.parse(str(tmp_path / "nowhere")), target)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoBackupError, match="no backup of events"):
        restore("events", ReplicaPlace.parse(str(tmp_path / "empty")), target)
    assert list(target.parent.iterdir()) == []


def test_an_unreachable_replica_can_be_tried_again(tmp_path: Path) -> None:
    place = ReplicaPlace.parse(
        "sftp://someone:secret@127.0.0.1:1/replica?host-key=ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIKDdM1k2SkXuRSuWG4PXMFzkvGIg2mdr+cBzJoKE1Wqg"
    )
    with pytest.raises(ReplicaUnreachableError) as raised:
        restore("events", place, tmp_path / "target.db")
    assert "secret" not in str(raised.value)
    assert raised.value.code == "replica_unreachable"


@pytest.mark.parametrize(
    ("complaint", "damage"),
    [
        ("decode database: decode page 55822: page checksum mismatch", True),
        ("cannot calc restore plan: non-contiguous transaction ids in input files", True),
        (
            "decode database: decode page 55822: read page header 195: max retries exceeded "
            "reading ltx file (level=0, min=3ef, max=3ef, offset=16610): nats: timeout",
            False,
        ),
        ("decode header: read tcp 127.0.0.1:4: connection reset by peer", False),
        ("decode page 1: context deadline exceeded", False),
    ],
)
def test_a_line_that_fails_in_the_middle_of_a_file_is_no_damage(
    complaint: str, damage: bool
) -> None:
    """A restore that took it for damage would go back to an older point, and call that whole."""
    assert is_damage(complaint) is damage


def transactions_of(path: Path) -> tuple[int, int]:
    """Return the first and the last transaction that a file of a replica holds."""
    first, _, last = path.stem.partition("-")
    return int(first, 16), int(last, 16)


def test_a_damaged_replica_gives_no_database(node: Node, tmp_path: Path) -> None:
    for _ in range(20):
        assert node.durability.await_durable(node.commit(), 5)
    # At rest, or a hole is filled by what Litestream folds into the next level meanwhile.
    node.litestream.stop(2)
    newest = max(node.replica_folder.glob("ltx/0/*.ltx"))
    missing = transactions_of(newest)[0] - 1
    for path in node.replica_folder.glob("ltx/*/*.ltx"):
        first, last = transactions_of(path)
        if first <= missing <= last:
            path.unlink()
    with pytest.raises(RestoreDamagedError, match="hole"):
        restore(node.name, node.place, tmp_path / "target.db")
    assert not (tmp_path / "target.db").exists()


def test_flipped_bits_give_no_database(node: Node, tmp_path: Path) -> None:
    assert node.durability.await_durable(node.commit(), 5)
    # At rest, or the damaged file is folded into another by a Litestream that has it whole.
    node.litestream.stop(2)
    for path in node.replica_folder.glob("ltx/*/*.ltx"):
        if transactions_of(path)[0] == 1:
            content = bytearray(path.read_bytes())
            for place in range(120, len(content) - 40, 7):
                content[place] ^= 0xFF
            path.write_bytes(content)
    with pytest.raises(RestoreError):
        restore(node.name, node.place, tmp_path / "target.db")
    assert not (tmp_path / "target.db").exists()


def test_names_in_chinese_and_with_percent_signs(tmp_path: Path) -> None:
    node = Node(tmp_path / "回音 100% $HOME", replica=tmp_path / "备份 50%")
    try:
        node.start()
        assert node.durability.await_durable(node.commit(), 5)
        assert node.restored_up_to() == 1
    finally:
        node.close()
    address = (tmp_path / "备份 50%").as_uri()
    restore(node.name, ReplicaPlace.parse(address).below("events"), tmp_path / "by-url.db")
    connection = connect(tmp_path / "by-url.db", read_only=True)
    assert connection.execute("SELECT count(*) FROM row").fetchone()[0] == 2
    connection.close()
