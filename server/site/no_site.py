"""A node without the public site yet: a page that says so, and leads to what works all the same."""

from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from acts.refusals import N_
from server.web.languages import language_of, other_than, tag_of, translated
from server.web.pages import public_page

_TITLE = N_("县里的网页正在生成")
_WAITING = N_(
    "公开的网页过几分钟就有。反映问题、查办理情况不用等，现在就可以；这一页过一会儿再打开就行。"
)
# How long whoever asks by program is to wait before asking again.
AGAIN_AFTER_S = 10


class UnlessBuilt:
    """A hub's site as an application; 503 and a page that says so until it is built once."""

    def __init__(self, out: Path, files: ASGIApp) -> None:
        """`out` is the site's folder, which `files` hands out."""
        self._home = out / "index.html"
        self._files = files
        self._stands = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file of the site, or with the page that stands for all of it."""
        # A site that stood once is only ever swapped for another.
        self._stands = self._stands or self._home.exists()
        if self._stands or scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._files(scope, receive, send)
            return
        response = await anyio.to_thread.run_sync(_being_built, Request(scope, receive))
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)


def _being_built(request: Request) -> Response:
    return no_site_page(request, _TITLE, _WAITING, 503, {"Retry-After": str(AGAIN_AFTER_S)})


def no_site_page(
    request: Request,
    title: str,
    message: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return a page in both languages that stands where the public site is to be."""
    language = language_of(request)
    other = other_than(language)
    heading = translated(language, title)
    return public_page(
        request,
        "no_site.html",
        title=heading,
        status=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        heading=heading,
        message=translated(language, message),
        also=translated(other, message),
        also_lang=tag_of(other),
    )
