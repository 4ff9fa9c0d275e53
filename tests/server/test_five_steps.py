"""The five steps of the main job, as people take them: a real browser with JavaScript off."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.hub import Hub

pytestmark = [pytest.mark.browser, pytest.mark.litestream]


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A villager's phone, without script."""
    context = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """A PC in an office, without script."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, java_script_enabled=False
    )
    yield context
    context.close()


def sign_in(context: BrowserContext, hub: Hub, role: str) -> Page:
    """Sign in at the console with the sample's sign-in, signing out whoever was there."""
    context.clear_cookies()
    page = context.new_page()
    page.goto(hub.url + "/console/")
    name, password = hub.sign_ins()[role]
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.click("main button")
    expect(page).to_have_url(re.compile(r"/console/(waiting)?$"))
    page.click("nav a[href$='console/']")
    return page


def fill_command(page: Page, command: str, **fields: str) -> None:
    """Open a command's form on a matter's page, fill it and send it."""
    form = page.locator(f'form[action$="/{command}"]')
    details = page.locator("details", has=form)
    if details.count() and details.first.get_attribute("open") is None:
        details.first.locator("summary").first.click()
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if field.first.evaluate("e => e.tagName") == "SELECT":
            field.first.select_option(value)
        elif field.first.get_attribute("type") in ("radio", "checkbox"):
            form.locator(f'[name={name}][value="{value}"]').check()
        else:
            field.first.fill(value)
    form.locator("button").first.click()


@pytest.mark.req("H13", "L01", "L31", "X07", "S16")
def test_the_five_steps_with_javascript_off(hub: Hub, phone: Page, desk: BrowserContext) -> None:
    # 1. The villager finds the deputy of their village, and the station.
    phone.goto(hub.url + "/")
    phone.click("main a[href*='areas/']")
    phone.click("main a[href*='990102']")
    phone.locator("main .hy-tiles a, main ul a").first.click()
    village = phone.locator("h1").inner_text()
    assert phone.locator("main a[href^='tel:']").count() >= 1
    phone.locator("main a[href*='deputies/']").first.click()
    deputy = phone.locator("h1").inner_text()
    assert phone.locator("main a[href^='tel:']").count() >= 1
    phone.locator("main a[href*='stations/']").first.click()
    assert phone.locator("main table, main dl").count() >= 1
    phone.go_back()

    # 2. They fill in the form: a text is enough.
    phone.click("main a[href*='submit/']")
    assert deputy.split()[0] in phone.locator("main").inner_text()
    assert len(phone.get_attribute("input[name=id]", "value") or "") == 36
    phone.fill("[name=text]", f"{village}的水渠堵了,秧田没有水。")
    phone.check("[name=publish]")
    phone.click("main form button[type=submit]")
    expect(phone).to_have_url(re.compile(r"/m/\d{10}\?key="))
    address = phone.url
    number = re.search(r"/m/(\d{10})", address)
    assert number is not None
    phone.click("main a[href*='slip']")
    assert phone.locator("svg path").count() == 1
    phone.goto(address)

    # 3. The office sees it in the list and dispatches it; the unit replies.
    office = sign_in(desk, hub, "office")
    office.click(f"a[href*='matters/{number[1]}']")
    fill_command(office, "assign", lead=hub.unit_of_sample(), demand="三天内疏通")
    unit = sign_in(desk, hub, "unit")
    unit.click(f"a[href*='matters/{number[1]}']")
    fill_command(unit, "accept", handler="王师傅 0990-1001001")
    fill_command(unit, "reply", text="水渠已经疏通,秧田通水。", result="A")

    # 4. The office previews the public text beside the original, and publishes it.
    office = sign_in(desk, hub, "office")
    office.goto(f"{hub.url}/console/matters/{number[1]}/publish")
    assert "秧田没有水" in office.locator("main").inner_text()
    office.fill("[name=title]", "水渠通水了")
    office.click("button[value=preview]")
    assert "水渠通水了" in office.locator("main").inner_text()
    office.click("button[value=publish]")
    expect(office).to_have_url(re.compile(rf"/console/matters/{number[1]}$"))

    # The notice stands on the site: its page, its month, the home page, the ledger.
    def shown(path: str, text: str) -> None:
        for _ in range(50):
            phone.goto(hub.url + path)
            if text in phone.locator("body").inner_text():
                return
            phone.wait_for_timeout(200)
        raise AssertionError(f"{text} not on {path}")

    shown(f"/notices/{number[1]}/", "水渠已经疏通")
    shown("/", "水渠通水了")
    phone.click("nav a[href*='notices/']")
    phone.locator("main a[href*='-']").first.click()
    assert "水渠通水了" in phone.locator("main").inner_text()
    phone.click("nav a[href*='ledger/']")
    assert "收到" in phone.locator("main").inner_text()

    # 5. The villager's page shows each step with its time, and the answer.
    phone.goto(address)
    text = phone.locator("main").inner_text()
    assert "水渠已经疏通,秧田通水。" in text
    assert phone.locator(".hy-steps time").count() >= 5
    phone.locator("[name=reply_rating][value=satisfied]").check()
    phone.locator("[name=result_rating][value=satisfied]").check()
    phone.click("form[action*='rating'] button")
    assert phone.locator("form[action*='rating']").count() == 0


def test_a_refused_form_keeps_every_word(hub: Hub, phone: Page) -> None:
    phone.goto(hub.url + "/submit/")
    phone.fill("[name=text]", "   ")
    phone.fill("[name=place]", "村口老槐树下")
    phone.click("main form button[type=submit]")
    assert phone.locator(".hy-errors a[href='#text']").count() == 1
    assert phone.input_value("[name=place]") == "村口老槐树下"


def test_the_slip_prints_on_one_page(hub: Hub, browser: Browser, tmp_path: Path) -> None:
    receipt = hub.raise_matter("打印一张")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{hub.url}/m/{receipt['number']}/slip?key={receipt['key']}")
    printed = page.pdf(format="A5")
    context.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
