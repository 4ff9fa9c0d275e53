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
_QUICK = _MANY
# Who takes none of brotli gets a page some percent larger than it could be, in half the time: gzip
# is what browsers ask for over plain HTTP, and none that takes zstandard takes no brotli.
_GZIP, _ZSTANDARD = 6, 4
# A window no larger than what is in it: the same bytes but for a few, in two thirds of the time.
_WINDOW_LEAST, _WINDOW_MOST = 10, 22


def suffixes(path: str) -> tuple[str, ...]:
    """The suffixes of the copies that a file at `path` (from the root of the site) has."""
    return SUFFIXES if PurePosixPath(path).suffix in TEXTS else ()


def one_of_many(path: str) -> bool:
    """Whether a file is of a kind of which there may be a hundred thousand."""
    return "notices/" in path and path != "notices/index.html"


def brotlied(path: str, data: bytes, *, quick: bool = False) -> bytes:
    """The brotli copy of a file. A `quick` one is some 5 % larger (`squeezing.py`)."""
    quality = _QUICK if quick else _MANY if one_of_many(path) else _FEW
    window = min(max(len(data).bit_length(), _WINDOW_LEAST), _WINDOW_MOST)
    return bytes(brotli.compress(data, quality=quality, mode=brotli.MODE_TEXT, lgwin=window))


def copies(path: str, data: bytes, *, quick: bool = False) -> dict[str, bytes]:
    """The copies of a file by suffix."""
    if not suffixes(path):
        return {}
    return {
        ".br": brotlied(path, data, quick=quick),
        ".gz": gzip.compress(data, _GZIP, mtime=0),
        ".zst": zstandard.ZstdCompressor(level=_ZSTANDARD).compress(data),
    }
