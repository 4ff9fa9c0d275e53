"""A replica in a bucket of S3's, or of what speaks as S3 does."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store as Bucket

from sync.keeping.replica import ReplicaPlace
from sync.keeping.stores.store import WITHIN_S, StoreError, move_each

if TYPE_CHECKING:
    # Only there for who checks types.
    from obstore.store import S3Config

# Litestream's own names come first, as they do with Litestream.
_KEY_NAMES = ("LITESTREAM_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID")
_SECRET_NAMES = ("LITESTREAM_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")


class S3Store:
    """The objects are objects, below the address's path."""

    def __init__(self, place: ReplicaPlace) -> None:
        self._label = place.label
        self._prefix = place.path.strip("/")
        self._prefix += "/" if self._prefix else ""
        endpoint = place.option("endpoint")
        if endpoint and "://" not in endpoint:
            endpoint = f"https://{endpoint}"
        path_style = bool(endpoint) and place.option("forcePathStyle") != "false"
        config: S3Config = {
            "region": place.option("region") or os.environ.get("AWS_REGION") or "us-east-1",
            "virtual_hosted_style_request": not path_style,
        }
        key, secret = (_first_set(names) for names in (_KEY_NAMES, _SECRET_NAMES))
        if key and secret:
            config["access_key_id"], config["secret_access_key"] = key, secret
        elif endpoint:
            raise StoreError(f"{self._label}: {_KEY_NAMES[1]} and {_SECRET_NAMES[1]} are not set")
        # Without them AWS's own machines have others to sign in with.
        if endpoint:
            config["endpoint"] = endpoint
        self._bucket = Bucket(
            place.host,
            config=config,
            client_options={
                "allow_http": True,
                "allow_invalid_certificates": place.option("skipVerify") == "true",
                "connect_timeout": f"{WITHIN_S:.0f}s",
                "timeout": "120s",
            },
            retry_config={"max_retries": 1},
        )

    def read(self, name: str) -> bytes | None:
        """Return an object, None where there is none."""
        with _told(f"read {name}", self._label):
            try:
                return bytes(obstore.get(self._bucket, self._prefix + name).bytes())
            except FileNotFoundError as error:
                # Not found is the bucket, too.
                if "NoSuchBucket" in str(error):
                    raise
                return None

    def fetch(self, name: str, path: Path) -> None:
        """Copy an object, part by part."""
        with _told(f"read {name}", self._label), path.open("wb") as file:
            for part in obstore.get(self._bucket, self._prefix + name).stream():
                file.write(part)

    def create(self, name: str, content: bytes) -> bool:
        """Write an object where none is: `If-None-Match: *`."""
        with _told(f"write {name}", self._label):
            try:
                obstore.put(self._bucket, self._prefix + name, content, mode="create")
            except AlreadyExistsError:
                return False
        # Of a store that does not know the condition, the last to write is asked for.
        return self.read(name) == content

    def replace(self, name: str, content: bytes) -> None:
        """Write an object."""
        with _told(f"write {name}", self._label):
            obstore.put(self._bucket, self._prefix + name, content)

    def names(self, below: str) -> list[str]:
        """Return the names of all objects below `below`."""
        with _told(f"list {below}", self._label):
            pages = obstore.list(self._bucket, f"{self._prefix}{below}/", chunk_size=1000)
            return [str(entry["path"])[len(self._prefix) :] for page in pages for entry in page]

    def agreed_up_to(self, top: str) -> int:
        """Return 0: there are not several servers."""
        return 0

    def make_place(self, top: str) -> None:
        """Nothing: there are no places but the bucket."""

    def move_aside(self, label: str, tops: Sequence[str]) -> None:
        """Copy each on the server, then remove it."""

        def move(name: str) -> None:
            with _told(f"move {name}", self._label):
                obstore.rename(self._bucket, self._prefix + name, f"{self._prefix}{label}/{name}")

        move_each(self, tops, move)

    def free_bytes(self) -> int | None:
        """Return None: nobody says."""
        return None

    def close(self) -> None:
        """Nothing is held that has to be given back."""


def _first_set(names: Sequence[str]) -> str:
    return next(filter(None, map(os.environ.get, names)), "")


@contextmanager
def _told(what: str, label: str) -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise StoreError(f"can't {what}: {_words(error, label)}") from error


def _words(error: Exception, label: str) -> str:
    """Return what S3 said, or that nobody said anything; the library tells its whole chain."""
    message = " ".join(str(error).split())
    if "error sending request" in message:
        return f"no connection to {label}"
    code = re.search("<Code>(.*?)</Code>", message)
    words = re.search("<Message>(.*?)</Message>", message)
    return f"{code[1]}: {words[1] if words else ''}" if code else message[:300]
