"""The Starlette application of a node: every address, and what goes around it."""

from functools import cache, partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from server.desks import draft_pages as drafting
from server.desks import handover_interface as handovers
from server.desks import handover_pages as console_handovers
from server.desks import import_pages, interface
from server.desks import market_pages as market
from server.desks import matter_pages as console_matters
from server.desks import publishing_pages as publishing
from server.desks import supervision_pages as supervision
from server.desks import waiting_pages as waiting
from server.exchange.endpoint import SyncEndpoint
from server.frame import NodeFrame
from server.node import Node
from server.openapi import document
from server.people.doors import Doors, LostSignIn, Unsent
from server.people.unsent import answer_lost, answer_unsent
from server.rooms import ROOMS, people_room
from server.site.kept_copy import KeptCopy
from server.site.public_files import PublicFiles
from server.villagers import intake, tracking
from server.web.compressing import Compressing
from server.web.guarded_answers import GuardedAnswers
from server.web.problems import answer_problem
from server.web.routes import RoomRoute


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
            *(route for handed in ROOMS for route in handed.bound(node, doors)),
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


def routes() -> list[RoomRoute[Any] | Route]:
    """Return every address but those of the site's files."""
    return [*(route for handed in ROOMS for route in handed.routes), *_unconverted()]


async def openapi(request: Request) -> Response:
    """Answer `GET /api/v1/openapi.json`: the whole interface, from the routes themselves."""
    return JSONResponse(_document())


@cache
def _document() -> dict[str, Any]:
    return document(routes())


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
        Route("/api/v1/openapi.json", openapi),
        Route("/api/v1/units", interface.list_units),
        Route("/api/v1/handovers", handovers.list_handovers, methods=["GET"]),
        Route("/api/v1/handovers", handovers.make_handover, methods=["POST"]),
        Route("/api/v1/handovers/{id}", handovers.one_handover),
        Route("/api/v1/imports", interface.list_imports),
        Route("/api/v1/imports/{id}/approve", interface.approve, methods=["POST"]),
        Route("/api/v1/matters", interface.list_matters),
        Route("/api/v1/matters/{number}", interface.one_matter),
        Route("/api/v1/matters/{number}/contact", interface.matter_contact),
        Route("/api/v1/matters/{number}/{command}", interface.command_matter, methods=["POST"]),
        Route("/console/", console_matters.matters),
        Route("/console/waiting", waiting.waiting),
        Route("/console/supervise", supervision.supervise),
        Route("/console/enter", console_matters.entry_page, methods=["GET"]),
        Route("/console/enter", console_matters.enter, methods=["POST"]),
        Route("/console/handovers/", console_handovers.handovers),
        Route("/console/handovers/new", console_handovers.new_page, methods=["GET"]),
        Route("/console/handovers/new", console_handovers.new, methods=["POST"]),
        Route("/console/handovers/{id}", console_handovers.handover),
        Route("/console/market", market.stall, methods=["GET"]),
        Route("/console/market", market.enter, methods=["POST"]),
        Route("/console/market/slips", market.slips),
        Route("/console/drafts.js", drafting.script),
        Route("/console/drafts/{place:path}", drafting.keep, methods=["POST"]),
        Route("/console/imports", import_pages.imports),
        Route("/console/imports/{id}/approve", import_pages.approve, methods=["POST"]),
        Route("/console/matters/{number}", console_matters.matter),
        Route("/console/matters/{number}/contact", console_matters.contact, methods=["POST"]),
        Route("/console/matters/{number}/publish", publishing.edit, methods=["GET"]),
        Route("/console/matters/{number}/publish", publishing.preview, methods=["POST"]),
        Route("/console/matters/{number}/photos/{sha256}", console_matters.photo),
        Route("/console/matters/{number}/{command}", console_matters.run, methods=["POST"]),
    ]
