"""The public site as a station hands it out: its copy, whose pages say how old they are."""

from collections.abc import Callable
from html import escape
from pathlib import Path

import anyio.to_thread
from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from acts.refusals import N_
from acts.shanghai import moment_of
from server.site.no_site import no_site_page
from server.site.public_files import PublicFiles
from server.site.site_copy import SiteCopy
from server.web.languages import LANGUAGES, translated

_KEPT = N_("这是联络站里的副本，{when} 从县里取来")
_HALF_KEPT = N_("这是联络站里的副本，还没有取全")
_TITLE = N_("这里还没有县里的网页")
_WAITING = N_(
    "县里的网页要等有网络或收到 U 盘以后才有。反映问题不用等，现在就可以提交，会存在这个联络站里。"
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# Where a person lands who types the station's address.
_HOMES = ("/", "/en/")


class KeptCopy:
    """The copy's folder as an application; before the first has come, a page that says so."""

    def __init__(self, out: Path, copy: SiteCopy, now_ms: Callable[[], int]) -> None:
        """`out` is the folder of the copy, `now_ms` the node's time."""
        self._out = out
        self._files = PublicFiles(out, slip=lambda: slip(copy.copied_at, now_ms()).encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file of the copy, or with the page of a station that has none."""
        if get_route_path(scope) in _HOMES and not (self._out / "index.html").exists():
            response = await anyio.to_thread.run_sync(_no_copy, Request(scope, receive))
            await response(scope, receive, send)
            return
        await self._files(scope, receive, send)


def _no_copy(request: Request) -> Response:
    return no_site_page(request, _TITLE, _WAITING)


def slip(copied_at_ms: int | None, now_ms: int) -> str:
    """Return what stands at the top of each page: of what time the copy is, in both languages.

    The time is the hub's; the year is told where it is not the present one.
    """
    if copied_at_ms is None:
        chinese, english = (translated(language, _HALF_KEPT) for language in LANGUAGES)
    else:
        at = moment_of(copied_at_ms)
        other_year = at.year != moment_of(now_ms).year
        year, year_en = (f"{at.year}年", f" {at.year}") if other_year else ("", "")
        when = f"{year}{at.month}月{at.day}日 {at:%H:%M}"
        when_en = f"{at.day} {_MONTHS[at.month - 1]}{year_en}, {at:%H:%M}"
        chinese, english = (
            translated(language, _KEPT, when=when, when_en=when_en) for language in LANGUAGES
        )
    return (
        f'<p class="hy-slip" lang="zh-CN">{escape(chinese)} '
        f'<span lang="en">{escape(english)}</span></p>'
    )
