"""What tests of the outer surface stand on: a real hub, with real Litestream, per session."""

import functools
from collections.abc import Iterator
from pathlib import Path

import httpcore2
import hypothesis
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests import seed
from tests.chromium import launched
from tests.counts import count
from tests.hub import Hub
from tests.server.phones import Phone, in_the_hand
from tests.site.light_builds import lighten

# A busy machine is no reason to fail, so no example has a deadline.
hypothesis.settings.register_profile("huiyin", max_examples=count(25, 100), deadline=None)
hypothesis.settings.load_profile("huiyin")
# A client, and each single `httpx2.get`, would read all the machine's certificates anew: 35 ms.
httpcore2.default_ssl_context = functools.cache(httpcore2.default_ssl_context)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the fast files first, then those that do harm, and those with a browser last.

    A worker's one browser then never runs beside a test that needs an event loop of its own. The
    longest files, which do harm to a browser, come first of these, so that no core waits long.
    """
    harm, browser = (
        {item.path for item in items if item.get_closest_marker(mark)}
        for mark in ("faults", "browser")
    )
    items.sort(
        key=lambda item: (item.path in browser, (item.path in harm) != (item.path in browser))
    )


@pytest.fixture(scope="session", autouse=True)
def seeds(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """Where the sample county is kept for the hubs of this run."""
    folder = tmp_path_factory.getbasetemp()
    seed.keep_below((folder if worker_id == "master" else folder.parent) / "seeds")


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A served sample county that the tests of a session share; each makes matters of its own."""
    with Hub(tmp_path_factory.mktemp("hub") / "data", "--sample") as running:
        running.start()
        yield running


@pytest.fixture
def own_hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub of the test's own, not started yet; stopped after the test."""
    with Hub(tmp_path / "data", "--sample") as running:
        yield running


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites are built lightly in the test."""
    lighten(monkeypatch.setattr)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The one browser of a session; each test has contexts of its own in it."""
    running = launched(playwright)
    yield running
    running.close()


@pytest.fixture(scope="session")
def whole_browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser of a session that can do what a villager's can, such as send in the background."""
    running = launched(playwright, whole=True)
    yield running
    running.close()


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path) -> Iterator[Phone]:
    """A phone of the test's own, to be killed: a Chromium with a profile on the disk."""
    own = Phone(playwright, tmp_path / "profile")
    yield own
    own.kill()


@pytest.fixture
def phone_page(whole_browser: Browser) -> Iterator[Page]:
    """A page of a phone that nobody kills: a context of the session's whole browser."""
    context = whole_browser.new_context()
    yield in_the_hand(context.new_page())
    context.close()
