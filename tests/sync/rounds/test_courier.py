"""A courier that is turned away comes again when the hub said, and not before."""

from pathlib import Path

from sync.rounds.client import Unreachable
from sync.rounds.courier import Rounds
from tests.sync.small_nodes import pair


def test_a_station_that_is_turned_away_heeds_when_to_come_again(tmp_path: Path) -> None:
    hub, station = pair(tmp_path)

    def busy(message: bytes) -> bytes:
        raise Unreachable("HTTP 429", 30.0)

    def down(message: bytes) -> bytes:
        raise Unreachable("no line")

    rounds = Rounds(station.courier, every_s=60.0)
    for line, shortest_s, longest_s in ((busy, 30.0, 37.5), (down, 128.0, 384.0)):
        station.line = line
        rounds.last = station.deliver()
        rounds._failures = 8
        assert rounds.last.retryable
        assert all(shortest_s <= rounds._pause_s() <= longest_s for _ in range(100))
    station.stop()
    hub.stop()
