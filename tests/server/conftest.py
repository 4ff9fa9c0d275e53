"""What the tests of notices to staff, and those of a station's copy of the site, stand on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.site.site_copy import SiteCopy
from tests.server.notified import DESKS, County
from tests.server.receivers import hook, relay


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with relay() as mail, hook() as receiver:
        running = County(tmp_path / "data", mail, receiver, desks=list(DESKS))
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[SiteCopy]:
    """A station's copy in a folder of its own."""
    station = tmp_path / "station"
    station.mkdir()
    made = SiteCopy(station)
    yield made
    made.close()
