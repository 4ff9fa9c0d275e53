"""The addresses that a replica may have."""

from pathlib import Path

import pytest

from sync.keeping.replica import ReplicaAddressError, ReplicaPlace


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
            "sftp://me:pass@host:22/dir/",
            {"url": "sftp://me:pass@host:22/dir/events"},
            "sftp://host:22/dir/events",
        ),
        (
            "s3://bucket/prefix?endpoint=localhost:9000",
            {"url": "s3://bucket/prefix/events?endpoint=localhost:9000"},
            "s3://bucket/prefix/events",
        ),
        ("nats://host:4222/bucket", {"url": "nats://host:4222/bucket/events"}, None),
    ],
)
def test_addresses(address: str, below: dict[str, str], label: str | None) -> None:
    place = ReplicaPlace.parse(address).below("events")
    assert place.settings() == below
    assert label is None or place.label == label


def test_a_relative_path_is_made_full() -> None:
    assert ReplicaPlace.parse("var-replica").folder == Path.cwd() / "var-replica"


@pytest.mark.parametrize("address", ["", " ", "ftp://host/x", "file://host/x", "s3:///x"])
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(ReplicaAddressError):
        ReplicaPlace.parse(address)
