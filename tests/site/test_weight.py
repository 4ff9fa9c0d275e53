"""Every kind of page is one request of at most 9 KB (DESIGN decision 10)."""

import gzip
import re
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # It ships no types.
import pytest

from publisher.site import Publisher
from tests.site import counties

BROTLI_BYTES = 9 * 1024
GZIP_BYTES = 10 * 1024


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county with long registers: 240 stations and points, 400 deputies, full months."""
    out = tmp_path_factory.mktemp("weight") / "site"
    content = counties.content(
        (counties.notice(n, step_ms=14_400_000) for n in range(200)),
        people=counties.deputies(400),
        places=counties.stations(240),
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


def test_no_page_asks_for_anything_else(site: Path) -> None:
    """No script, font, image or stylesheet is fetched; links are only followed."""
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert "<script" not in html
        assert not re.search(r"\ssrc=|@import|@font-face|url\((?![\"']?data:)", html), page
        fetched = re.findall(r'<link rel="(?!canonical|alternate)[^"]*" href="(?!data:)', html)
        assert not fetched, page
    assert {p.suffix for p in site.rglob("*") if p.is_file()} == {".html", ".xml", ".vcf", ".ics"}
