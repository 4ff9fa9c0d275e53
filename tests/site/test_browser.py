"""The site in a real browser, script off: what people with old phones see."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize

from publisher.machinery import REPOSITORY
from publisher.site import Publisher
from publisher.style.stylesheet import stylesheet
from tests.counts import FULL
from tests.site import counties
from tools.purging import purge

pytestmark = pytest.mark.browser

SMALL = ViewportSize(width=360, height=640)
NOTICES = [counties.notice(n) for n in range(40)]
PAGES = {
    "home": "",
    "areas": "areas/",
    "township": f"areas/{counties.TOWNSHIPS[0]}/",
    "village": f"areas/{counties.VILLAGES[0]}/",
    "deputies": "deputies/",
    "deputy": "deputies/deputy-003/",
    "stations": "stations/",
    "station": "stations/station-0/",
    "notices": "notices/",
    "month": f"notices/{NOTICES[5].month}/",
    "notice": f"notices/{NOTICES[5].number}/",
    "ledger": "ledger/",
    "submit": "submit/",
    "track": "track/",
    "help": "help/",
    "privacy": "privacy/",
    "english": "en/",
    "county-pages": "pages/",
    "campaign": "pages/campaign/",
    "case": "pages/case/",
    "placed-station": "stations/station-1/",
    "pictured-notice": f"notices/{NOTICES[-1].number}/",
    "english-find": "en/find/",
    "english-town": f"en/areas/{counties.TOWNSHIPS[0]}/",
    "english-station": "en/stations/station-0/",
    "english-page": "en/pages/campaign/",
    "english-help": "en/help/",
}
# Text of too little contrast with what is behind it (WCAG 1.4.3), too small, or too tightly set.
_CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const over = (f, b) => f.slice(0, 3).map((v, i) => v * (f[3] ?? 1) + b[i] * (1 - (f[3] ?? 1)));
  const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => c.map(v => linear(v / 255))
    .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const behind = e => {
    if (!e) return [255, 255, 255];
    const c = parse(getComputedStyle(e).backgroundColor);
    return (c[3] ?? 1) ? over(c, behind(e.parentElement)) : behind(e.parentElement);
  };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.offsetParent || e.closest('.md-skip, svg')) continue;
    const style = getComputedStyle(e), b = behind(e);
    const f = over(parse(style.color), b);
    const [x, y] = [light(f), light(b)].sort((p, q) => q - p);
    const ratio = (x + .05) / (y + .05);
    if (ratio < 4.5 || parseFloat(style.fontSize) < 18 || parseFloat(style.opacity) < 1)
      poor.push([e.tagName, e.textContent.slice(0, 20), ratio.toFixed(2), style.fontSize]);
    const line = parseFloat(style.lineHeight) / parseFloat(style.fontSize);
    if (line < 1.3) poor.push([e.tagName, e.textContent.slice(0, 20), 'line', line]);
  }
  return poor;
}"""
# Targets lower than 44 px; links within a sentence are let be (WCAG 2.5.5).
_SMALL = """() => [...document.querySelectorAll(
    'nav a, .hy-brand, .md-button, .hy-list a, .hy-facts a, .hy-trail a, .hy-go, td a, th a,' +
    'footer a, input:not([type=hidden]):not([type=radio]):not([type=checkbox]):not(.md-toggle),' +
    'select, textarea, .hy-pick')]
  .map(e => [e.textContent.trim().slice(0, 20), e.getBoundingClientRect()])
  .filter(([, r]) => r.height < 44).map(([t, r]) => [t, r.height])"""
_BORDERLESS = """() => [...document.querySelectorAll(
    'article input, article select, article textarea')]
  .filter(e => !['hidden', 'radio', 'checkbox'].includes(e.type))
  .filter(e => getComputedStyle(e).borderTopWidth === '0px'
    || getComputedStyle(e).borderTopStyle === 'none').map(e => e.name)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site to be opened from files."""
    out = tmp_path_factory.mktemp("browser") / "site"
    content = counties.rich(counties.content(NOTICES))
    publisher = Publisher(lambda: content, out, "https://hui.example.org/", from_files=True)
    publisher.build_full(quick=True)
    return out


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A small phone without script."""
    context = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_a_villager_finds_the_deputy_by_taps_alone(site: Path, phone: Page) -> None:
    phone.goto((site / "index.html").as_uri())
    phone.get_by_role("link", name="找代表").first.click()
    phone.get_by_role("link", name="石桥镇").click()
    phone.get_by_role("link", name="下岭村").click()
    phone.get_by_role("link", name=counties.deputies()["deputy-010"].name).first.click()
    assert phone.get_by_role("link", name="打电话").get_attribute("href") == "tel:13800000010"
    phone.get_by_role("link", name="首页").click()
    assert phone.url.endswith("index.html")


@pytest.fixture(scope="module")
def small_phone(browser: Browser) -> Iterator[Page]:
    """A small phone with script, which goes from page to page."""
    context = browser.new_context(viewport=SMALL)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_a_page_is_fit_for_a_small_old_phone(site: Path, small_phone: Page, path: str) -> None:
    page = small_phone
    asked: list[str] = []
    page.set_viewport_size(SMALL)

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    try:
        page.goto((site / path / "index.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert (
            page.evaluate(
                "[...document.querySelectorAll('body *')].filter(e => e.offsetParent"
                " && e.getBoundingClientRect().right > 360.5).map(e => e.outerHTML.slice(0, 80))"
            )
            == []
        )
        assert page.evaluate(_CONTRAST) == []
        assert page.evaluate(_SMALL) == []
        assert page.evaluate(_BORDERLESS) == []
        fetched = [url for url in asked if not url.startswith("data:")]
        assert [url for url in fetched if "/pictures/" not in url] == [fetched[0]]
        # The narrowest, which is what is left of 640 at 200 % too (WCAG 1.4.10).
        page.set_viewport_size({"width": 320, "height": 480})
        assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [320, 320]
    finally:
        page.remove_listener("request", note)


def test_a_picture_keeps_its_room_before_it_is_there(site: Path, browser: Browser) -> None:
    """Nothing jumps when a picture comes, and nothing is missing where none does."""
    heights = []
    for pictures in (True, False):
        context = browser.new_context(viewport={"width": 360, "height": 640})
        page = context.new_page()
        if not pictures:
            page.route("**/pictures/**", lambda route: route.abort())
        page.goto((site / PAGES["pictured-notice"] / "index.html").as_uri())
        page.locator("picture img").last.scroll_into_view_if_needed()
        heights.append(page.evaluate("document.documentElement.scrollHeight"))
        assert page.locator("picture img").count() == 2
        context.close()
    assert heights[0] == heights[1]


@pytest.mark.parametrize("size", [(360, 640), (1280, 900)] if FULL else [(360, 640)])
def test_pages_look_as_they_would_with_the_whole_of_material(
    site: Path, browser: Browser, size: tuple[int, int], tmp_path: Path
) -> None:
    """DESIGN decision 10: the purge changes no pixel."""
    ours = (REPOSITORY / "site/overrides/huiyin.css").read_text(encoding="utf-8")
    everything = purge.whole() + ours
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, java_script_enabled=False
    )
    page = context.new_page()
    try:
        for name, path in PAGES.items():
            purged = (site / path / "index.html").read_text(encoding="utf-8")
            assert stylesheet() in purged
            shots = []
            for html in (purged, purged.replace(stylesheet(), everything)):
                (tmp_path / "page.html").write_text(html, encoding="utf-8")
                page.goto((tmp_path / "page.html").as_uri())
                shots.append(page.screenshot(full_page=True))
            assert shots[0] == shots[1], name
    finally:
        context.close()
