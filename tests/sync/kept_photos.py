"""Photos that a small station keeps, and the time that passes for it."""

from sync.photos.source import BlobState
from tests.sync.small_nodes import SmallStation
from tests.sync.small_photos import naming


class Seconds:
    """A counting clock in the test's hands."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def kept(station: SmallStation, *bodies: bytes, note: int = 1) -> list[bytes]:
    """Keep photos and write the line that names them; return their hashes."""
    hashes = [station.photos.keep(body) for body in bodies]
    station.write(naming(note, *hashes))
    return hashes


def state(station: SmallStation, sha256: bytes) -> BlobState | None:
    return station.photos.queue.state_of(sha256)


def pass_time(station: SmallStation, seconds: float) -> None:
    clock = station.clock_s
    assert isinstance(clock, Seconds)
    clock.now_s += seconds
