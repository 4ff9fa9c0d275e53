"""A replica's claim: who writes it. It lies in the replica itself, beside the databases.

Litestream asks nobody whose the files are that it finds. A node that was started on an empty
folder (a disk that was not mounted), on older data (an image of a machine), or twice on one
address, would write over what the other had been told is safe. So a node writes only where the
claim is its own.
"""

import hashlib
import secrets

import msgspec

from sync.keeping.replica import ReplicaPlace
from sync.keeping.stores.store import open_store

NAME = "claim.json"


class ReplicaRefused(Exception):
    """This node may not write the replica. Nothing was written there, and nothing is durable.

    Fatal until somebody decides, or until the replica is another one. `code` is stable; what
    people are told to do about it is the same for all: bring the data back from the replica, or
    begin a new one and leave the old one aside.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes a replica.

    - `node`: the fingerprint of the node.
    - `log`: the id of the log that it writes, in hex.
    - `run`: 16 hex digits, new whenever a server is started.
    - `since`: when that was, milliseconds since 1970.
    - `root`: below which name the databases lie; "" for none. A node that was restored begins
      one of its own: should the one of before still live, it writes beside it and not over it.
    - `before`: the roots of before, the newest first, where `root` holds nothing yet.
    """

    node: str
    log: str
    run: str
    since: int
    root: str = ""
    before: tuple[str, ...] = ()

    @property
    def encoded(self) -> bytes:
        """The claim as it lies in the replica: a line, and its SHA-256 in another."""
        line = msgspec.json.encode(self)
        return line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n"


class Claimer(msgspec.Struct, frozen=True, kw_only=True):
    """Who claims: a node and the log that it writes now, and its time."""

    node: str
    log: str
    now_ms: int

    def claim(self, run: str, root: str = "", before: tuple[str, ...] = ()) -> Claim:
        """Return the claim of a run of this node's."""
        return Claim(
            node=self.node, log=self.log, run=run, since=self.now_ms, root=root, before=before
        )


def rooted(place: ReplicaPlace, root: str) -> ReplicaPlace:
    """Return the place of a root of a replica's."""
    return place.below(root) if root else place


def roots_of(claim: Claim | None) -> tuple[str, ...]:
    """Return the roots of a replica in the order in which a restore looks there."""
    return ("",) if claim is None else (claim.root, *claim.before)


def places_of(place: ReplicaPlace, claim: Claim | None) -> list[ReplicaPlace]:
    """Return where a restore looks, first things first, for a replica at `place`."""
    return [rooted(place, root) for root in roots_of(claim)]


def name_below(root: str, database: str) -> str:
    """Return the name below which a database's objects lie in a replica."""
    return f"{root}/{database}" if root else database


def new_run() -> str:
    """Return the name of a run."""
    return secrets.token_hex(8)


def root_of(run: str) -> str:
    """Return the name below which a run's own uploads lie, where it begins a root."""
    return f"since-{run[:8]}"


def read_claim(content: bytes) -> Claim:
    """Return a claim as it was found. Raises ReplicaRefused where it can't be read."""
    line, _, check = content.partition(b"\n")
    if check.strip() != hashlib.sha256(line).hexdigest().encode():
        raise ReplicaRefused("claim-unreadable", f"{NAME} in the replica is damaged")
    try:
        return msgspec.json.decode(line, type=Claim)
    except msgspec.DecodeError as error:
        raise ReplicaRefused(
            "claim-unreadable", f"{NAME} in the replica can't be read: {error}"
        ) from error


def claim_of(place: ReplicaPlace) -> Claim | None:
    """Return the claim of a replica, None where it has none.

    Raises StoreError, or ReplicaRefused where it can't be read.
    """
    store = open_store(place)
    try:
        content = store.read(NAME)
    finally:
        store.close()
    return None if content is None else read_claim(content)
