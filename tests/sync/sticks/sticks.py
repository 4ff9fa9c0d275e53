"""Sticks that are carried between a small station and its hub, and photos on them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventlog.keys import Keys
from eventlog.sealing import Unsealer
from sync.nodes import audit
from sync.photos.sink import TakenBlobs
from sync.rounds.envelope import node_id
from sync.rounds.question import Inquirer
from sync.rounds.reception import Reception
from sync.rounds.wire import BlobPart
from sync.sticks import bundle_file, carried, received_bundles
from sync.sticks.bundle_file import (
    Bundle,
)
from sync.sticks.carried import Returned, Written
from sync.sticks.received_bundles import Answered, BroughtIn
from tests.sync.small_nodes import SmallHub, SmallStation

DAY_MS = 86_400_000


def up(
    station: SmallStation, path: Path, *, most_bytes: int = bundle_file.BUNDLE_MOST_BYTES
) -> Written:
    """Write what waits at a station."""
    return carried.write_up(
        station.log, station.keys, station.inquirer, path, most_bytes=most_bytes
    )


@contextmanager
def opened(keys: Keys, path: Path, folder: Path) -> Iterator[Bundle]:
    """Yield a bundle that a node opens."""
    with (
        path.open("rb") as file,
        bundle_file.opened(
            file, folder, age_private=keys.age_private, own=node_id(keys.verify_key)
        ) as bundle,
    ):
        yield bundle


def read_up(hub: SmallHub, path: Path) -> BroughtIn:
    """Take a station's bundle in at the hub."""
    with opened(hub.keys, path, hub.folder) as bundle:
        return received_bundles.take_up(hub.log, hub.reception, bundle)


def back(
    hub: SmallHub,
    path: Path,
    *,
    name: str = "",
    site: Sequence[bytes] = (),
    durable: bool | None = None,
) -> Answered:
    """Write the hub's answers."""
    with hub.log.reading() as connection:
        peer = received_bundles.node_to_answer(connection, name)
    says = hub.durable if durable is None else durable
    return received_bundles.write_return(
        hub.log,
        hub.keys,
        hub.reception,
        peer,
        path,
        durable=lambda position: says,
        site=lambda mark: site,
    )


def read_back(station: SmallStation, path: Path) -> Returned:
    """Take the hub's answers in at the station."""
    with opened(station.keys, path, station.folder) as bundle:
        return carried.take_return(station.log, station.inquirer, bundle)


def findings(hub: SmallHub) -> list[str]:
    """Return the codes of what the hub came upon, the newest first."""
    with hub.log.reading() as connection:
        return [entry.code for entry in audit.entries(connection)]


class Photos:
    """Photos on both sides, as far as bundles are concerned."""

    def __init__(self, *photos: bytes) -> None:
        self.photos = {bytes([number]) * 32: body for number, body in enumerate(photos, 1)}
        self.taken: dict[bytes, bytes] = {}
        self.told: list[tuple[bytes, int, bool]] = []
        self.durable = False

    def parts(self, room_bytes: int, packed: Mapping[bytes, int]) -> list[BlobPart]:
        """Return the next parts."""
        found: list[BlobPart] = []
        for sha256, body in self.photos.items():
            offset = packed.get(sha256, 0)
            part = body[offset : offset + room_bytes]
            if part and room_bytes > 0:
                found.append(BlobPart(sha256, len(body), offset, part))
                room_bytes -= len(part)
        return found

    def acknowledged(
        self, parts: Sequence[BlobPart], blobs: Sequence[tuple[bytes, int, bool]], hub_ms: int
    ) -> None:
        """Note what the hub said."""
        self.told += blobs

    def doubt(self, hub_ms: int) -> None:
        """Have nothing to doubt."""

    def take(
        self, sender: bytes, parts: Sequence[BlobPart], unsealers: Sequence[Unsealer]
    ) -> TakenBlobs:
        """Put parts together."""
        for part in parts:
            here = self.taken.setdefault(part.sha256, b"")
            if part.offset == len(here):
                self.taken[part.sha256] = here + part.body
        return TakenBlobs(
            [
                (sha256, len(self.taken[sha256]), self.durable)
                for sha256 in {part.sha256 for part in parts}
            ],
            [],
        )


def with_photos(hub: SmallHub, station: SmallStation, photos: Photos) -> None:
    """Give a station and its hub photos."""
    # Both sides of photos at once, in memory.
    blobs: Any = photos
    station.inquirer = Inquirer(
        station.log,
        lambda: station.keys,
        station.side,
        seals_texts=True,
        blobs=blobs,
        monotonic_ms=lambda: 0,
    )
    hub.reception = Reception(hub.log, hub.keys, hub.card, hub.queue, hub.side, blobs=blobs)
