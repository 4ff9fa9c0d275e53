"""The hub's site as stations fetch it: signed pages of what changed, and the files (0017).

Whoever asks gets it, for it is public; what is signed is that it comes from this hub.
"""

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
from nacl.signing import SigningKey
from starlette.requests import Request
from starlette.responses import Response

from publisher.writing import files
from publisher.writing.compressed import SUFFIXES
from server.web.compressing import compressed
from server.web.encodings import accepted
from server.web.problems import Busy, Unreadable
from sync.mirror.manifest import LOG_BYTES, Change, Manifest, Page, encode_page, is_kept
from sync.mirror.parts import BROTLI, PLAIN, SHARED, packed_shared

FILE_NAME = "site-manifest.db"
CONTEXT = b"huiyin site 1\0"
NONCE_BYTES = 16
# A page on a stick answers no question.
NO_NONCE = bytes(NONCE_BYTES)
PAGE_MOST = 2000
PACK_MOST_BYTES = 256 * 1024 * 1024
# Kinds of frames in packed changes: a kind, four bytes of length, the content.
FRAME_PAGE, FRAME_FILE = b"P", b"F"
FRAME_LENGTH_BYTES = 4
MARKS = {BROTLI: b"b", PLAIN: b"-"}
# Many stations that ask at once are told from one look at the folder.
_SCAN_PAUSE_S = 1.0
_SCAN_PAUSE_MOST_S = 5.0
_SCAN_SHARE = 20
# About what a change takes in a page, beyond its path.
_CHANGE_BYTES = 64
# Pages share most of what they are; what else is text would not get smaller.
_SHARING = (".html",)
_PACKED_KEPT = 512
# Of a few hundred bytes that a page comes as, these are not to take more.
_TERSE = {"cache-control": "no-store", "content-security-policy": "default-src 'none'"}
_RANGE = re.compile(r"bytes=(\d{1,12})-")


class SiteOffer:
    """What one hub offers of its site. Any thread may ask."""

    def __init__(
        self, site: Path, database: Path, signing: bytes, now_ms: Callable[[], int]
    ) -> None:
        """Offer the folder `site`; its manifest is made at the first question."""
        self._site = site
        self._database = database
        self._key = SigningKey(signing)
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._manifest: Manifest | None = None
        # The dictionary that was last asked for: its hash, and what it holds.
        self._known: tuple[bytes, bytes] | None = None
        self._scan_due = 0.0
        self._at_ms = 0

    @property
    def stands(self) -> bool:
        """Whether there is a site; a hub that was just restored builds it first.

        Before that nothing is offered: a copy would be told that there are no files.
        """
        return (self._site / "index.html").exists()

    def page(self, log: bytes, since: int, nonce: bytes = NO_NONCE) -> bytes:
        """Return the signed page of changes for a copy at (log, since).

        `nonce` are random bytes of who asks, signed with the page, so that an old page can't be
        passed off as an answer.
        """
        return self._signed(self._changes(log, since, PAGE_MOST), nonce)

    def pack(self, log: bytes, since: int, most_bytes: int = PACK_MOST_BYTES) -> Iterator[bytes]:
        """Yield what changed since (log, since), pages first, then files, to go on a stick.

        It stops short of `most_bytes` where there is more; the next pack goes on from there.
        """
        if not self.stands:
            return
        for page in self._packed_pages(log, since, most_bytes):
            yield _frame(FRAME_PAGE, self._signed(page, NO_NONCE))
            log, since = page.log, page.until
            yield from self._packed_files(page.changes)

    def file(
        self,
        path: str,
        sha256: bytes | None,
        codings: Collection[str],
        dictionary: bytes | None = None,
    ) -> tuple[str, bytes] | None:
        """Return a file's coding and bytes; None without one, or where its hash is another now.

        `dictionary` is the hash of a file of the site that who asks can unpack SHARED with.
        """
        if not is_kept(path, SUFFIXES):
            return None
        place = self._site / path
        data = files.read(place)
        if data is None or (sha256 is not None and hashlib.sha256(data).digest() != sha256):
            return None
        if SHARED in codings and dictionary is not None and place.suffix in _SHARING:
            shared = self._shared(data, dictionary)
            if shared is not None:
                return SHARED, shared
        # A picture has no such copy, and a page that is being written none for an instant.
        coded = files.read(place.with_name(f"{place.name}.br")) if BROTLI in codings else None
        return (PLAIN, data) if coded is None else (BROTLI, coded)

    def close(self) -> None:
        """Let go of the manifest."""
        with self._lock:
            if self._manifest is not None:
                self._manifest.close()
                self._manifest = None

    def _changes(self, log: bytes, since: int, most: int) -> Page:
        with self._lock:
            if self._manifest is None:
                self._manifest = Manifest(self._site, self._database, copies=SUFFIXES)
            began = time.monotonic()
            if began >= self._scan_due:
                at_ms = self._now_ms()
                self._manifest.scan()
                self._at_ms = at_ms
                ended = time.monotonic()
                pause_s = max(_SCAN_PAUSE_S, _SCAN_SHARE * (ended - began))
                self._scan_due = ended + min(pause_s, _SCAN_PAUSE_MOST_S)
            return self._manifest.changes(log, since, most, at_ms=self._at_ms)

    def _shared(self, data: bytes, dictionary: bytes) -> bytes | None:
        """Return a page coded with the help of another; None where that is none of this site."""
        known = self._known
        if known is None or known[0] != dictionary:
            with self._lock:
                path = None if self._manifest is None else self._manifest.path_of(dictionary)
            page = None if path is None else files.read(self._site / path)
            if page is None or hashlib.sha256(page).digest() != dictionary:
                return None
            self._known = dictionary, page
            known = self._known
        # All stations ask for the same few pages after a change.
        return _packed(data, known[1])

    def _signed(self, page: Page, nonce: bytes) -> bytes:
        encoded = encode_page(page)
        return self._key.sign(CONTEXT + nonce + encoded).signature + encoded

    def _packed_pages(self, log: bytes, since: int, most_bytes: int) -> Iterator[Page]:
        room, first = most_bytes, True
        while True:
            page = self._changes(log, since, PAGE_MOST)
            taken: list[Change] = []
            for change in page.changes:
                room -= self._packed_size(change)
                if room < 0 and not first:
                    break
                taken.append(change)
                first = False
            if len(taken) < len(page.changes):
                if taken:
                    yield msgspec.structs.replace(
                        page, until=taken[-1].version, more=True, changes=tuple(taken)
                    )
                return
            yield page
            if not page.more:
                return
            log, since = page.log, page.until

    def _packed_size(self, change: Change) -> int:
        size = _CHANGE_BYTES + len(change.path.encode())
        if change.sha256 is None:
            return size
        place = self._site / change.path
        for one in (place.with_name(f"{place.name}.br"), place):
            try:
                return size + one.stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                continue
        return size

    def _packed_files(self, changes: Sequence[Change]) -> Iterator[bytes]:
        for change in changes:
            if change.sha256 is None:
                continue
            coded = self.file(change.path, change.sha256, (BROTLI,))
            # One that has changed meanwhile comes with the next pack.
            if coded is not None:
                coding, data = coded
                yield _frame(FRAME_FILE, change.sha256 + MARKS[coding] + data)


@lru_cache(maxsize=_PACKED_KEPT)
def _packed(data: bytes, dictionary: bytes) -> bytes:
    return packed_shared(data, dictionary)


def _frame(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(FRAME_LENGTH_BYTES, "big") + content


def changes(offer: SiteOffer, request: Request) -> Response:
    """Answer `GET /sync/site`: the signed page for a copy at `log` (hex) and `since`."""
    asked = request.query_params
    try:
        log = bytes.fromhex(asked.get("log", ""))
        since = int(asked.get("since", "0"))
        nonce = bytes.fromhex(asked.get("nonce", "")) or NO_NONCE
    except ValueError as error:
        raise Unreadable from error
    if len(log) not in (0, LOG_BYTES) or not 0 <= since < 2**62 or len(nonce) != NONCE_BYTES:
        raise Unreadable
    if not offer.stands:
        raise Busy
    body = offer.page(log, since, nonce)
    headers = {"cache-control": "no-store"}
    coding = accepted(request.headers.get("accept-encoding", ""))[0]
    if coding != PLAIN:
        body = compressed(body, coding)
        headers["content-encoding"] = coding
    return Response(body, headers=headers, media_type="application/octet-stream")


def file(offer: SiteOffer, request: Request) -> Response:
    """Answer `GET /sync/site/file/{path}`, where `sha256` (hex) says which one is meant.

    404 without such a file, also where another has taken its place. `Range: bytes=N-` counts
    in the bytes as they are coded: by `Accept-Encoding` in dcz with the dictionary that
    `Available-Dictionary` names (RFC 9842), else in br where there is such a copy, else not at all.
    """
    try:
        sha256 = bytes.fromhex(request.query_params.get("sha256", "")) or None
        named = request.headers.get("available-dictionary", "").strip(":")
        dictionary = base64.b64decode(named, validate=True) or None
    except ValueError as error:
        raise Unreadable from error
    taken = request.headers.get("accept-encoding", "").split(",")
    codings = {one.partition(";")[0].strip() for one in taken}
    coded = offer.file(request.path_params["path"], sha256, codings, dictionary)
    if coded is None:
        return Response(status_code=404, headers=_TERSE)
    coding, data = coded
    headers = dict(_TERSE)
    if coding != PLAIN:
        headers["content-encoding"] = coding
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    start = int(asked[1]) if asked else 0
    if asked and start >= len(data):
        headers["content-range"] = f"bytes */{len(data)}"
        return Response(status_code=416, headers=headers)
    status = 200
    if asked:
        headers["content-range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        status = 206
    return Response(data[start:], status, headers, media_type="application/octet-stream")
