"""The static site as a node serves it: plain files, with a page of ours where there is none."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import anyio.to_thread
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from publisher.writing.compressed import SUFFIXES, TEXTS
from server.web.compressing import compressed
from server.web.encodings import accepted

_SUFFIX = {"br": ".br", "zstd": ".zst", "gzip": ".gz", "identity": ""}
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".vcf": "text/vcard; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".avif": "image/avif",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".pdf": "application/pdf",
}
_FEED = "application/atom+xml; charset=utf-8"
# A name that carries a hash never stands for anything else.
_HASHED = re.compile(r"pictures/[0-9a-f]{16}-[a-z]+\.[a-z]+|(.*/)?[^/]*[.-][0-9a-f]{8,64}\.[a-z]+")
_FOR_GOOD = "public, max-age=31536000, immutable"
_ARTICLE = re.compile(rb"<article[^>]*>")


class PublicFiles:
    """The site's folder as an application; it may be swapped for a new one at any moment.

    Files are small, so they are read whole: an ETag is then the hash of the very bytes that are
    sent, and stays the same when the site is built anew. A Range is not followed.

    What `slip` returns (HTML) stands at the top of each page's article; a page with it is coded
    when it is asked for.
    """

    def __init__(self, folder: Path, *, slip: Callable[[], bytes] | None = None) -> None:
        self._folder = folder
        self._slip = slip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file, 304 where the client has it, or the page that tells there is none."""
        if scope["type"] != "http":
            return
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        response = await anyio.to_thread.run_sync(self._answer, scope)
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        headers = Headers(scope=scope)
        asked = get_route_path(scope).removeprefix("/")
        path = f"{asked}index.html" if asked.endswith("/") or not asked else asked
        codings = accepted(headers.get("accept-encoding", ""))
        status = 200
        file = self._read(path, codings) if _is_public(path) else None
        if file is None:
            if _is_public(f"{asked}/index.html") and (self._folder / asked / "index.html").exists():
                query = scope["query_string"].decode("latin-1")
                onward = quote(scope["path"]) + "/" + (f"?{query}" if query else "")
                return RedirectResponse(onward)
            path, status = "404.html", 404
            file = self._read(path, codings)
            if file is None:
                raise HTTPException(404)
        data, coding = file
        etag = f'"{hashlib.sha256(data).hexdigest()[:24]}"'
        fields = {
            "etag": etag,
            "cache-control": _FOR_GOOD if _HASHED.fullmatch(path) else "no-cache",
            "accept-ranges": "none",
        }
        kind = PurePosixPath(path).suffix
        if kind in TEXTS:
            fields["vary"] = "Accept-Encoding"
        if status == 200 and _has_it(headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=fields)
        if coding != "identity":
            fields["content-encoding"] = coding
        fields["content-type"] = (
            _FEED
            if path == "notices/feed.xml"
            else _MEDIA_TYPES.get(kind, "application/octet-stream")
        )
        return Response(data, status, fields)

    def _read(self, path: str, codings: list[str]) -> tuple[bytes, str] | None:
        """Return a file in the first coding that there is, and its name; None without the file."""
        if not (self._folder / path).is_file():
            return None
        if self._slip is not None and PurePosixPath(path).suffix == ".html":
            return self._slipped(path, codings[0], self._slip())
        for coding in codings if PurePosixPath(path).suffix in TEXTS else ["identity"]:
            try:
                return (self._folder / (path + _SUFFIX[coding])).read_bytes(), coding
            except OSError:
                # While a page is written it stands there without its copies for an instant.
                continue
        return None

    def _slipped(self, path: str, coding: str, slip: bytes) -> tuple[bytes, str] | None:
        """Return a page with a slip in it, in a coding."""
        try:
            page = (self._folder / path).read_bytes()
        except FileNotFoundError:
            return None
        page = _ARTICLE.sub(lambda article: article[0] + slip, page, count=1)
        return (page if coding == "identity" else compressed(page, coding)), coding


def _is_public(path: str) -> bool:
    """Return whether a path is one of the site: nothing hidden, nothing above, no copy by name."""
    parts = path.split("/")
    return not path.endswith(SUFFIXES) and not any(
        not part or part.startswith(".") or set(part) & set("\\\0") or len(part.encode()) > 255
        for part in parts
    )


def _has_it(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]
