"""A page as a phone with one bar sees it: Chromium on a line of 50/20 kbit/s and 600 ms."""

import contextlib
import shutil
import statistics
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import brotli  # type: ignore[import-untyped]  # it has no type information
from playwright.sync_api import Browser, sync_playwright

from bench.processes import NotReadyError

DOWN_BYTES_S = 50_000 / 8
UP_BYTES_S = 20_000 / 8
LATENCY_MS = 600
PHONE = {"width": 360, "height": 640}
LOADED_WITHIN_MS = 180_000
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # What a page wants from other hosts (stock Material's fonts) fails at once: to its advantage.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
}
_COMPRESSED_ALREADY = (".png", ".ico", ".woff", ".woff2")
_PAINT = (
    "() => performance.getEntriesByType('paint')"
    ".filter(one => one.name === 'first-contentful-paint').map(one => one.startTime)[0] ?? null"
)


@dataclass(frozen=True)
class Visit:
    """One visit: milliseconds to the first text or picture, what came over the line, requests."""

    first_paint_ms: float
    received_bytes: int
    requests: int


@dataclass(frozen=True)
class Seen:
    """The medians of several visits: the first one, the same page again, another page then."""

    cold: Visit
    warm: Visit
    next: Visit


class _Site(BaseHTTPRequestHandler):
    """Serves a folder as a careful host would: brotli 11, a page revalidated, the rest kept.

    The same for every peer, so that only what the pages are made of tells them apart.
    """

    protocol_version = "HTTP/1.1"
    folder = Path()
    bodies: dict[Path, bytes]

    def do_GET(self) -> None:
        """Answer with a file, or 404."""
        path = unquote(urlsplit(self.path).path).lstrip("/")
        file = self.folder / path
        if file.is_dir():
            file /= "index.html"
        if not file.is_file():
            self._answer(404, b"", {})
            return
        if file not in self.bodies:
            plain = file.read_bytes()
            packed = file.suffix in _COMPRESSED_ALREADY
            self.bodies[file] = plain if packed else brotli.compress(plain)
        body = self.bodies[file]
        headers = {"Content-Type": _TYPES.get(file.suffix, "application/octet-stream")}
        if file.suffix not in _COMPRESSED_ALREADY:
            headers["Content-Encoding"] = "br"
        tag = f'"{len(body)}"'
        if file.suffix == ".html":
            headers |= {"ETag": tag, "Cache-Control": "no-cache"}
            if self.headers.get("If-None-Match") == tag:
                self._answer(304, b"", headers)
                return
        else:
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        self._answer(200, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Yield the address at which a folder is served on this machine."""
    handler = type("Site", (_Site,), {"folder": folder, "bodies": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Yield the machine's own Chromium. Raises NotReadyError where it has none."""
    program = shutil.which("chromium")
    if program is None:
        raise NotReadyError("chromium is not installed; run tools/setup browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def see(browser: Browser, address: str, other: str, visits: int) -> Seen:
    """Return what a phone sees of a page and of `other` after it: medians of `visits` rounds."""
    rounds = [_round(browser, (address, address, other)) for _ in range(visits)]
    return Seen(*(_median(list(same)) for same in zip(*rounds, strict=True)))


def _round(browser: Browser, addresses: Sequence[str]) -> list[Visit]:
    """Visit pages in turn in a browser that has never seen them, through the slowed line."""
    # Without the service worker, whose own line Chromium does not slow.
    context = browser.new_context(viewport=PHONE, service_workers="block")  # type: ignore[arg-type]  # width and height
    try:
        found = []
        for address in addresses:
            page = context.new_page()
            line = context.new_cdp_session(page)
            line.send("Network.enable")
            line.send(
                "Network.emulateNetworkConditions",
                {
                    "offline": False,
                    "latency": LATENCY_MS,
                    "downloadThroughput": DOWN_BYTES_S,
                    "uploadThroughput": UP_BYTES_S,
                },
            )
            received: list[float] = []
            asked: list[str] = []
            line.on("Network.loadingFinished", lambda e, to=received: to.append(_length(e)))
            line.on("Network.requestWillBeSent", lambda e, to=asked: to.append(_url(e)))
            page.goto(address, wait_until="load", timeout=LOADED_WITHIN_MS)
            page.wait_for_load_state("networkidle", timeout=LOADED_WITHIN_MS)
            page.wait_for_function(
                "() => performance.getEntriesByType('paint').length > 1", timeout=LOADED_WITHIN_MS
            )
            first = page.evaluate(_PAINT)
            requests = sum(1 for url in asked if not url.startswith("data:"))
            found.append(Visit(float(first), int(sum(received)), requests))
            page.close()
        return found
    finally:
        context.close()


def _length(event: dict[str, Any]) -> float:
    return float(event["encodedDataLength"])


def _url(event: dict[str, Any]) -> str:
    return str(event["request"]["url"])


def _median(visits: list[Visit]) -> Visit:
    return Visit(
        statistics.median(one.first_paint_ms for one in visits),
        int(statistics.median(one.received_bytes for one in visits)),
        int(statistics.median(one.requests for one in visits)),
    )
