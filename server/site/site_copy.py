"""A station's copy of the public site: fetched from the hub, or taken from a stick (0017)."""

import base64
import contextlib
import gzip
import http.client
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlencode, urlsplit

import zstandard
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from publisher.writing.compressed import SUFFIXES, TEXTS
from publisher.writing.files import put, sweep
from server.site.site_cursor import COPY_NAME as FILE_NAME
from server.site.site_offer import (
    CONTEXT,
    FRAME_FILE,
    FRAME_LENGTH_BYTES,
    FRAME_PAGE,
    MARKS,
    NO_NONCE,
    NONCE_BYTES,
)
from sync.mirror.manifest import HASH_BYTES, BadPage, Change, Page, decode_page
from sync.mirror.mirror import FILE_MOST_BYTES, Cursor, Fetched, Mirror, NotThere, OutOfStep
from sync.mirror.parts import BROTLI, CODED_MORE_BYTES, CODINGS, PLAIN, SHARED, Begun
from sync.mirror.progress import Progress

PARTS_NAME = "site-parts"
# For one read, not for a file: a slow line is no dead one.
READ_S = 60.0
CLOSE_WAIT_S = 1.0
SIGNATURE_BYTES = 64
# It changes less often than any other page, and shares with all what they have in common.
DICTIONARY = "404.html"
PAGE_MOST_BYTES = 4 * 1024 * 1024
_CODING_OF = {mark: coding for coding, mark in MARKS.items()}
_PIECE_BYTES = 64 * 1024

Report = Callable[[Progress], None]


class SiteNotReached(Exception):
    """The line was cut, or something else than a hub answered. What came is kept; try again."""


class SiteNotTrusted(Exception):
    """A page of changes is not signed by our hub, or not in answer to what was asked."""


class PackUnreadable(Exception):
    """Packed changes are cut short or damaged. What came before is kept; read them again."""


class PackOutOfStep(Exception):
    """Packed changes are older than the copy, or begin behind it: a newer pack is needed."""


class SiteCopy:
    """The copy of one station. Rounds wait for each other; `copied_at` any thread may read."""

    def __init__(self, data: Path) -> None:
        """Open the copy in a data folder, where nothing else may be writing to the site."""
        self.out = data / "site"
        sweep(self.out)
        self._round = threading.Lock()
        self._ending = threading.Event()
        self._line: _Line | None = None
        self._mirror = Mirror(
            self.out,
            data / PARTS_NAME,
            data / FILE_NAME,
            copies=SUFFIXES,
            place=place_file,
            dictionary=DICTIONARY,
        )

    @property
    def copied_at(self) -> int | None:
        """The hub's time (ms) at which the site was as it is here; None before it is whole."""
        return self._mirror.copied_at

    def cursor(self) -> Cursor:
        """Return what the hub has to know to pack changes: up to where all is in place."""
        with self._round:
            return self._mirror.done

    def fetch_round(
        self,
        upstream: str,
        verify_key: bytes,
        *,
        report: Report | None = None,
        read_timeout_s: float = READ_S,
        context: ssl.SSLContext | None = None,
    ) -> Progress:
        """Fetch what has changed at the hub at `upstream`, and return how it went.

        Goes on where the last round was cut. `context` is for https. Raises SiteNotReached and
        SiteNotTrusted, and OSError where this disk takes no more.
        """
        with self._round:
            line = self._line = _Line(upstream, read_timeout_s, context)
            try:
                self._list(line, verify_key)
                return self._mirror.work(line.fetch, self._reporting(report))
            finally:
                self._line = None
                line.close()

    def take_packed(
        self, stream: BinaryIO, verify_key: bytes, *, report: Report | None = None
    ) -> Progress:
        """Take what `SiteOffer.pack` wrote, and return how it went.

        Read as it comes, a frame at a time. Raises PackUnreadable, PackOutOfStep, SiteNotTrusted.
        """
        with self._round:
            try:
                for kind, content in _frames(stream):
                    if kind == FRAME_PAGE:
                        self._take_packed_page(opened(content, verify_key, NO_NONCE))
                    elif self._mirror.wants(content[:HASH_BYTES]):
                        coding = _CODING_OF.get(content[HASH_BYTES : HASH_BYTES + 1])
                        if coding is None:
                            raise PackUnreadable
                        self._mirror.stage(content[:HASH_BYTES], coding, content[HASH_BYTES + 1 :])
            finally:
                done = self._mirror.work(_from_nowhere, self._reporting(report))
            return done

    def close(self) -> None:
        """Cut a round that is under way short, and let go of the state file."""
        self._ending.set()
        line = self._line
        if line is not None:
            line.cut()
        # One that is still looking for its hub is left behind: the process ends, and what is
        # noted is safe.
        if self._round.acquire(timeout=CLOSE_WAIT_S):
            self._mirror.close()
            self._round.release()

    def _reporting(self, report: Report | None) -> Report:
        def told(progress: Progress) -> None:
            if self._ending.is_set():
                raise SiteNotReached("the node is stopping")
            if report is not None:
                report(progress)

        return told

    def _list(self, line: "_Line", verify_key: bytes) -> None:
        """Take pages until there are no more."""
        while True:
            log, since = self._mirror.listed
            nonce = os.urandom(NONCE_BYTES)
            page = opened(line.page(log, since, nonce), verify_key, nonce)
            try:
                # From the start though we had more: the hub's own list was put back.
                self._mirror.take(page, anew=page.since < since)
            except OutOfStep as error:
                raise SiteNotTrusted("not what was asked for") from error
            if not page.more:
                return
            if page.until <= page.since:
                raise SiteNotTrusted("a page that leads nowhere")

    def _take_packed_page(self, page: Page) -> None:
        known = self._mirror.listed.log
        if known and page.log != known and page.at <= self._mirror.at:
            raise PackOutOfStep("older than the copy")
        try:
            self._mirror.take(page)
        except OutOfStep as error:
            raise PackOutOfStep("begins behind the copy") from error


class _Line:
    """One connection to a hub, kept for all of a round."""

    def __init__(
        self, upstream: str, read_timeout_s: float, context: ssl.SSLContext | None
    ) -> None:
        parts = urlsplit(upstream)
        self._root = parts.path.rstrip("/")
        host = parts.hostname or ""
        self._connection = (
            http.client.HTTPSConnection(
                host,
                parts.port,
                timeout=read_timeout_s,
                context=context or ssl.create_default_context(),
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=read_timeout_s)
        )
        self._answer: http.client.HTTPResponse | None = None

    def page(self, log: bytes, since: int, nonce: bytes) -> bytes:
        """Return the signed page of changes, unpacked."""
        asked = urlencode({"log": log.hex(), "since": since, "nonce": nonce.hex()})
        answer = self._ask(f"/sync/site?{asked}", {"Accept-Encoding": "zstd"})
        if answer.status != 200:
            raise SiteNotReached(f"HTTP {answer.status}")
        body = b"".join(_pieces(answer, PAGE_MOST_BYTES))
        if answer.headers.get("Content-Encoding") != "zstd":
            return body
        try:
            with zstandard.ZstdDecompressor().stream_reader(body) as reader:
                page = reader.read(PAGE_MOST_BYTES + 1)
        except zstandard.ZstdError as error:
            raise SiteNotReached("mangled on its way") from error
        if len(page) > PAGE_MOST_BYTES:
            raise SiteNotReached("too large")
        return bytes(page)

    def fetch(self, change: Change, begun: Begun, dictionary: bytes | None) -> Fetched:
        """Return what is missing of a file. Raises NotThere."""
        headers = {"Accept-Encoding": begun.coding or BROTLI}
        if dictionary is not None and begun.coding in ("", SHARED):
            headers["Accept-Encoding"] = f"{SHARED}, {BROTLI}"
            headers["Available-Dictionary"] = f":{base64.b64encode(dictionary).decode()}:"
        if begun.offset:
            headers["Range"] = f"bytes={begun.offset}-"
        sha256 = (change.sha256 or b"").hex()
        answer = self._ask(f"/sync/site/file/{quote(change.path)}?sha256={sha256}", headers)
        if answer.status == 416:
            # All of it came before, and is wrong.
            return Fetched(begun.coding, begun.offset, _pieces(answer, CODED_MORE_BYTES))
        if answer.status == 404:
            raise NotThere
        if answer.status not in (200, 206):
            raise SiteNotReached(f"HTTP {answer.status}")
        coding = answer.headers.get("Content-Encoding", PLAIN)
        start = 0
        if answer.status == 206:
            unit, _, rest = answer.headers.get("Content-Range", "").partition(" ")
            first = rest.partition("-")[0]
            if unit != "bytes" or not first.isdecimal():
                raise SiteNotReached("not what was asked for")
            start = int(first)
        if coding not in CODINGS:
            raise SiteNotReached("not what was asked for")
        return Fetched(coding, start, _pieces(answer, FILE_MOST_BYTES + CODED_MORE_BYTES))

    def cut(self) -> None:
        """End a read that another thread waits in."""
        with contextlib.suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection, and an answer that was not read to its end."""
        self._connection.close()
        if self._answer is not None:
            self._answer.close()

    def _ask(self, address: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        if self._answer is not None and not self._answer.isclosed():
            # The rest of an answer that was not read would come before the next.
            self._connection.close()
        fresh = self._answer is None
        while True:
            try:
                self._connection.request("GET", self._root + address, headers=headers)
                self._answer = self._connection.getresponse()
                break
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                # A hub lets go of a connection that nobody asks on while files are compared here.
                if fresh or not isinstance(error, ConnectionError):
                    raise SiteNotReached(type(error).__name__) from error
                fresh = True
        if self._answer.length is None:
            # No hub of ours sends such; a head that was cut looks so.
            raise SiteNotReached("of unknown length")
        return self._answer


def opened(signed: bytes, verify_key: bytes, nonce: bytes) -> Page:
    """Return the page of changes that a hub signed. Raises SiteNotTrusted."""
    signature, encoded = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    try:
        VerifyKey(verify_key).verify(CONTEXT + nonce + encoded, signature)
        return decode_page(encoded, SUFFIXES)
    except (BadSignatureError, ValueError, BadPage) as error:
        raise SiteNotTrusted(str(error)) from error


def place_file(target: Path, data: bytes, coded: bytes | None) -> None:
    """Put a file at its place, with the copies that this server hands out.

    A page has none: how old it is comes into it when it is asked for.
    """
    copies = {}
    if target.suffix in TEXTS and target.suffix != ".html":
        copies[".gz"] = gzip.compress(data, 9, mtime=0)
        if coded is not None:
            copies[".br"] = coded
    put(target, data, copies)


def _from_nowhere(change: Change, begun: Begun, dictionary: bytes | None) -> Fetched:
    raise NotThere


def _pieces(answer: http.client.HTTPResponse, most_bytes: int) -> Iterator[bytes]:
    """Yield an answer's body as it comes. Raises SiteNotReached where it is cut, or too long."""
    left = answer.length or 0
    if left > most_bytes:
        raise SiteNotReached("too large")
    try:
        while left:
            piece = answer.read1(min(left, _PIECE_BYTES))
            if not piece:
                raise SiteNotReached("cut short")
            left -= len(piece)
            yield piece
    except (OSError, http.client.HTTPException) as error:
        raise SiteNotReached(type(error).__name__) from error
    # All of it was read, so that the connection is free for the next question.
    answer.close()


def _frames(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each frame. Raises PackUnreadable."""
    while kind := stream.read(1):
        length = int.from_bytes(_exactly(stream, FRAME_LENGTH_BYTES), "big")
        most = {
            FRAME_PAGE: PAGE_MOST_BYTES,
            FRAME_FILE: FILE_MOST_BYTES + CODED_MORE_BYTES + HASH_BYTES + 1,
        }.get(kind, 0)
        if length > most:
            raise PackUnreadable
        yield kind, _exactly(stream, length)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    parts = []
    while length:
        part = stream.read(length)
        if not part:
            raise PackUnreadable
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
