"""What the tests of notices to staff stand on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
