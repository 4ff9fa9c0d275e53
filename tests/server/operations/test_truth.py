"""`/healthz` and `doctor` know why nothing is durable, for each cause; and when it is put right."""

import os
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from server.command_line import node_problems
from sync.keeping.claims.claim import NAME, Claim, new_run
from sync.keeping.replica import ReplicaPlace
from tests.counts import FULL, count
from tests.hub import until
from tests.server.operations.troubled import doctor, empty, fill, remount, running, small_disk
from tests.sync.keeping.replica_servers import (
    S3_KEYS,
    make_bucket,
    nats_server,
    s3_server,
    sftp_server,
)

pytestmark = [pytest.mark.litestream, pytest.mark.faults, pytest.mark.usefixtures("light")]


def test_a_folder(tmp_path: Path) -> None:
    """Its place, its room, its claim, and Litestream itself; one node sees them all."""
    with small_disk(tmp_path / "disk") as disk:
        replica = disk / "replica"
        with running(tmp_path / "data", str(replica)) as node:
            node.heals()
            aside = disk / "aside"
            replica.rename(aside)
            replica.write_text("a file in the way")
            assert "Not a directory" in node.shows("replica-missing")
            replica.unlink()
            aside.rename(replica)
            node.heals()

            fill(disk)
            assert "no space left" in node.shows("replica-full").lower()
            empty(disk)
            node.heals()

            if FULL:
                remount(disk, lambda: "ro")
                assert "read-only" in node.shows("replica-read-only").lower()
                remount(disk, lambda: "rw")
                node.heals()

            own = (replica / NAME).read_bytes()
            claimed = (
                ("replica-foreign", "f" * 16),
                ("replica-ahead", node.node.keys.fingerprint),
            )
            for code, fingerprint in claimed[: count(1, 2)]:
                other = Claim(node=fingerprint, log="0" * 16, run=new_run(), since=0)
                (replica / NAME).write_bytes(other.encoded)
                node.shows(code)
                (replica / NAME).write_bytes(own)
                node.heals()
            if FULL:
                (replica / NAME).write_bytes(own[:40])
                node.shows("claim-unreadable")
                (replica / NAME).write_bytes(own)
                node.heals()

            node.signal(signal.SIGSTOP)
            assert "has not answered" in node.shows("litestream-hangs")
            node.heals()

            # The disk is unmounted under it: what is there now is the data's own disk.
            subprocess.run(["umount", "-l", disk], check=True)
            node.shows("replica-unmounted", takes=(201, "at_hub"))


def test_the_datas_own_disk(tmp_path: Path) -> None:
    """Nothing is taken and nothing lost; the node still tells, on a disk that takes nothing."""
    with (
        small_disk(tmp_path / "disk") as disk,
        running(disk / "data", str(tmp_path / "replica")) as node,
    ):
        node.heals()
        fill(disk)
        # What is free in the database's own file is used first.
        until(lambda: node.raise_matter()[0] == 507, within_s=20)
        node.shows("disk-full", takes=(507, ""))
        assert "writer-fails" in node.codes()
        empty(disk)
        node.heals()


def test_another_machine_by_sftp(tmp_path: Path) -> None:
    home = tmp_path / "sftp"
    with ExitStack() as machine:
        address = machine.enter_context(sftp_server(home))
        port = ReplicaPlace.parse(address).port or 0

        def again(**files: bytes | None) -> None:
            """Switch the machine off, change files of it, and switch it on."""
            machine.close()
            for name, content in files.items():
                (home / name).unlink()
                if content is not None:
                    (home / name).touch(0o600)
                    (home / name).write_bytes(content)
            machine.enter_context(sftp_server(home, port))

        with running(tmp_path / "data", address) as node:
            node.heals()
            keys, host_key = (
                (home / name).read_bytes() for name in ("authorized_keys", "host_key")
            )
            machine.close()
            node.shows("replica-unreachable")
            again(authorized_keys=b"")
            node.shows("replica-denied")
            again(authorized_keys=keys, host_key=None)
            node.shows("replica-host-key")
            again(host_key=host_key)
            node.heals()
        # Nobody serves the folder: doctor looks for itself.
        assert doctor(node.data) == set()
        again(authorized_keys=b"")
        assert doctor(node.data) == {"replica-denied"}
        again(authorized_keys=keys, host_key=None)
        assert doctor(node.data) == {"replica-host-key"}
        machine.close()
        assert doctor(node.data) == {"replica-unreachable"}


@pytest.mark.skipif(not FULL, reason="Litestream takes half a minute to connect to it again")
def test_another_machine_by_nats(tmp_path: Path) -> None:
    home = tmp_path / "nats"
    with ExitStack() as machine:
        address = machine.enter_context(nats_server(home))
        port = ReplicaPlace.parse(address).port or 0
        with running(tmp_path / "data", address) as node:
            node.heals()
            machine.close()
            node.shows("replica-unreachable")
            machine.enter_context(nats_server(home, port, "another"))
            node.shows("replica-denied")
            machine.close()
            machine.enter_context(nats_server(home, port))
            node.heals()
        # The password is in no kept setting, so without a server nobody can look.


def test_a_bucket_that_does_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in S3_KEYS.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "s3"
    with s3_server(home, bucket=False) as address:
        with running(tmp_path / "data", address) as node:
            assert "NoSuchBucket" in node.shows("replica-missing")
            make_bucket(home)
            node.heals()
        assert doctor(node.data) == set()
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim-falsch")
        assert doctor(node.data) == {"replica-denied"}
        if FULL:
            with running(tmp_path / "data", address) as node:
                assert "SignatureDoesNotMatch" in node.shows("replica-denied")


def test_doctor_looks_for_itself_and_ends_whatever_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_problems, "LOOK_WITHIN_S", 1.5)
    replica = tmp_path / "replica"
    with running(tmp_path / "data", str(replica)) as node:
        until(lambda: (replica / NAME).exists())
    assert doctor(node.data) == set()
    own = (replica / NAME).read_bytes()
    other = Claim(node="f" * 16, log="0" * 16, run=new_run(), since=0)
    (replica / NAME).write_bytes(other.encoded)
    assert doctor(node.data) == {"replica-foreign"}
    assert (replica / NAME).read_bytes() == other.encoded
    (replica / NAME).write_bytes(own[:40])
    assert doctor(node.data) == {"claim-unreadable"}
    (replica / NAME).unlink()
    assert doctor(node.data) == {"replica-missing"}
    # Whoever reads it waits for good, as on a disk of a network that is gone.
    os.mkfifo(replica / NAME)
    began = time.monotonic()
    assert doctor(node.data) == {"replica-unreachable"}
    assert time.monotonic() - began < 5
