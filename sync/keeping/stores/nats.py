"""A replica in object stores of NATS JetStream: a bucket for each database.

Litestream 0.5.17 puts all of a database at the top of a bucket and takes no path below it, so
the address `nats://HOST/county` stands for the buckets `county-huiyin`, `county-attachments` and
the key-value bucket `county`, which has what is no database's. They are made where they are not
there: Litestream makes none.
"""

import json
import ssl
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from nats.aio.client import Client
from nats.errors import Error
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, ObjectStoreConfig
from nats.js.errors import (
    BucketNotFoundError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NotFoundError,
    ObjectNotFoundError,
)
from nats.js.kv import KeyValue
from nats.js.object_store import ObjectStore

from sync.keeping.replica import ReplicaPlace
from sync.keeping.stores.loop import Loop
from sync.keeping.stores.store import WITHIN_S, StoreError, last_transaction, move_each

Value = TypeVar("Value")
LONG_S = 120.0


class NatsStore:
    """The objects of a database are objects of its bucket; others are keys of a bucket."""

    def __init__(self, place: ReplicaPlace) -> None:
        self._place = place
        self._base = place.path.strip("/")
        self._replicas = int(place.option("replicas") or 1)
        self._loop = Loop()
        self._client: Client | None = None

    def read(self, name: str) -> bytes | None:
        """Return an object or a key's value, None where there is none."""
        top, inner = _parts(name)

        async def ask(stream: JetStreamContext) -> bytes | None:
            try:
                if not inner:
                    # The library says None of a value that is there, and empty.
                    return (await (await stream.key_value(self._base)).get(top)).value or b""
                bucket = await stream.object_store(self._bucket(top))
                return (await bucket.get(inner)).data
            except (NotFoundError, KeyNotFoundError, ObjectNotFoundError, BucketNotFoundError):
                return None

        return self._do(f"read {name}", ask)

    def fetch(self, name: str, path: Path) -> None:
        """Copy an object."""
        content = self.read(name)
        if content is None:
            raise StoreError(f"can't read {name}: it is gone")
        path.write_bytes(content)

    def create(self, name: str, content: bytes) -> bool:
        """Write a key where none is."""

        async def ask(stream: JetStreamContext) -> bool:
            keys = await self._keys(stream)
            try:
                await keys.create(name, content)
            except KeyWrongLastSequenceError:
                return False
            return True

        return self._do(f"write {name}", ask)

    def replace(self, name: str, content: bytes) -> None:
        """Write a key."""

        async def ask(stream: JetStreamContext) -> None:
            await (await self._keys(stream)).put(name, content)

        self._do(f"write {name}", ask)

    def names(self, below: str) -> list[str]:
        """Return the names of all objects of a database's bucket."""
        if "." in below:
            # A key, with nothing below it.
            return []

        async def ask(stream: JetStreamContext) -> list[str]:
            try:
                await self._see_agreed(stream, below)
                objects = await (await stream.object_store(self._bucket(below))).list()
            except (NotFoundError, BucketNotFoundError):
                return []
            return sorted(f"{below}/{each.name}" for each in objects if not each.deleted)

        return self._do(f"list {below}", ask, LONG_S)

    def agreed_up_to(self, top: str) -> int:
        """Ask the bucket's leader which names there are, also of what was folded since.

        What is listed may come of any server, also of one that was started just now, and lack
        the newest though the leader thinks it up to date.
        """

        async def ask(stream: JetStreamContext) -> int:
            try:
                await self._see_agreed(stream, top)
            except NotFoundError:
                # There is no such bucket, at none of them.
                return 0
            if self._replicas < 2:
                return 0
            return max([last_transaction(name) async for name in self._ever(top)], default=0)

        return self._do(f"list {top}", ask, LONG_S)

    def make_place(self, top: str) -> None:
        """Make a database's bucket: Litestream makes none."""

        async def ask(stream: JetStreamContext) -> None:
            await self._objects(stream, self._bucket(top))

        self._do(f"make {top}", ask)

    def move_aside(self, label: str, tops: Sequence[str]) -> None:
        """Copy each into buckets of the other name, then remove it."""
        aside = f"{self._base}-{label}"

        def move(name: str) -> None:
            top, inner = _parts(name)

            async def ask(stream: JetStreamContext) -> None:
                if not inner:
                    keys = await stream.key_value(self._base)
                    config = KeyValueConfig(aside, replicas=self._replicas)
                    there = await stream.create_key_value(config)
                    await there.put(top, (await keys.get(top)).value or b"")
                    await keys.purge(top)
                    return
                bucket = await stream.object_store(self._bucket(top))
                there_objects = await self._objects(stream, f"{aside}-{top.replace('/', '-')}")
                moved = await bucket.get(inner)
                # With its heads: Litestream keeps a file's time there.
                await there_objects.put(inner, moved.data or b"", meta=moved.info.meta)
                await bucket.delete(inner)

            self._do(f"move {name}", ask, LONG_S)

        for top in tops:
            move_each(self, [top], move)
            self._remove_empty(top)

    def _remove_empty(self, top: str) -> None:
        """Remove a bucket that all was moved from: Litestream waits for ever to list it."""

        async def ask(stream: JetStreamContext) -> None:
            try:
                await stream.delete_object_store(self._bucket(top))
            except (NotFoundError, BucketNotFoundError):
                # Removed before.
                return

        # A key lies in none.
        if "." not in top and not self.names(top):
            self._do(f"remove {top}", ask)

    def free_bytes(self) -> int | None:
        """Return None: nobody says."""
        return None

    def close(self) -> None:
        """End the connection."""
        self._drop()
        self._loop.close()

    def _bucket(self, top: str) -> str:
        return f"{self._base}-{top.replace('/', '-')}"

    async def _see_agreed(self, stream: JetStreamContext, top: str) -> None:
        cluster = (await stream.stream_info(f"OBJ_{self._bucket(top)}")).cluster
        for peer in (cluster and cluster.replicas) or ():
            if peer.offline or not peer.current:
                raise StoreError(f"{peer.name} of the cluster is gone, or not up to date yet")

    async def _ever(self, top: str) -> AsyncIterator[str]:
        """Yield the names of all that ever lay in a bucket, by its leader.

        It tells of 100,000 at a time, which the library does not know.
        """
        bucket, offset, total = self._bucket(top), 0, 1
        while offset < total:
            wanted = {"subjects_filter": f"$O.{bucket}.M.>", "offset": offset}
            client = await self._connected()
            asked = json.dumps(wanted).encode()
            answer = await client.request(f"$JS.API.STREAM.INFO.OBJ_{bucket}", asked, WITHIN_S)
            told = json.loads(answer.data)
            if "error" in told:
                raise StoreError(f"can't list {top}: {told['error'].get('description')}")
            subjects = told["state"].get("subjects") or {}
            for subject in subjects:
                yield urlsafe_b64decode(subject.rpartition(".")[2]).decode()
            if not subjects:
                return
            offset, total = offset + len(subjects), told.get("total", 0)

    async def _keys(self, stream: JetStreamContext) -> KeyValue:
        try:
            return await stream.key_value(self._base)
        except (NotFoundError, BucketNotFoundError):
            config = KeyValueConfig(self._base, replicas=self._replicas)
            return await stream.create_key_value(config)

    async def _objects(self, stream: JetStreamContext, bucket: str) -> ObjectStore:
        try:
            return await stream.object_store(bucket)
        except (NotFoundError, BucketNotFoundError):
            return await stream.create_object_store(
                bucket, ObjectStoreConfig(replicas=self._replicas)
            )

    def _do(
        self,
        what: str,
        ask: Callable[[JetStreamContext], Awaitable[Value]],
        within_s: float = WITHIN_S,
    ) -> Value:
        async def asked() -> Value:
            return await ask((await self._connected()).jetstream(timeout=WITHIN_S))

        try:
            return self._loop.run(asked(), within_s)
        except StoreError:
            self._drop()
            raise
        except (OSError, Error, ValueError) as error:
            self._drop()
            raise StoreError(f"can't {what}: {error or type(error).__name__}") from error

    async def _connected(self) -> Client:
        if self._client is None or not self._client.is_connected:
            settings = {
                name: str(value)
                for name, value in self._place.settings().items()
                if isinstance(value, str)
            }
            secured = self._place.option("tls") == "true"
            # At hand before it is connected: one that is refused has a socket to close, too.
            self._client = Client()
            await self._client.connect(
                f"nats://{self._place.host_and_port}",
                user=settings.get("username"),
                password=settings.get("password"),
                token=settings.get("token"),
                user_credentials=settings.get("creds"),
                tls=ssl.create_default_context(cafile=self._place.option("root-ca") or None)
                if secured
                else None,
                connect_timeout=int(WITHIN_S),
                allow_reconnect=False,
                max_reconnect_attempts=1,
                error_cb=_unheard,
            )
        return self._client

    def _drop(self) -> None:
        client, self._client = self._client, None
        # One that could not be opened has a socket to give back, too.
        self._loop.end(_nothing() if client is None else client.close())


async def _nothing() -> None:
    """Do nothing."""


async def _unheard(error: Exception) -> None:
    """Say nothing: the call that failed says it."""


def _parts(name: str) -> tuple[str, str]:
    """Return the database that an object belongs to, with its root, and its name there."""
    top, _, inner = name.partition("/ltx/")
    return top, f"ltx/{inner}" if inner else ""
