"""WCAG 2.2 AA by axe-core, on every kind of public page, on a phone and a PC."""

from collections.abc import Iterator

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # It ships no types.
from playwright.sync_api import Browser, Page

from tests.counts import FULL
from tests.hub import Hub, until

pytestmark = [pytest.mark.browser, pytest.mark.litestream]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# What is right is only counted: axe would name each of its elements.
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
SIZES = {"phone": {"width": 360, "height": 640}, "PC": {"width": 1280, "height": 800}}
PATHS = (
    *("/", "/areas/", "/areas/990102000000/", "/deputies/", "/deputies/bai-youfu/"),
    *("/stations/", "/stations/shiweng/", "/notices/", "/ledger/", "/track/", "/help/"),
    *("/privacy/", "/en/", "/en/help/", "/en/find/", "/submit/", "/submit/?deputy=bai-youfu"),
    *("/submit/?lang=en", "/nothing", "/track?number=1&key=1", "/search?q=水"),
)


@pytest.fixture(params=[*SIZES.values()] if FULL else [SIZES["phone"]])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page with script on, as axe needs it and most people have it."""
    context = browser.new_context(viewport=request.param, service_workers="block")
    yield context.new_page()
    context.close()


def found_by_axe(page: Page) -> list[tuple[str, list[str]]]:
    """Return what axe finds wrong: each rule with the elements."""
    page.wait_for_load_state()
    answer = Axe().run(page, options=OPTIONS).response
    assert len(answer["passes"]) > 10
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in answer["violations"]]


def published(hub: Hub) -> str:
    """Return the path of a notice, made and published for these tests."""
    receipt = hub.raise_matter("路灯不亮", publish="yes")
    office = hub.client("office")
    path = f"/api/v1/matters/{receipt['number']}"
    for command, fields in (
        ("answer", {"text": "已经修好。"}),
        ("publish", {"title": "路灯亮了", "text": "村口的路灯修好了。"}),
    ):
        seen = office.get(path).json()["version"]
        answer = office.post(f"{path}/{command}", json={**fields, "seen": seen})
        assert answer.status_code == 200, answer.text
    found = f"/notices/{receipt['number']}/"
    until(lambda: httpx2.get(hub.url + found).status_code == 200)
    return found


def test_every_kind_of_public_page(hub: Hub, page: Page) -> None:
    wrong = {}
    notice = published(hub)
    for path in (*PATHS, notice):
        page.goto(hub.url + path)
        wrong[path] = found_by_axe(page)
    assert {path: rules for path, rules in wrong.items() if rules} == {}


def test_the_form_with_errors_and_the_outbox(hub: Hub, page: Page) -> None:
    page.goto(hub.url + "/submit/")
    page.evaluate(
        """() => { const form = document.querySelector("form");
          form.noValidate = true; form.under_14.checked = true; form.place.value = "村口"; }"""
    )
    page.fill("#text", " ")
    # The ordinary way, past the outbox.
    page.evaluate("document.querySelector('form').submit()")
    page.wait_for_url("**/matters")
    assert page.locator("#errors a[href='#text']").count() == 1
    assert page.input_value("#place") == "村口" and page.is_checked("#under_14")
    assert found_by_axe(page) == []

    page.goto(hub.url + "/submit/")
    page.route("**/matters", lambda route: route.abort())
    page.fill("#text", "断网")
    page.click("article button[type=submit]")
    page.locator("#outbox li").first.wait_for()
    assert found_by_axe(page) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_receipt_and_the_page_to_follow(hub: Hub, page: Page, lang: str) -> None:
    receipt = hub.raise_matter("路灯不亮", under_14="yes")
    page.goto(f"{hub.url}/m/{receipt['number']}?key={receipt['key']}&lang={lang}")
    assert page.get_attribute("html", "lang") == lang
    assert found_by_axe(page) == []
    page.goto(f"{hub.url}/m/{receipt['number']}/slip?key={receipt['key']}&lang={lang}")
    assert found_by_axe(page) == []
    office = hub.client("office")
    path = f"/api/v1/matters/{receipt['number']}"
    seen = office.get(path).json()["version"]
    office.post(f"{path}/answer", json={"text": "已经修好。", "seen": seen})
    page.goto(f"{hub.url}/m/{receipt['number']}?key={receipt['key']}&lang={lang}")
    assert page.locator("form[action*=rating]").count() == 1
    assert found_by_axe(page) == []
