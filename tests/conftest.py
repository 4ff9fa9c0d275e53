"""What tests of the outer surface stand on: a real hub, with real Litestream, per session."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.hub import Hub
from tests.server.phones import Phone


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


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path) -> Iterator[Phone]:
    """A phone of the test's own."""
    own = Phone(playwright, tmp_path / "profile")
    yield own
    own.kill()
