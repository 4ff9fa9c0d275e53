"""The sitemap: an index of parts, so that one notice more or less touches one part of it."""

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from matters.public.notices import ListKind
from publisher import addresses
from publisher.site_registers import SiteRegisters

INDEX = "sitemap.xml"
PAGES = "sitemap/pages.xml"
PLACES = 1000
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<{0} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'


def part_path(part: int) -> str:
    """The file of a part of the notices, from 1."""
    return f"sitemap/{part}.xml"


def part_of(place: int) -> int:
    """The part that names what stands in a place of the list of all."""
    return place // PLACES + 1


def parts(registers: SiteRegisters) -> int:
    """How many parts the notices have."""
    return -(-registers.content.notices.extent(ListKind.ALL, "").places // PLACES)


def index(registers: SiteRegisters, base_url: str) -> bytes:
    """The index of all parts."""
    paths = (PAGES, *(part_path(part) for part in range(1, parts(registers) + 1)))
    lines = (f"<sitemap><loc>{escape(base_url + path)}</loc></sitemap>\n" for path in paths)
    return _document("sitemapindex", lines)


def pages(paths: Iterable[str], base_url: str) -> bytes:
    """The part of some pages."""
    return _document("urlset", _locations(paths, base_url))


def notices(registers: SiteRegisters, part: int, base_url: str) -> bytes:
    """A part of the notices."""
    numbers = registers.content.notices.numbers((part - 1) * PLACES, PLACES)
    return pages((addresses.notice(number) for number in numbers), base_url)


def _locations(paths: Iterable[str], base_url: str) -> Iterator[str]:
    for path in paths:
        yield f"<url><loc>{escape(base_url + addresses.href(path))}</loc></url>\n"


def _document(name: str, lines: Iterable[str]) -> bytes:
    return f"{_HEAD.format(name)}{''.join(lines)}</{name}>\n".encode()
