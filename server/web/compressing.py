"""Pages that the server makes itself, compressed for whoever takes it (docs/decisions/0011)."""

import gzip

import brotli  # type: ignore[import-untyped]  # It ships no types.
import zstandard
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.encodings import accepted

# Half a millisecond for a page of 20 kB; the highest quality would take fifty times as long.
BROTLI_QUALITY = 5
LEAST_BYTES = 512
# Its pages hold a session's form token beside words from the address, which a compressed length
# could be made to tell (BREACH).
_NEVER = ("/console", "/api/")


class Compressing:
    """Compresses whole HTML answers, but for those to staff, which carry a session's secrets."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(_NEVER):
            await self._application(scope, receive, send)
            return
        coding = accepted(Headers(scope=scope).get("accept-encoding", ""))[0]
        start: Message | None = None

        async def sending(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                html = headers.get("content-type", "").startswith("text/html")
                if html and "content-encoding" not in headers and "etag" not in headers:
                    MutableHeaders(raw=message["headers"]).add_vary_header("Accept-Encoding")
                    if coding != "identity":
                        start = message
                        return
            elif start is not None:
                opened, start = start, None
                body = message.get("body", b"")
                # What comes in pieces goes as it is.
                if not message.get("more_body", False) and len(body) >= LEAST_BYTES:
                    body = compressed(body, coding)
                    headers = MutableHeaders(raw=opened["headers"])
                    headers["content-encoding"] = coding
                    headers["content-length"] = str(len(body))
                    message = {**message, "body": body}
                await send(opened)
            await send(message)

        await self._application(scope, receive, sending)


def compressed(body: bytes, coding: str) -> bytes:
    """Return `body` in one of `server.web.encodings.CODINGS`."""
    if coding == "br":
        return bytes(brotli.compress(body, quality=BROTLI_QUALITY))
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=9).compress(body)
    return gzip.compress(body, 6, mtime=0)
