"""WCAG 2.2 AA by axe-core on the pages of the exchange, on a phone and a PC, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # It ships no types.
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.counts import FULL
from tests.hub import Hub, until
from tests.server.below import seeded
from tests.site.test_accessible import OPTIONS, SIZES

pytestmark = pytest.mark.browser


class Pair:
    """A hub with nodes below it, and a station of the sample that belongs to no hub yet."""

    def __init__(self, folder: Path) -> None:
        self.hub, _ = seeded(folder)
        self.station = Hub(
            folder / "station", "--role", "station", "--sample", "--no-replica", "--sync-every", "1"
        )

    def start(self) -> None:
        self.hub.start()
        self.station.start()

    def stop(self) -> None:
        self.station.stop()
        self.hub.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("pair"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


EVERY_CONTEXT = [(size, lang) for size in SIZES for lang in ("zh", "en")]


@pytest.fixture(params=EVERY_CONTEXT if FULL else [EVERY_CONTEXT[0], EVERY_CONTEXT[-1]])
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    size, lang = request.param
    found = browser.new_context(
        viewport=ViewportSize(width=SIZES[size]["width"], height=SIZES[size]["height"]),
        service_workers="block",
    )
    found.add_cookies([{"name": "lang", "value": lang, "domain": "127.0.0.1", "path": "/"}])
    yield found
    found.close()


def signed_in(context: BrowserContext, node: Hub, role: str, known_at: Hub | None = None) -> Page:
    """Return a page of a person of the sample, of that node's or of another."""
    page = context.new_page()
    page.goto(node.url + "/console/sign-in")
    name, password = (known_at or node).sign_ins()[role]
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    return page


def wrong_with(page: Page) -> list[str]:
    """Return what axe finds, and what is wider than the screen or too small for a finger."""
    page.wait_for_load_state()
    answer = Axe().run(page, options=OPTIONS).response
    assert len(answer["passes"]) > 10
    found = [f"{one['id']}: {one['nodes'][0]['html']}" for one in answer["violations"]]
    found += page.evaluate(
        """() => [...document.querySelectorAll(
            "main button, main .button, main input:not([type=hidden])")]
          .filter(e => { const h = e.getBoundingClientRect().height; return h > 0 && h < 44; })
          .map(e => "small: " + e.outerHTML)"""
    )
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*found, "wider than the screen"] if wide else found


def test_the_hubs_pages(pair: Pair, context: BrowserContext) -> None:
    page = signed_in(context, pair.hub, "admin")
    page.goto(pair.hub.url + "/console/nodes")
    assert page.locator("#held").count() == 1 and wrong_with(page) == []
    page.goto(pair.hub.url + "/console/nodes?q=script")
    page.click("a[href*='/revoke']")
    assert wrong_with(page) == []
    page.goto(pair.hub.url + "/console/nodes?q=0001")
    page.fill("#name", f"机器 {len(context.pages)}")
    page.click("#invite ~ form button")
    page.locator(".groups").wait_for()
    assert wrong_with(page) == []
    page.goto(pair.hub.url + "/console/sync")
    assert wrong_with(page) == []


def test_the_stations_pages_before_it_joins(pair: Pair, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(pair.station.url + "/console/")
    page.click("a[href*='sync/join']")
    assert wrong_with(page) == []
    page.fill("#code", "短")
    page.click("main form button[type=submit]")
    assert page.locator("#code-error, #address-error").count() and wrong_with(page) == []


def test_the_stations_page_once_it_has_joined(pair: Pair, context: BrowserContext) -> None:
    code = joined(pair, context)

    def page_of_staff() -> Page | None:
        """Who may sign in at a station that has joined is who the hub says, once it has said so."""
        page = signed_in(context, pair.station, "liaison", known_at=pair.hub)
        page.goto(pair.station.url + "/console/sync?still=1")
        return page if page.locator(".wheres").count() else None

    page = until(page_of_staff, within_s=60)
    assert page is not None and wrong_with(page) == [], code


def joined(pair: Pair, context: BrowserContext) -> str:
    """Let the station join, where it has not, and return the page's heading."""
    page = signed_in(context, pair.hub, "admin")
    page.goto(pair.hub.url + "/console/nodes?q=0001")
    page.fill("#name", "石瓮站")
    page.select_option("#station", "shiweng")
    page.click("#invite ~ form button")
    if page.locator(".groups").count():
        code = page.locator(".groups").inner_text()
        page.goto(pair.station.url + "/console/sync/join")
        if page.locator("#code").count():
            page.fill("#address", pair.hub.url)
            page.fill("#code", code)
            page.click("main form button[type=submit]")
            page.wait_for_load_state()
    return page.locator("h1").inner_text()
