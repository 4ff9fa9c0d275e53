"""Every kind of replica does what the node itself asks of one: one suite for all of them."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from nats.aio.client import Client

from sync.keeping.replica import ReplicaPlace
from sync.keeping.stores.store import Store, StoreError, open_store
from tests.sync.keeping.replica_servers import KINDS, S3_KEYS, nats_server
from tests.sync.node import until

pytestmark = pytest.mark.litestream
NAME = "claim.json"
HOST_KEY = "ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIKDdM1k2SkXuRSuWG4PXMFzkvGIg2mdr+cBzJoKE1Wqg"


@pytest.fixture(scope="module", params=KINDS)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReplicaPlace]:
    """A real server of each kind: what it says and when is the point."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in S3_KEYS.items():
            patch.setenv(name, value)
        with KINDS[request.param](tmp_path_factory.mktemp(request.param)) as address:
            yield ReplicaPlace.parse(address)


@pytest.fixture
def store(place: ReplicaPlace, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A replica that nothing was written to, apart from those of other tests."""
    opened = open_store(place.below(request.node.name.partition("[")[0].replace("_", "-")))
    yield opened
    opened.close()


def test_an_empty_replica_holds_nothing(store: Store) -> None:
    assert store.read(NAME) is None
    assert store.names("huiyin") == []
    assert store.names("since-1/huiyin") == []


def test_of_two_who_create_one_object_one_does(store: Store, place: ReplicaPlace) -> None:
    other = open_store(place.below("test-of-two-who-create-one-object-one-does"))
    assert store.create(NAME, b"one")
    assert not other.create(NAME, b"other")
    assert not store.create(NAME, b"again")
    assert store.read(NAME) == other.read(NAME) == b"one"
    other.replace(NAME, b"other")
    assert store.read(NAME) == b"other"
    other.close()


def test_what_is_moved_aside_is_whole_and_the_place_is_empty(
    store: Store, place: ReplicaPlace
) -> None:
    store.create(NAME, b"claimed")
    store.move_aside("aside-1", ["huiyin", "since-1/huiyin", "attachments", NAME])
    # A call that was cut is made again.
    store.move_aside("aside-1", ["huiyin", "since-1/huiyin", "attachments", NAME])
    assert store.read(NAME) is None
    assert store.create(NAME, b"anew")
    here = place.below("test-what-is-moved-aside-is-whole-and-the-place-is-empty")
    aside = open_store(here.aside("aside-1"))
    assert aside.read(NAME) == b"claimed"
    aside.close()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (
            f"sftp://me:geheim@127.0.0.1:1/x?host-key={HOST_KEY}",
            "Connect call failed",
        ),
        ("s3://bucket/x?endpoint=http://127.0.0.1:1", "no connection to s3://bucket"),
        ("nats://me:geheim@127.0.0.1:1/x", "(?i)connect|refused"),
    ],
)
def test_a_replica_that_nobody_answers_for_is_told(
    address: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in S3_KEYS.items():
        monkeypatch.setenv(name, value)
    store = open_store(ReplicaPlace.parse(address))
    with pytest.raises(StoreError, match=why) as error:
        store.read(NAME)
    assert "geheim" not in str(error.value)
    store.close()


def test_without_keys_for_s3_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in S3_KEYS:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StoreError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        open_store(ReplicaPlace.parse("s3://bucket/x?endpoint=http://127.0.0.1:1"))


def test_of_a_cluster_the_newest_is_known_however_many_there_were(tmp_path: Path) -> None:
    """A server of its own: NATS tells of 100,000 names at a time, what is gone among them."""
    newest = 100_005

    async def filled(address: str) -> None:
        client = Client()
        await client.connect(address.rpartition("/")[0])
        for number in range(1, newest + 1):
            name = f"ltx/0/{number:016x}-{number:016x}.ltx".encode()
            await client.publish(f"$O.county-huiyin.M.{urlsafe_b64encode(name).decode()}", b"{}")
        await client.flush(60)
        await client.close()

    with nats_server(tmp_path) as address:
        # It is asked as one of several.
        store = open_store(ReplicaPlace.parse(f"{address}?replicas=2"))
        with closing(open_store(ReplicaPlace.parse(address))) as maker:
            maker.make_place("huiyin")
        assert store.agreed_up_to("huiyin") == store.agreed_up_to("attachments") == 0
        asyncio.run(filled(address))
        # Nobody waited until each of them was kept.
        until(lambda: store.agreed_up_to("huiyin") == newest, 60)
        store.close()
