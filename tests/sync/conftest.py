"""A running node, and a hub with a station and a stick between them; stopped after the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.kept_photos import Seconds
from tests.sync.node import Node
from tests.sync.small_nodes import SmallHub, SmallStation, pair


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[SmallHub, SmallStation]]:
    """A hub and a station that is enrolled."""
    hub, station = pair(tmp_path)
    yield hub, station
    station.stop()
    hub.stop()


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[tuple[SmallHub, SmallStation]]:
    """A hub and a station that is enrolled, whose counting clock stands."""
    hub, station = pair(tmp_path, clock_s=Seconds())
    yield hub, station
    station.stop()
    hub.stop()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A folder that is carried to and fro."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder
