"""What tests of the outer surface stand on: a real hub, with real Litestream, per session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub import Hub


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A served sample county that the tests of a session share; each makes matters of its own."""
    running = Hub(tmp_path_factory.mktemp("hub") / "data", "--sample")
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def own_hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub of the test's own, not started yet; stopped after the test."""
    running = Hub(tmp_path / "data", "--sample")
    try:
        yield running
    finally:
        running.stop()
