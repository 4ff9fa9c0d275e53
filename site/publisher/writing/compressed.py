"""Compressed copies that lie beside each text file of the site, for servers that hand them out.

The same data at the same place gives the same bytes, by whichever way it is published.
"""

import gzip
from pathlib import PurePosixPath

import brotli  # type: ignore[import-untyped]  # It ships no types.
import zstandard

SUFFIXES = (".br", ".gz", ".zst")
TEXTS = frozenset((".html", ".xml", ".ics", ".vcf", ".js", ".json", ".svg", ".css", ".txt"))
# Of notices and of lists of them there may be a hundred thousand: 1 ms each, and a good part of
# the way. All other pages are few and read more than written: 5 % less for 10 ms. (The highest
# quality would give another 2 % and take 25 ms.)
_MANY, _FEW = 7, 10


def suffixes(path: str) -> tuple[str, ...]:
    """The suffixes of the copies that a file at `path` (from the root of the site) has."""
    return SUFFIXES if PurePosixPath(path).suffix in TEXTS else ()


def copies(path: str, data: bytes) -> dict[str, bytes]:
    """The copies of a file by suffix."""
    if not suffixes(path):
        return {}
    many = "notices/" in path and path != "notices/index.html"
    return {
        ".br": brotli.compress(data, quality=_MANY if many else _FEW, mode=brotli.MODE_TEXT),
        ".gz": gzip.compress(data, 9, mtime=0),
        ".zst": zstandard.ZstdCompressor(level=12).compress(data),
    }
