"""The Starlette application: every address, and the headers that all answers carry."""

import itertools
import logging
import re
import secrets
import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import cache, partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.desks import draft_pages as drafting
from server.desks import handover_interface as handovers
from server.desks import handover_pages as console_handovers
from server.desks import interface
from server.desks import market_pages as market
from server.desks import matter_pages as console_matters
from server.desks import publishing_pages as publishing
from server.desks import supervision_pages as supervision
from server.desks import waiting_pages as waiting
from server.desks.unsent_forms import form_of
from server.documents import routes as document_routes
from server.documents.room import DocumentsRoom
from server.exchange import exchange_health
from server.exchange import routes as exchange_routes
from server.exchange.endpoint import SyncEndpoint
from server.exchange.room import ExchangeRoom
from server.ledger import ledger_interface
from server.ledger import ledger_pages as console_ledger
from server.letters import letter_pages as outbox
from server.node import Node
from server.openapi import document
from server.operations import health
from server.operations import system_pages as system
from server.paper import paper_pages as printing
from server.paper import rating_form as paper
from server.people import routes as people_routes
from server.people.accounts import SignIn
from server.people.doors import Doors, LostSignIn, Unsent
from server.people.room import PeopleRoom
from server.people.sign_in import Attempts
from server.people.unsent import answer_lost, answer_unsent
from server.registers import day_pages as days
from server.registers import register_files, register_interface
from server.registers import register_pages as registers
from server.registers import shift_pages as shifts
from server.search import routes as search_routes
from server.search.room import SearchRoom
from server.sessions import routes as session_routes
from server.sessions.room import SessionsRoom
from server.site import routes as site_routes
from server.site.kept_copy import KeptCopy
from server.site.public_files import PublicFiles
from server.villagers import intake, tracking
from server.web.at_the_machine import is_at_the_machine
from server.web.compressing import Compressing
from server.web.problems import answer_problem
from server.web.routes import RoomRoute, bound

logger = logging.getLogger("huiyin.access")

_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
# Unless an answer brings a stricter one of its own.
_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
)
# The one page that other sites may show within theirs; nothing can be done on it (S08).
_COLUMN = "/notices/column/"
_COLUMN_POLICY = (_POLICY[0], _POLICY[1].replace(b"frame-ancestors 'none'", b"frame-ancestors *"))

# Pages that carry the script of the outbox, and its service worker, which may fetch from here too.
_SCRIPTED = re.compile(
    r"/(?:en/)?(?:(?:submit/|track/|(?:deputies|stations)/[^/]+/)?(?:index\.html)?|matters|sw\.js)"
)
_SCRIPT_POLICY = (
    _POLICY[0],
    _POLICY[1] + b"; script-src 'self'; connect-src 'self'; worker-src 'self'",
)


def make_application(node: Node) -> ASGIApp:
    """Return the application of a node that has been started."""
    out = node.site.out
    site: ASGIApp = (
        PublicFiles(out) if node.site_copy is None else KeptCopy(out, node.site_copy, node.now_ms)
    )
    doors = Doors(node.log, node.registers, node.keyring)
    people = people_room(node, doors)
    application = Starlette(
        routes=[
            *bound(people_routes.ROUTES, people),
            *bound(
                document_routes.ROUTES,
                DocumentsRoom(doors, node.log, node.registers, node.matter_writes),
            ),
            *bound(
                session_routes.ROUTES,
                SessionsRoom(doors, node.log, node.registers, node.matter_writes),
            ),
            *bound(exchange_routes.ROUTES, exchange_room(node, doors)),
            *bound(
                search_routes.ROUTES,
                SearchRoom(node.log, node.directory, node.site, node.settings.address),
            ),
            *bound(site_routes.ROUTES, node.site_offer),
            *_unconverted(),
            Mount("/", site),
        ],
        exception_handlers={
            HTTPException: answer_problem,
            LostSignIn: partial(answer_lost, people),
            Unsent: partial(answer_unsent, people),
            Exception: answer_problem,
        },
    )
    application.state.node = node
    application.state.doors = doors
    application.state.frame = NodeFrame(node)
    guarded = GuardedAnswers(Compressing(application))
    if node.reception is None:
        return guarded
    return SyncEndpoint(
        node.reception,
        node.log,
        node.matter_writes,
        lambda: node.registers.current().county.name,
        guarded,
    )


def people_room(node: Node, doors: Doors) -> PeopleRoom:
    """Return what the pages of accounts and of signing in need of a node."""
    return PeopleRoom(
        doors,
        node.log,
        node.registers,
        node.matter_writes,
        Attempts(),
        form_of,
        lambda: node.keys.sealer,
        session_hours=node.settings.session_hours,
        is_secure=node.settings.address.startswith("https:"),
        mails=bool(node.settings.smtp_host),
    )


def exchange_room(node: Node, doors: Doors) -> ExchangeRoom:
    """Return what the pages of the exchange need of a node."""
    return ExchangeRoom(
        doors,
        node.log,
        node.registers,
        node.matter_writes,
        node.exchange,
        node.clock,
        node.site_copy,
        node.follower,
        node.site_offer,
        address=node.settings.address,
        is_off=node.settings.sync_every == "off",
        join_token=secrets.token_urlsafe(16),
    )


def routes() -> list[RoomRoute[Any] | Route]:
    """Return every address but those of the site's files."""
    return [
        *people_routes.ROUTES,
        *document_routes.ROUTES,
        *session_routes.ROUTES,
        *exchange_routes.ROUTES,
        *search_routes.ROUTES,
        *site_routes.ROUTES,
        *_unconverted(),
    ]


async def openapi(request: Request) -> Response:
    """Answer `GET /api/v1/openapi.json`: the whole interface, from the routes themselves."""
    return JSONResponse(_document())


@cache
def _document() -> dict[str, Any]:
    return document(routes())


class NodeFrame:
    """The frames of a node's pages: the site's, and the console's with how the node stands."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def public(self, title: str, body: str, root: str, language: str) -> str:
        """Return a page of the server in the frame of the site; no search engine keeps it."""
        return self._node.site.frame().render(
            title, body, root, language, head_extra='<meta name="robots" content="noindex">'
        )

    def console(self, request: Request) -> Mapping[str, Any]:
        """Return what the console's layout shows around a page, for whoever is signed in."""
        node = self._node
        durability = node.durability()
        sign_in = getattr(request.state, "session", None)
        return {
            "session": sign_in,
            "exchange_line": self._exchange_line(request, sign_in),
            "is_station": node.settings.role == "station",
            "county": node.registers.current().county,
            "report": None if durability is None else durability.report(),
            "kit_waits": node.kit_path.exists(),
            "locked": node.is_locked,
            "now_ms": node.now_ms(),
        }

    def _exchange_line(self, request: Request, sign_in: SignIn | None) -> tuple[str, int] | None:
        """Return what is said of the exchange; without a session to one at the machine only."""
        if sign_in is None and not is_at_the_machine(request):
            return None
        node = self._node
        staff = "" if sign_in is None else sign_in.account.role
        with node.log.reading() as connection:
            line = exchange_health.line_for(connection, node.settings.role, staff, node.now_ms())
        return line if sign_in is not None or (line and line[0] == "not-joined") else None


def _unconverted() -> list[Route]:
    """Return the addresses of the rooms that have no table yet."""
    return [
        Route("/matters", intake.submit_matter, methods=["POST"]),
        Route("/submit/", intake.submission_form),
        Route("/track", tracking.track),
        Route("/m/{number}", tracking.followed),
        Route("/m/{number}/slip", tracking.slip),
        Route("/m/{number}/rating", tracking.rate_matter, methods=["POST"]),
        Route("/m/{number}/message", tracking.message_matter, methods=["POST"]),
        Route("/healthz", health.healthz),
        Route("/metrics", health.metrics),
        Route("/api/v1/openapi.json", openapi),
        Route("/api/v1/units", interface.list_units),
        Route("/api/v1/handovers", handovers.list_handovers, methods=["GET"]),
        Route("/api/v1/handovers", handovers.make_handover, methods=["POST"]),
        Route("/api/v1/handovers/{id}", handovers.one_handover),
        Route("/api/v1/imports", interface.list_imports),
        Route("/api/v1/imports/{id}/approve", interface.approve, methods=["POST"]),
        Route("/api/v1/registers/{plural}", register_interface.list_records),
        Route("/api/v1/registers/{plural}/{id}", register_interface.put_record, methods=["PUT"]),
        Route(
            "/api/v1/registers/{plural}/{id}",
            register_interface.delete_record,
            methods=["DELETE"],
        ),
        Route("/api/v1/ledger", ledger_interface.ledger),
        Route("/api/v1/matters", interface.list_matters),
        Route("/api/v1/matters/{number}", interface.one_matter),
        Route("/api/v1/matters/{number}/contact", interface.matter_contact),
        Route("/api/v1/matters/{number}/{command}", interface.command_matter, methods=["POST"]),
        Route("/console/", console_matters.matters),
        Route("/console/waiting", waiting.waiting),
        Route("/console/supervise", supervision.supervise),
        Route("/console/enter", console_matters.entry_page, methods=["GET"]),
        Route("/console/enter", console_matters.enter, methods=["POST"]),
        Route("/console/ledger", console_ledger.ledger_page),
        Route("/console/ledger.xlsx", console_ledger.download),
        Route("/console/ledger.csv", console_ledger.download),
        Route("/console/league", console_ledger.league_page),
        Route("/console/handovers/", console_handovers.handovers),
        Route("/console/handovers/new", console_handovers.new_page, methods=["GET"]),
        Route("/console/handovers/new", console_handovers.new, methods=["POST"]),
        Route("/console/handovers/{id}", console_handovers.handover),
        Route("/console/market", market.stall, methods=["GET"]),
        Route("/console/market", market.enter, methods=["POST"]),
        Route("/console/market/slips", market.slips),
        Route("/console/paper/", printing.overview),
        Route("/console/paper/{kind}.pdf", printing.download),
        Route("/console/drafts.js", drafting.script),
        Route("/console/drafts/{place:path}", drafting.keep, methods=["POST"]),
        Route("/console/imports", system.imports),
        Route("/console/imports/{id}/approve", system.approve, methods=["POST"]),
        Route("/console/pictures/{sha256}", registers.picture),
        Route("/console/shifts/{station}", shifts.page, methods=["GET"]),
        Route("/console/shifts/{station}", shifts.change, methods=["POST"]),
        Route("/console/registers/", registers.overview),
        Route("/console/registers/import", register_files.page, methods=["GET"]),
        Route("/console/registers/import", register_files.take, methods=["POST"]),
        Route("/console/registers/export.zip", register_files.download),
        Route("/console/registers/days/", days.page, methods=["GET"]),
        Route("/console/registers/days/", days.add, methods=["POST"]),
        Route("/console/registers/{plural}/", registers.records),
        Route("/console/registers/{plural}/{id}", registers.edit, methods=["GET"]),
        Route("/console/registers/{plural}/{id}", registers.save, methods=["POST"]),
        Route("/console/registers/{plural}/{id}/remove", registers.removal, methods=["GET"]),
        Route("/console/registers/{plural}/{id}/remove", registers.remove, methods=["POST"]),
        Route("/console/system", system.system),
        Route("/console/test-message", outbox.send_test, methods=["POST"]),
        Route("/console/send-again", outbox.send_again, methods=["POST"]),
        Route("/console/kit-printed", system.kit_printed, methods=["POST"]),
        Route("/console/matters/{number}", console_matters.matter),
        Route("/console/matters/{number}/contact", console_matters.contact, methods=["POST"]),
        Route("/console/matters/{number}/rating-form", paper.rating_form),
        Route("/console/matters/{number}/publish", publishing.edit, methods=["GET"]),
        Route("/console/matters/{number}/publish", publishing.preview, methods=["POST"]),
        Route("/console/matters/{number}/photos/{sha256}", console_matters.photo),
        Route("/console/matters/{number}/{command}", console_matters.run, methods=["POST"]),
    ]


class GuardedAnswers:
    """Gives every answer security headers, a request id, and one line in the log.

    The line has the method, the path without its query (a key stands there), status and time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # Unique on this machine, and cheaper than randomness for each request.
        self._start = secrets.token_hex(3)
        self._count = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        request_id = f"{self._start}-{next(self._count):x}"
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                guards = _SECURITY[:1] if scope["path"].endswith(_COLUMN) else _SECURITY
                headers = [
                    (b"date", formatdate(usegmt=True).encode()),
                    *message["headers"],
                    *guards,
                    (b"x-request-id", request_id.encode()),
                ]
                if not any(name == _POLICY[0] for name, _ in message["headers"]):
                    headers.append(_policy_of(scope["path"]))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            # Starlette answers with our page and raises again for the log; that is done already.
            if not status:
                response = await answer_problem(Request(scope, receive), error)
                await response(scope, receive, sending)
        finally:
            if logger.isEnabledFor(logging.INFO):
                logger.info(
                    "%s %s %s %d %.1fms",
                    request_id,
                    scope["method"],
                    _without_secrets(scope["path"]),
                    status,
                    (time.monotonic() - began) * 1000,
                )


def _policy_of(path: str) -> tuple[bytes, bytes]:
    """Return the content security policy of a path."""
    if path.endswith(_COLUMN):
        return _COLUMN_POLICY
    return _SCRIPT_POLICY if _SCRIPTED.fullmatch(path) else _POLICY


def _without_secrets(path: str) -> str:
    """Return the path for the log: no number of a matter, for with a key it opens its page."""
    return "/m/…" if path.startswith("/m/") else path
