"""The frame around the server's own pages, and the form that it shows again."""

import re

import pytest

from publisher.server_pages import AskedPages
from tests.site import counties
from tools.purging import specimen
from tools.purging.purge import purged, whole


@pytest.fixture(scope="module")
def asked() -> AskedPages:
    """The pages of the sample county that people ask for."""
    return AskedPages(counties.content, "https://hui.example.org/qinghe/")


def test_a_page_of_the_server_has_the_site_around_it(asked: AskedPages) -> None:
    page = asked.frame().render(
        "<进度>", '<h1 class="x">好</h1>', "../", head_extra='<meta name="referrer" content="no">'
    )
    assert "<title>&lt;进度&gt; - 清河县回音</title>" in page
    closed = re.sub(r">\s+<", "><", page)
    assert '<meta name="referrer" content="no"></head>' in closed
    assert '<h1 class="x">好</h1></article>' in closed
    assert 'href="../deputies/"' in page and 'href="../../' not in page
    assert "示例县" in page and "huiyin:" not in page and "canonical" not in page


@pytest.mark.parametrize(
    ("root", "home", "deputies"),
    [
        ("", 'href="./"', 'href="./deputies/"'),
        ("/", 'href="/"', 'href="/deputies/"'),
        ("../../", 'href="../../"', 'href="../../deputies/"'),
    ],
)
def test_its_links_lead_to_the_root(asked: AskedPages, root: str, home: str, deputies: str) -> None:
    before, after = asked.frame().parts("x", "zh", root)
    assert home in before and deputies in before
    assert "privacy/" in after


def test_the_frame_is_there_in_english(asked: AskedPages) -> None:
    before, _ = asked.frame().parts("Progress", "en", "/")
    assert '<html lang="en"' in before
    assert "Deputies</a>" in before and "代表</a>" not in before


def test_the_stylesheet_keeps_what_the_server_says_it_uses() -> None:
    page = '<article class="md-typeset"><div class="admonition warning"></div></article>'
    specimens = list(specimen.rendered())
    assert ".md-typeset .admonition" in "".join(purged(whole(), [*specimens, page]))
    assert "admonition{" not in "".join(purged(whole(), specimens))


def test_a_refused_form_keeps_every_word(asked: AskedPages) -> None:
    values = {
        "id": "0190",
        "text": "\n第一行\n第二行",
        "kind": "help",
        "category": "water",
        "area": counties.VILLAGES[3],
        "place": "村口",
        "name": "韦",
        "phone": "12",
        "under_14": "yes",
        "share_phone": "yes",
        "publish": "no",
        "deputy": "deputy-007",
        "station": "station-1",
    }
    page = asked.form(values, [{"field": "phone", "message": "号码不对"}], "/")
    assert '<a href="#phone">号码不对</a>' in page
    assert 'id="phone-error"' in page and 'aria-describedby="phone-error"' in page
    assert '<input type="hidden" name="id" value="0190">' in page
    assert "\n\n第一行\n第二行</textarea>" in page
    assert 'value="help" checked' in page
    assert '<option value="water" selected>' in page
    assert f'<option value="{counties.VILLAGES[3]}" selected>' in page
    assert 'name="share_phone" value="yes" checked' in page
    assert 'name="publish" value="yes" checked' not in page
    assert counties.deputies()["deputy-007"].name in page
    assert 'action="/matters"' in page
