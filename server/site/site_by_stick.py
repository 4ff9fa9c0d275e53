"""The public site on a stick: which copy a station has, what it lacks, and taking that in."""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from eventlog.keys import Keys
from server.site.site_copy import (
    PackOutOfStep,
    PackUnreadable,
    SiteCopy,
    SiteNotReached,
    SiteNotTrusted,
)
from server.site.site_cursor import VERSION_BYTES
from server.site.site_offer import FILE_NAME as MANIFEST_NAME
from server.site.site_offer import SiteOffer
from sync.mirror.manifest import LOG_BYTES

LOCK_NAME = "serve.lock"

logger = logging.getLogger("huiyin.site")


def packing(offer: SiteOffer) -> Callable[[bytes], Iterator[bytes]]:
    """Return what packs what a copy lacks that is at a cursor; nothing for one that told none."""

    def packed(cursor: bytes) -> Iterator[bytes]:
        if len(cursor) != LOG_BYTES + VERSION_BYTES:
            return
        log = cursor[:LOG_BYTES]
        yield from offer.pack(log if any(log) else b"", int.from_bytes(cursor[LOG_BYTES:], "big"))

    return packed


@contextmanager
def offered(folder: Path, keys: Keys, now_ms: Callable[[], int]) -> Iterator[SiteOffer]:
    """Yield a hub's site as it offers it, for a command that may run beside its server."""
    offer = SiteOffer(folder / "site", folder / MANIFEST_NAME, keys.signing, now_ms)
    try:
        yield offer
    finally:
        offer.close()


def take(copy: SiteCopy, stream: IO[bytes], verify_key: bytes) -> bool:
    """Take in what a stick brings of the site; return whether that went.

    What can't be used is passed over: the events that came along stand by themselves.
    """
    try:
        copy.take_packed(stream, verify_key)  # type: ignore[arg-type]  # read in binary, as it says
    except (PackUnreadable, PackOutOfStep, SiteNotTrusted, SiteNotReached, OSError) as error:
        logger.warning("the site on the stick was not taken: %s", type(error).__name__)
        return False
    return True


def take_in(folder: Path, stream: IO[bytes], verify_key: bytes) -> bool:
    """Take it in where no server is at work, for it alone may write to the site then."""
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            logger.warning("the site on the stick is taken by the server's page 送到县里 only")
            return False
        copy = SiteCopy(folder)
        try:
            return take(copy, stream, verify_key)
        finally:
            copy.close()
    finally:
        os.close(descriptor)
