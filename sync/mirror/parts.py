"""Files on their way here: what came of them is kept, and proved once all of it is there."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import brotli  # type: ignore[import-untyped]  # It ships no types.
import zstandard

BROTLI = "br"
# Zstandard with another file as its dictionary (RFC 9842): what a page shares with it takes
# next to nothing.
SHARED = "dcz"
PLAIN = "identity"
CODINGS = (SHARED, BROTLI, PLAIN)
# By so much a coded file may be larger than what is in it.
CODED_MORE_BYTES = 1024
_SHARED_MAGIC = bytes.fromhex("5e2a4d1820000000")
# The best that may take some milliseconds a page.
_SHARED_LEVEL = 19


class Content(NamedTuple):
    """What a file holds, and its brotli copy where it came so."""

    data: bytes
    coded: bytes | None


class Begun(NamedTuple):
    """In which coding a file was begun, "" for not at all, and how many bytes of it are here."""

    coding: str
    offset: int


class Parts:
    """A folder of begun files, each named by its hash and how it is coded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begun(self, sha256: bytes) -> Begun:
        """Return how much of a file is here."""
        for coding in CODINGS:
            part = self._path(sha256, coding)
            if part.exists():
                return Begun(coding, part.stat().st_size)
        return Begun("", 0)

    def append(
        self,
        sha256: bytes,
        coding: str,
        chunks: Iterable[bytes],
        *,
        most_bytes: int,
        came: Callable[[int], None],
    ) -> None:
        """Add what comes to a file, and tell `came` of each piece; no more than can be of it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # Unbuffered, so that a cut loses no byte that came.
        with self._path(sha256, coding).open("ab", buffering=0) as file:
            room = most_bytes + CODED_MORE_BYTES - file.tell()
            for chunk in chunks:
                room -= len(chunk)
                if room < 0:
                    return
                file.write(chunk)
                came(len(chunk))

    def content(
        self, sha256: bytes, coding: str, size_bytes: int, dictionary: bytes | None
    ) -> Content | None:
        """Return what a file holds if all of it is here and right; None if not."""
        try:
            coded = self._path(sha256, coding).read_bytes()
        except FileNotFoundError:
            return None
        data: bytes | None = coded
        if coding == BROTLI:
            data = unpacked(coded, size_bytes)
        elif coding == SHARED:
            data = unpacked_shared(coded, size_bytes, dictionary)
        if data is None or hashlib.sha256(data).digest() != sha256:
            return None
        return Content(data, coded if coding == BROTLI else None)

    def drop(self, sha256: bytes) -> None:
        """Forget what is here of a file."""
        for coding in CODINGS:
            self._path(sha256, coding).unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, sha256: bytes, coding: str) -> Path:
        return self._folder / f"{sha256.hex()}.{coding}"


def unpacked(coded: bytes, size_bytes: int) -> bytes | None:
    """Return what brotli holds; None if it is not whole, or more than `size_bytes`."""
    decompressor = brotli.Decompressor()
    try:
        data: bytes = decompressor.process(coded, output_buffer_limit=size_bytes + 1)
    except brotli.error:
        return None
    return data if decompressor.is_finished() and len(data) <= size_bytes else None


def packed_shared(data: bytes, dictionary: bytes) -> bytes:
    """Return `data` coded as SHARED."""
    shared = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    compressor = zstandard.ZstdCompressor(level=_SHARED_LEVEL, dict_data=shared)
    head = _SHARED_MAGIC + hashlib.sha256(dictionary).digest()
    return head + compressor.compress(data)


def unpacked_shared(coded: bytes, size_bytes: int, dictionary: bytes | None) -> bytes | None:
    """Return what SHARED holds; None if it is not whole, or not of this size and dictionary."""
    if dictionary is None:
        return None
    head = _SHARED_MAGIC + hashlib.sha256(dictionary).digest()
    frame = coded[len(head) :]
    shared = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    try:
        # The frame tells its size, and so much would be reserved for it.
        if not coded.startswith(head) or zstandard.frame_content_size(frame) != size_bytes:
            return None
        return zstandard.ZstdDecompressor(dict_data=shared).decompress(frame)
    except zstandard.ZstdError:
        return None
