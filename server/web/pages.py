"""Pages that the server makes: public ones in the frame of the site, the console's in its own."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from acts.limit import BadLimit, parse_limit
from acts.refusals import N_
from acts.shanghai import clock_text, day_text, iso, minute_text
from eventlog.identifiers import uuid_text
from matters.intake.receipts import spoken_number
from matters.limits.lights import light_of
from publisher.compiled_templates import CompiledTemplates
from server.web import wording
from server.web.languages import COOKIE, ENGLISH, either, language_of, translated, translations
from server.web.locked_texts import shown

FOLDER = Path(__file__).parents[1] / "templates"
# The console's one script keeps drafts; it may talk to this server only.
_CONSOLE_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Frame(Protocol):
    """What a node's pages stand in; what wires sets it as `app.state.frame`."""

    def public(self, title: str, body: str, root: str, language: str) -> str:
        """Return a page of the server in the frame of the site; no search engine keeps it."""

    def console(self, request: Request) -> Mapping[str, Any]:
        """Return what the console's layout shows around a page, for whoever is signed in."""


@cache
def environment(language: str) -> Environment:
    """Return the template environment of a language; everything is escaped."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=CompiledTemplates(__file__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown(language),
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    made.filters["moment"] = moment
    made.filters["day"] = day_text
    made.filters["clock"] = clock_text
    made.filters["spoken"] = spoken_number
    made.filters["uuid"] = uuid_text
    made.filters["ago"] = lambda at_ms, now_ms: ago(language, at_ms, now_ms)
    made.globals["light_of"] = light_of
    made.globals["W"] = wording
    made.globals["language"] = language
    made.globals["told"] = lambda message, **values: translated(language, message, **values)
    made.globals["named"] = lambda record: named(language, record)
    made.globals["lasting"] = lambda limit: lasting(language, limit)
    return made


def named(language: str, record: Any) -> str:
    """Return what a record of the registers is called in a language, if need be in Chinese."""
    name = getattr(record, "name", "") or getattr(record, "title", "") or record.id
    return either(language, str(name), getattr(record, "name_en", ""))


def lasting(language: str, limit: str) -> str:
    """Return a limit such as P1M15D in words; one that can't be read as it stands."""
    try:
        months, days, working = parse_limit(limit)
    except BadLimit:
        return limit
    ngettext = translations(language).ngettext
    parts = (
        ngettext("{number} 个月", "{number} 个月", months).format(number=months) if months else "",
        ngettext("{number} 天", "{number} 天", days).format(number=days) if days else "",
        ngettext("{number} 个工作日", "{number} 个工作日", working).format(number=working)
        if working
        else "",
    )
    return " ".join(part for part in parts if part)


def ago(language: str, at_ms: int, now_ms: int) -> str:
    """Return how long ago a time was, in words: 3 小时前."""
    ngettext = translations(language).ngettext
    minutes = max(0, now_ms - at_ms) // 60_000
    if minutes < 1:
        return translated(language, N_("刚才"))
    if minutes < 60:
        return ngettext("{number} 分钟前", "{number} 分钟前", minutes).format(number=minutes)
    hours = minutes // 60
    if hours < 48:
        return ngettext("{number} 小时前", "{number} 小时前", hours).format(number=hours)
    days = hours // 24
    return ngettext("{number} 天前", "{number} 天前", days).format(number=days)


def moment(at_ms: int | None) -> Markup:
    """Return a time in Asia/Shanghai as a <time> element: 2026-11-21 21:05."""
    if at_ms is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time>').format(iso(at_ms), minute_text(at_ms))


def path_to_root(request: Request) -> str:
    """Return the relative path from a request's address to the root of the site."""
    return "../" * max(request.url.path.count("/") - 1, 0) or "./"


def public_page(
    request: Request,
    template: str,
    *,
    title: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response:
    """Return a page of the server in the frame of the site, in the visitor's language."""
    language = language_of(request)
    root = path_to_root(request)
    body = environment(language).get_template(f"public/{template}").render(root=root, **values)
    html = _frame_of(request).public(title, body, root, language)
    return with_language(request, HTMLResponse(html, status, headers))


def console_page(
    request: Request, template: str, *, title: str, status: int = 200, **values: Any
) -> Response:
    """Return a page of the console. Never cached."""
    language = language_of(request)
    html = (
        environment(language)
        .get_template(f"console/{template}")
        .render(
            title=title,
            root=path_to_root(request),
            path=request.url.path,
            **_frame_of(request).console(request),
            **values,
        )
    )
    response = HTMLResponse(
        html, status, {"Cache-Control": "no-store", "Content-Security-Policy": _CONSOLE_POLICY}
    )
    return with_language(request, response)


def file_to_keep(body: bytes, name: str, media_type: str) -> Response:
    """Return a file that a browser saves under a name of ASCII. Never cached."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(body, media_type=media_type, headers=headers)


def _frame_of(request: Request) -> Frame:
    frame: Frame = request.app.state.frame
    return frame


def with_language(request: Request, response: Response) -> Response:
    """Keep a language that was asked for in the address, for the pages that follow."""
    asked = request.query_params.get("lang")
    if asked in ("zh", ENGLISH):
        response.set_cookie(COOKIE, asked, max_age=31_536_000, samesite="lax")
    return response
