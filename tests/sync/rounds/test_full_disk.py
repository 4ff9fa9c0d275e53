"""A station or a hub whose disk is full, or whose replica is away: refused, kept, and mended.

The disk is a small one in memory, filled to the last byte, where the machine lets one be mounted.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventlog.writer import StorageFull
from sync.rounds.courier import DISK_FULL
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined
from tests.sync.small_server import exchange_of, line_to

pytestmark = pytest.mark.faults
BALLAST = "ballast"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(disk)]
    try:
        done = subprocess.run(mounting, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no small disk can be made here: {error}")
    if done.returncode != 0:
        pytest.skip(f"no small disk can be made here: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> None:
    """Leave no byte free."""
    with (disk / BALLAST).open("ab", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1024 * 1024, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(os.urandom(size))


def make_room(disk: Path) -> None:
    """Take away what fills the disk."""
    (disk / BALLAST).unlink()


def joined(hub_at: Path, station_at: Path) -> tuple[SmallHub, SmallStation]:
    """Return a hub and a station on disks of their own, which speak as over HTTP."""
    hub, station = SmallHub(hub_at), SmallStation(station_at)
    station.join(hub, hub.invite("石瓮站", "shiweng"))
    station.line = line_to(exchange_of(hub))
    assert station.deliver().ok
    return hub, station


def test_a_stations_full_disk(small_disk: Path, tmp_path: Path) -> None:
    hub, station = joined(tmp_path / "hub", small_disk / "station")
    station.write(*(lined(n, f"第{n}件", station="shiweng") for n in range(1, 11)))
    hub.write(*(lined(100 + n, "县里的话" * 200, station="shiweng") for n in range(200)))
    fill(small_disk)
    with pytest.raises(StorageFull):
        for number in range(1000, 1200):
            station.write(lined(number, "没有地方了" * 100))
    waiting = station.counts()[0]
    for _ in range(3):
        delivery = station.deliver()
        assert (delivery.ok, delivery.failure, delivery.retryable) == (False, DISK_FULL, True)
        assert delivery.waiting == waiting
    make_room(small_disk)
    assert station.deliver().ok
    assert station.counts() == (0, 0, waiting, 0) and ids(station.log) == ids(hub.log)
    for node in (station, hub):
        assert node.log.verify().ok
        node.stop()


def test_a_hubs_full_disk(small_disk: Path, tmp_path: Path) -> None:
    hub, station = joined(small_disk / "hub", tmp_path / "station")
    station.write(*(lined(n, "说得很长" * 500, station="shiweng") for n in range(1, 101)))
    fill(small_disk)
    for _ in range(3):
        delivery = station.deliver()
        assert (delivery.ok, delivery.failure, delivery.retryable) == (False, "hub-full", True)
        # What the hub still had room for it has, and of the rest nothing.
        assert station.counts()[0] + station.counts()[2] == 100 and station.counts()[0]
    make_room(small_disk)
    assert station.deliver().ok
    assert station.counts() == (0, 0, 100, 0) and ids(station.log) == ids(hub.log)
    for node in (station, hub):
        assert node.log.verify().ok
        node.stop()


def test_a_replica_that_is_away_for_a_day(tmp_path: Path) -> None:
    hub, station = joined(tmp_path / "hub", tmp_path / "station")
    hub.durable = False
    for hour in range(24):
        for node in (hub, station):
            node.clock.now_ms += 3_600_000
        station.write(lined(hour + 1, f"第{hour}个钟头", station="shiweng"))
        hub.write(lined(hour + 1, "县里照样答复"))
        assert station.deliver().ok
        assert station.counts() == (0, hour + 1, 0, 0)
    assert ids(station.log) == ids(hub.log)
    hub.durable = True
    assert station.deliver().ok and station.counts() == (0, 0, 24, 0)
    for node in (station, hub):
        assert node.log.verify().ok
        node.stop()
