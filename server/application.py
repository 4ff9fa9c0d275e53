"""The Starlette application of a node: every address, and what goes around it."""

from functools import cache, partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp

from server.exchange.endpoint import SyncEndpoint
from server.frame import NodeFrame
from server.node import Node
from server.openapi import document
from server.people.doors import LostSignIn, Unsent
from server.people.unsent import answer_lost, answer_unsent
from server.rooms import ROUTES, rooms_of
from server.site.kept_copy import KeptCopy
from server.site.no_site import UnlessBuilt
from server.site.public_files import PublicFiles
from server.web.compressing import Compressing
from server.web.guarded_answers import GuardedAnswers
from server.web.languages import LANGUAGES, translations
from server.web.operation import Operation
from server.web.problems import answer_problem
from server.web.routes import PublicRoute, RoomRoute, bound


def make_application(node: Node) -> ASGIApp:
    """Return the application of a node that has been started."""
    out = node.site.out
    site: ASGIApp = (
        UnlessBuilt(out, PublicFiles(out))
        if node.site_copy is None
        else KeptCopy(out, node.site_copy, node.now_ms)
    )
    rooms = rooms_of(node)
    application = Starlette(
        routes=[
            *rooms.bound(),
            *bound([_DESCRIPTION], None),
            Mount("/", site),
        ],
        exception_handlers={
            HTTPException: answer_problem,
            LostSignIn: partial(answer_lost, rooms.people),
            Unsent: partial(answer_unsent, rooms.people),
            Exception: answer_problem,
        },
    )
    application.state.frame = NodeFrame(node)
    # Read now, for a refusal must be told also where no file can be opened any more.
    for language in LANGUAGES:
        translations(language)
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


def openapi(room: None, request: Request) -> Response:
    """Answer `GET /api/v1/openapi.json`: the whole interface, from the routes themselves."""
    return JSONResponse(_document())


@cache
def _document() -> dict[str, Any]:
    return document(routes())


_DESCRIPTION = PublicRoute("GET", "/api/v1/openapi.json", openapi, Operation("This document"))


def routes() -> list[RoomRoute[Any]]:
    """Return every address but those of the site's files."""
    return [*(route for table in ROUTES for route in table), _DESCRIPTION]
