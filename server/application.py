"""The Starlette application: every address, and the headers that all answers carry."""

import itertools
import logging
import re
import secrets
import time
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.desks import draft_pages as drafting
from server.desks import handover_interface as handovers
from server.desks import handover_pages as console_handovers
from server.desks import interface, unsent
from server.desks import market_pages as market
from server.desks import matter_pages as console_matters
from server.desks import publishing_pages as publishing
from server.desks import supervision_pages as supervision
from server.desks import waiting_pages as waiting
from server.documents import document_interface, document_pages
from server.exchange import bundle_pages as bundles
from server.exchange import decision_pages as decisions
from server.exchange import exchange_pages as console_exchange
from server.exchange import joining_pages as console_joining
from server.exchange import node_pages as nodes
from server.exchange.endpoint import SyncEndpoint
from server.ledger import ledger_interface
from server.ledger import ledger_pages as console_ledger
from server.letters import letter_pages as outbox
from server.node import Node
from server.operations import health
from server.operations import system_pages as system
from server.paper import paper_pages as printing
from server.paper import rating_form as paper
from server.people import account_pages as accounts
from server.people import sign_in_pages as sessions
from server.people.doors import LostSignIn, Unsent
from server.people.sign_in import Attempts
from server.registers import day_pages as days
from server.registers import register_files, register_interface
from server.registers import register_pages as registers
from server.registers import shift_pages as shifts
from server.search import answer as answering
from server.sessions import session_interface, session_pages
from server.site import site_offer
from server.site.kept_copy import KeptCopy
from server.site.public_files import PublicFiles
from server.villagers import intake, tracking
from server.web.compressing import Compressing
from server.web.problems import answer_problem

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

    site = PublicFiles(node.site.out) if node.site_copy is None else KeptCopy(node)
    application = Starlette(
        routes=[*routes(), *console_routes(), Mount("/", site)],
        exception_handlers={
            HTTPException: answer_problem,
            LostSignIn: unsent.answer_lost,
            Unsent: unsent.answer_unsent,
            Exception: answer_problem,
        },
    )
    application.state.node = node
    application.state.attempts = Attempts()
    application.state.join_token = secrets.token_urlsafe(16)
    return SyncEndpoint(node, GuardedAnswers(Compressing(application)))


def routes() -> list[Route]:
    """Return the addresses for villagers and programs."""
    return [
        Route("/matters", intake.submit_matter, methods=["POST"]),
        Route("/submit/", intake.submission_form),
        Route("/track", tracking.track),
        Route("/search", answering.search),
        Route("/search/", answering.search),
        Route("/m/{number}", tracking.followed),
        Route("/m/{number}/slip", tracking.slip),
        Route("/m/{number}/rating", tracking.rate_matter, methods=["POST"]),
        Route("/m/{number}/message", tracking.message_matter, methods=["POST"]),
        Route("/sync/site", site_offer.changes),
        Route("/sync/site/file/{path:path}", site_offer.file),
        Route("/healthz", health.healthz),
        Route("/metrics", health.metrics),
        Route("/api/v1/openapi.json", interface.openapi),
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
        Route("/api/v1/sessions", session_interface.list_sessions, methods=["GET"]),
        Route("/api/v1/sessions", session_interface.create_session, methods=["POST"]),
        Route("/api/v1/sessions/{id}", session_interface.one_session),
        Route("/api/v1/sessions/{id}/{act}", session_interface.act_in_session, methods=["POST"]),
        Route("/api/v1/documents", document_interface.list_documents, methods=["GET"]),
        Route("/api/v1/documents", document_interface.create_document, methods=["POST"]),
        Route("/api/v1/documents/{id}", document_interface.one_document),
        Route("/api/v1/documents/{id}/{act}", document_interface.act_on_document, methods=["POST"]),
    ]


def console_routes() -> list[Route]:
    """Return the addresses for staff."""
    return [
        Route("/console/", console_matters.matters),
        Route("/console/waiting", waiting.waiting),
        Route("/console/supervise", supervision.supervise),
        Route("/console/sign-in", sessions.sign_in_page, methods=["GET"]),
        Route("/console/sign-in", sessions.sign_in, methods=["POST"]),
        Route("/console/sign-out", sessions.sign_out, methods=["POST"]),
        Route("/console/password", sessions.password_page, methods=["GET"]),
        Route("/console/password", sessions.password, methods=["POST"]),
        Route("/console/email", sessions.email, methods=["POST"]),
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
        Route("/console/bundle", bundles.write, methods=["POST"]),
        Route("/console/bundle/read", bundles.read, methods=["POST"]),
        Route("/console/accounts", accounts.overview, methods=["GET"]),
        Route("/console/accounts", accounts.add, methods=["POST"]),
        Route("/console/accounts/{id}/{act}", accounts.act, methods=["POST"]),
        Route("/console/sync", console_exchange.page, methods=["GET"]),
        Route("/console/sync", console_exchange.send_now, methods=["POST"]),
        Route("/console/sync/join", console_joining.page, methods=["GET"]),
        Route("/console/sync/join", console_joining.join, methods=["POST"]),
        Route("/console/nodes", nodes.page, methods=["GET"]),
        Route("/console/nodes", nodes.invite, methods=["POST"]),
        Route("/console/nodes/invitation", nodes.invitation_file, methods=["POST"]),
        Route("/console/nodes/seen", decisions.alarms_seen, methods=["POST"]),
        Route("/console/nodes/held/{event}/{digest}/{act}", decisions.act, methods=["POST"]),
        Route("/console/nodes/{node}/revoke", nodes.revocation, methods=["GET"]),
        Route("/console/nodes/{node}/revoke", nodes.revoke, methods=["POST"]),
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
        Route("/console/sessions/", session_pages.session_list),
        Route("/console/sessions/new", session_pages.new_session, methods=["GET"]),
        Route("/console/sessions/new", session_pages.create, methods=["POST"]),
        Route("/console/sessions/{id}", session_pages.minutes),
        Route("/console/sessions/{id}/{act}", session_pages.run, methods=["POST"]),
        Route("/console/documents/", document_pages.document_list),
        Route("/console/documents/new", document_pages.new_document, methods=["GET"]),
        Route("/console/documents/new", document_pages.create, methods=["POST"]),
        Route("/console/documents/{id}", document_pages.document),
        Route("/console/documents/{id}/{act}", document_pages.run, methods=["POST"]),
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
