"""What people write is shown as they wrote it and never taken for HTML, Jinja, Markdown or YAML."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import escape

from deputies.deputies import Deputy, Level
from matters.public.notices import Notice
from publisher.machinery import Machinery
from publisher.server_pages import AskedPages
from publisher.site import Publisher
from publisher.sources import PageSource
from publisher.words.wording import visible
from publisher.writing.touched import Changes
from stations.stations import Station, StationKind
from tests.site import counties
from tests.site.light_builds import light_builds
from tests.site.whole_sites import copied

pytestmark = pytest.mark.usefixtures("light")
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "jinja": "{{ 7*7 }}{% raw %}{# x #}${7*7}",
    "markdown": "[x](javascript:alert(1)) ![y](http://evil.example/y.png) # h\n```\ncode",
    "yaml": "a: b\n---\n...\n- c\n\"'&*!|>%@`#\n---\ntitle: other",
    "attribute": '" onmouseover="alert(1)" x=\'</title></style></textarea><img src=x>',
    "lines": "one\u2028two\u2029three\x85four\r\nfive",
    "emoji": "路灯\U0001f4a1坏了\U00020bb7",
    "lone": "half\ud83d pair",
    "controls": "a\x00b\x1bc\x7fd\u202eevil\u2066",
    "marks": '<!--huiyin:body--> HUIYIN-FRAME-TITLE href="../',
    "entity": "&lt;b&gt; &amp;",
    "long": "路" * 10_000,
}


_OURS = re.compile(r"[./]*outbox-[0-9a-f]+\.js")


class _Text(HTMLParser):
    """The text of a page, its tags, and the attributes that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()
        self.acts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not (tag == "script" and _OURS.fullmatch(dict(attrs).get("src") or "")):
            self.tags.add(tag)
        for name, value in attrs:
            if name.startswith("on") or (value or "").lower().startswith("javascript:"):
                self.acts.append(f"{name}={value}")
            if name == "src" and not _OURS.fullmatch(value or ""):
                self.acts.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: Path) -> _Text:
    """A page as a browser sees it."""
    parser = _Text()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser


@pytest.fixture(scope="module")
def without_notices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A light site of the small county before its first notice."""
    site = tmp_path_factory.mktemp("hostile") / "site"
    with light_builds():
        Publisher(counties.small, site, "https://hui.example.org/").build_full()
    return site


@pytest.fixture(scope="module")
def machinery() -> Machinery:
    """What makes a page of any words."""
    made = Machinery()
    made.set_extra(county={"name": "县"})
    return made


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_notice_shows_hostile_text_as_text(
    tmp_path: Path, without_notices: Path, text: str
) -> None:
    notice = counties.notice(1, title=text[:200], text=text, answer=text)
    copied(without_notices, tmp_path / "site")
    publisher = Publisher(
        lambda: counties.small([notice]), tmp_path / "site", "https://hui.example.org/"
    )
    publisher.publish(Changes(notices=(notice.number,)))
    page = read(tmp_path / "site/notices" / notice.number / "index.html")
    assert page.text.count(visible(text)) >= 2
    for path in ("index.html", f"notices/{notice.month}/index.html", "notices/index.html"):
        listing = read(tmp_path / "site" / path)
        assert visible(text[:200]) in listing.text
        assert not listing.acts
    assert not page.acts
    assert not page.tags & {"script", "img", "b", "code"}


# Half of a surrogate pair is left out here: registers come from UTF-8, which can't hold one.
WHOLE = {name: text for name, text in HOSTILE.items() if name != "lone"}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE.keys())
def test_hostile_registers_and_forms(tmp_path: Path, text: str) -> None:
    short = text[:60]
    person = Deputy(
        id="d",
        name=short,
        level=Level.COUNTY,
        constituency=short,
        post=short,
        phone=short,
        introduction=text,
        areas=(counties.VILLAGES[0],),
        stations=("s",),
    )
    place = Station(
        id="s",
        name=short,
        kind=StationKind.STATION,
        area=counties.VILLAGES[0],
        address=short,
        directions=text,
        phone=short,
        hours=short,
        head=short,
        officer=short,
    )
    content = replace(counties.small(), deputies={"d": person}, stations={"s": place})
    Publisher(lambda: content, tmp_path / "site", "https://hui.example.org/").build_full()
    values = dict.fromkeys(("text", "place", "name", "phone", "id"), text)
    (tmp_path / "site/form.html").write_text(
        AskedPages(lambda: content).form(
            {**values, "station": "s"}, [{"field": "text", "message": text}], "/"
        ),
        encoding="utf-8",
    )
    for path in (tmp_path / "site").rglob("*.html"):
        page = read(path)
        assert not page.acts, path
        assert not page.tags & {"script", "img", "b"}, path
    assert (tmp_path / "site/deputies/d/card.vcf").read_bytes().count(b"\r\n") >= 7


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_template_is_handed_what_was_written(machinery: Machinery, text: str) -> None:
    """Every character, but that half of a surrogate pair is shown as what it is: none."""
    html = machinery.data(PageSource("x/", "track.html", {"title": text})).decode()
    shown = escape(text.replace("\ud83d", "\ufffd"))
    assert f"<title>{shown} - 县回音</title>" in html


def test_paragraphs_are_kept(tmp_path: Path) -> None:
    notice: Notice = counties.notice(1, text="一段\n\n  二段\r\n三行")
    content = counties.small([notice])
    Publisher(lambda: content, tmp_path / "site").build_full()
    page = (tmp_path / "site/notices" / notice.number / "index.html").read_text()
    assert '<p class="hy-text">一段\n\n  二段\n三行</p>' in page
    assert ".hy-text{white-space:pre-line" in page
