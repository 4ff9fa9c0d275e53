"""The addresses that a replica may have."""

from pathlib import Path

import asyncssh
import pytest

from sync.keeping.replica import ReplicaAddressError, ReplicaPlace

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO"


@pytest.mark.parametrize(
    ("address", "below", "label"),
    [
        ("/srv/备份", {"type": "file", "path": "/srv/备份/events"}, "/srv/备份/events"),
        (
            "file:///srv/%E5%A4%87%E4%BB%BD",
            {"type": "file", "path": "/srv/备份/events"},
            "/srv/备份/events",
        ),
        (
            f"sftp://me:p%40ss@host:22/dir/?host-key={HOST_KEY.replace(' ', '%20')}",
            {
                "type": "sftp",
                "host": "host:22",
                "user": "me",
                "password": "p@ss",
                "path": "/dir/events",
                "host-key": HOST_KEY,
            },
            "sftp://host:22/dir/events",
        ),
        (
            "s3://bucket/prefix?endpoint=localhost:9000",
            {"url": "s3://bucket/prefix/events?endpoint=localhost:9000"},
            "s3://bucket/prefix/events",
        ),
        (
            "nats://me:secret@host:4222/county",
            {
                "type": "nats",
                "url": "nats://host:4222/county-events",
                "username": "me",
                "password": "secret",
            },
            "nats://host:4222/county-events",
        ),
    ],
)
def test_addresses(address: str, below: dict[str, str], label: str) -> None:
    place = ReplicaPlace.parse(address).below("events")
    assert place.settings() == below
    assert place.label == label


def test_a_relative_path_is_made_full() -> None:
    assert ReplicaPlace.parse("var-replica").folder == Path.cwd() / "var-replica"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("ftp://host/x", "not a replica's address"),
        ("file://host/x", "three slashes"),
        ("s3:///x", "host or bucket"),
        ("s3://key:secret@bucket/x", "AWS_ACCESS_KEY_ID"),
        ("s3://bucket/x?acess-key=1", "knows no acess-key"),
        ("sftp://host/x", "sftp://USER@HOST/PATH"),
        ("sftp://me@host:port/x", "[Pp]ort"),
        ("nats://host:4222", "nats://USER:PASSWORD@HOST:4222/NAME"),
        ("nats://host:4222/a/b", "nats://USER:PASSWORD@HOST:4222/NAME"),
    ],
)
def test_addresses_that_are_refused_in_words(address: str, why: str) -> None:
    with pytest.raises(ReplicaAddressError, match=why) as refused:
        ReplicaPlace.parse(address)
    assert "secret" not in str(refused.value)


def test_an_address_is_told_without_its_secrets() -> None:
    place = ReplicaPlace.parse("nats://me:geheim@host:4222/county?token=geheim&replicas=3")
    assert place.has_secrets
    assert place.without_secrets == "nats://me@host:4222/county?replicas=3"
    assert ReplicaPlace.parse(place.without_secrets).label == place.label
    kept = "s3://bucket/x?endpoint=http://127.0.0.1:8333&region=cn"
    assert ReplicaPlace.parse(kept).without_secrets == kept
    assert not ReplicaPlace.parse(kept).has_secrets


def test_the_host_key_is_the_one_that_this_machine_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    place = ReplicaPlace.parse("sftp://me:secret@host:2222/x")
    with pytest.raises(ReplicaAddressError, match="ssh-keyscan -p 2222 host"):
        place.settings()
    keys = {
        kind: asyncssh.generate_private_key(kind).export_public_key().decode().strip()
        for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256")
    }
    known = tmp_path / ".ssh" / "known_hosts"
    known.parent.mkdir()
    known.write_text("".join(f"[host]:2222 {key}\n" for key in keys.values()))
    # Of a server with several, Litestream asks for this one first.
    assert place.settings()["host-key"] == keys["ecdsa-sha2-nistp256"]
    with pytest.raises(ReplicaAddressError, match="not known"):
        ReplicaPlace.parse("sftp://me:secret@host/x").settings()


def test_without_a_key_or_a_password_nobody_signs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    place = ReplicaPlace.parse(f"sftp://me@host/x?host-key={HOST_KEY.replace(' ', '%20')}")
    with pytest.raises(ReplicaAddressError, match="key-path"):
        place.settings()
    own = tmp_path / ".ssh" / "id_ed25519"
    own.parent.mkdir()
    own.touch()
    assert place.settings()["key-path"] == str(own)
