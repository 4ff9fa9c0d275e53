"""A replica as a store of objects: what the node itself reads and writes there.

Litestream uploads, folds and restores. The node needs little beside it: a small object that says
who writes, the names of what is there, a whole object, and the whole of it moved aside.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from sync.keeping.replica import ReplicaPlace

# So long one call may take; a replica that is slower counts as not reached.
WITHIN_S = 10.0


class StoreError(Exception):
    """The replica could not be read or written; the message says why. Retryable."""


class Store(Protocol):
    """One replica; owned by one thread.

    Names have slashes, and begin with a database's name: `huiyin/ltx/0/….ltx`. Every call may
    raise StoreError, and may be made again.
    """

    def read(self, name: str) -> bytes | None:
        """Return an object, None where there is none."""

    def fetch(self, name: str, path: Path) -> None:
        """Write an object into a file, which may be large. Raises StoreError also if it is gone."""

    def create(self, name: str, content: bytes) -> bool:
        """Write an object where none of the name is; return whether none was."""

    def replace(self, name: str, content: bytes) -> None:
        """Write an object, whatever was there. Others see the old one or the new one whole."""

    def names(self, below: str) -> list[str]:
        """Return the names of all objects that begin with `below` and a slash."""

    def agreed_up_to(self, top: str) -> int:
        """Return the newest transaction of a database's, as several servers agree; 0 for one.

        Raises StoreError while they don't: whoever lists then may be told less than there is.
        """

    def make_place(self, top: str) -> None:
        """Make the place of a database's objects where Litestream does not make it itself."""

    def move_aside(self, label: str, tops: Sequence[str]) -> None:
        """Move all that is named by `tops`, or lies below them, to `ReplicaPlace.aside(label)`.

        A call that was cut is made again with the same label, and goes on, though somebody wrote
        there meanwhile. The last of `tops` is moved last.
        """

    def free_bytes(self) -> int | None:
        """Return how much room is left there, None where nobody says."""

    def close(self) -> None:
        """End the connection."""


def open_store(place: ReplicaPlace) -> Store:
    """Return the store at that place; nothing is asked of it yet.

    Raises StoreError where what it is to be asked with is not there.
    """
    # Imported where they are needed: none of them is light, and few nodes need any.
    if place.folder is not None:
        from sync.keeping.stores.folder import FolderStore

        return FolderStore(place.folder)
    if place.scheme == "sftp":
        from sync.keeping.stores.sftp import SftpStore

        return SftpStore(place)
    if place.scheme == "s3":
        from sync.keeping.stores.s3 import S3Store

        return S3Store(place)
    from sync.keeping.stores.nats import NatsStore

    return NatsStore(place)


def last_transaction(name: str) -> int:
    """Return the last transaction of `…/{first}-{last}.ltx`, in hex there; 0 of another name."""
    try:
        return int(name.removesuffix(".ltx").rpartition("-")[2], 16) if ".ltx" in name else 0
    except ValueError:
        return 0


def move_each(store: Store, names: Sequence[str], move: Callable[[str], None]) -> None:
    """Move the objects one by one, those of each top in turn."""
    for top in names:
        for name in store.names(top):
            move(name)
        if store.read(top) is not None:
            move(top)
