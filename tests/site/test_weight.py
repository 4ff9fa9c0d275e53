"""Every kind of page is one request of at most 9 KB (DESIGN decision 10)."""

import gzip
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # It ships no types.
import pytest

from matters.registers.categories import Category
from matters.registers.pages import Page
from matters.registers.units import Unit
from publisher import offline
from publisher.machinery import REPOSITORY
from publisher.site import Publisher
from tests.site import counties

_PLACES = ("清河县", "城关镇", "石桥镇", "大岭乡", "白沙街道", "新丰片区", "水口开发区")
_TRADES = (
    *("农业农村局", "交通运输局", "住房和城乡建设局", "水利局", "民政局", "教育体育局"),
    *("卫生健康委员会", "自然资源局", "生态环境局", "市场监督管理局", "供电公司"),
)
BROTLI_BYTES = 9 * 1024
GZIP_BYTES = 10 * 1024
SCRIPT_BYTES = 4096
_SCRIPTED = (".", "submit", "track")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county with long registers: 240 stations and points, 400 deputies, full months."""
    out = tmp_path_factory.mktemp("weight") / "site"
    content = counties.content(
        (counties.notice(n, step_ms=14_400_000) for n in range(200)),
        people=counties.deputies(400),
        places=counties.stations(240),
    )
    # Names of some length, so that no line of the ledger packs better than a real one.
    content = replace(
        content,
        ledger=counties.long_ledger(),
        units={
            f"unit-{n}": Unit(id=f"unit-{n}", name=f"{_PLACES[n % 7]}{_TRADES[n % 11]}第{n}管理所")
            for n in range(600)
        },
        categories={
            f"category-{n}": Category(id=f"category-{n}", name=f"{_TRADES[n % 11]}类第{n}项")
            for n in range(40)
        },
    )
    Publisher(lambda: content, out, "https://hui.example.org/qinghe/").build_full()
    return out


def test_no_page_outgrows_its_budget(site: Path) -> None:
    for page in site.rglob("*.html"):
        data = page.read_bytes()
        where = page.relative_to(site)
        gzip_bytes = len(gzip.compress(data))
        assert gzip_bytes <= GZIP_BYTES, where
        # Brotli is slow, and never the larger of the two on pages like these.
        if gzip_bytes > BROTLI_BYTES * 0.75:
            assert len(brotli.compress(data)) <= BROTLI_BYTES, where


def test_the_ledger_has_all_its_lines_on_its_pages(site: Path) -> None:
    """What is too long for the ledger's own page stands on further ones, each linked."""
    html = (site / "ledger" / "index.html").read_text(encoding="utf-8")
    for folder, lines in (("months", 60), ("categories", 40), ("stations", 240), ("units", 600)):
        assert f'href="{folder}/"' in html
        pages = list((site / "ledger" / folder).rglob("index.html"))
        texts = [page.read_text(encoding="utf-8") for page in pages]
        assert sum(text.count("<tbody>") for text in texts) == lines
    drawings = re.findall(r'<svg class="hy-chart".*?</svg>', html)
    assert len(drawings) == 5
    for drawing in drawings:
        assert len(brotli.compress(drawing.encode())) <= 614


def test_no_page_asks_for_anything_else(site: Path) -> None:
    """No font, image or stylesheet is fetched, the script after the text; links are followed."""
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        where = page.relative_to(site).parent.as_posix()
        scripted = page.name == "index.html" and (
            where in _SCRIPTED or bool(re.fullmatch("(deputies/d|stations/s)[^/]*", where))
        )
        up = "" if where == "." else "../" * (where.count("/") + 1)
        script = f'<script defer src="{up}{offline.script_name()}"></script>\n'
        assert html.count(script) == scripted, where
        html = html.replace(script, "")
        assert "<script" not in html
        assert not re.search(r"\ssrc=|@import|@font-face|url\((?![\"']?data:)", html), page
        fetched = re.findall(r'<link rel="(?!canonical|alternate)[^"]*" href="(?!data:)', html)
        assert not fetched, page
    kinds = {".html", ".xml", ".vcf", ".ics", ".js", ".json", ".br", ".gz", ".zst"}
    # What the site notes of itself is hidden, and nobody serves or copies it.
    public = (path for path in site.rglob("*") if path.is_file() and path.name[0] != ".")
    assert {path.suffix for path in public} == kinds


def test_the_script_and_its_worker_are_small(site: Path) -> None:
    """Outbox, drafts and kept pages: at most 4 KB brotli in all (issue "A public site")."""
    sent = [(site / name).read_bytes() for name in (offline.script_name(), offline.WORKER)]
    assert sum(len(brotli.compress(body)) for body in sent) <= SCRIPT_BYTES
    assert sum(len(list(site.glob(pattern))) for pattern in ("*.js", "**/*.js")) == 2 * len(sent)


def test_each_kind_of_page_keeps_to_its_own_budget(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With all that registers can hold: pictures, rules, posts, activities, a sketch, English."""
    content = counties.rich(
        counties.content([counties.notice(n) for n in range(40)], people=counties.deputies(60))
    )
    Publisher(lambda: content, tmp_path / "site", "https://hui.example.org/qinghe/").build_full()
    assert [record.getMessage() for record in caplog.records] == []
    assert (tmp_path / "site/en/stations/station-0/index.html").exists()
    for sketch in re.findall(
        r'<svg class="hy-chart hy-map".*?</svg>',
        "".join(p.read_text("utf-8") for p in (tmp_path / "site/stations").glob("*/index.html")),
    ):
        assert len(brotli.compress(sketch.encode())) < 1024


def test_a_page_that_its_own_words_make_too_heavy_is_told_to_staff(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heavy = Page(
        id="heavy", title="长", text="".join(chr(0x4E00 + n * 7 % 20_000) for n in range(9000))
    )
    content = replace(counties.small(), pages={"heavy": heavy})
    Publisher(lambda: content, tmp_path / "site", "https://hui.example.org/").build_full()
    assert (tmp_path / "site/pages/heavy/index.html").exists()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1 and said[0].startswith("page /pages/heavy/ has ")


@pytest.mark.parametrize(
    ("tool", "product"), [("squeeze", "phone/squeezed.js"), ("purge", "style/purged.css")]
)
def test_what_is_made_with_the_program_is_what_its_sources_make(tool: str, product: str) -> None:
    """Nothing may stand in `pages` or templates that the committed product does not know."""
    command = [sys.executable, str(REPOSITORY / "tools" / tool), "--check"]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0, (
        f"run tools/{tool}: its sources are newer than site/publisher/{product}"
    )
