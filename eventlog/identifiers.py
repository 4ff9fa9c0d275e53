"""UUIDs (RFC 9562), kept as 16 bytes and written as 36 characters at the edge."""

import os
import time
from uuid import UUID


def new_uuid7(now_ms: int | None = None) -> bytes:
    """Return a fresh UUIDv7 as 16 bytes. `now_ms` is milliseconds since 1970, UTC."""
    milliseconds = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    raw = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return bytes(raw)


def uuid8_of(digest: bytes) -> bytes:
    """Return the UUIDv8 that a digest of 16 bytes or more gives: the same for the same digest."""
    raw = bytearray(digest[:16])
    raw[6] = 0x80 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return bytes(raw)


def parse_uuid(text: str) -> bytes:
    """Return the 16 bytes of a UUID in its 36-character form.

    Versions 4 and 7 are taken: an old browser's script can make only version 4.
    Raises ValueError for anything else.
    """
    if len(text) != 36:
        raise ValueError("not a UUID of 36 characters")
    value = UUID(text)
    if value.version not in (4, 7):
        raise ValueError("not a UUID of version 7")
    return value.bytes


def uuid_text(raw: bytes) -> str:
    """Return the 36-character form of a 16-byte UUID."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
