"""The doors of the console: who may come in, and whether a form is really theirs."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from matters.actors import Actor
from server.bodies import Fields, read_fields
from server.command_runs import LISTS
from server.node import Node
from server.pages import path_to_root
from server.sign_in import check_form_token, session_of

Handler = Callable[[Request], Awaitable[Response]]


def signed_in(handler: Handler) -> Handler:
    """Let only those in who are signed in, and whose one-time password is replaced."""

    @wraps(handler)
    async def guarded(request: Request) -> Response:
        session = session_of(request)
        root = path_to_root(request)
        if session is None:
            return RedirectResponse(f"{root}console/sign-in", 303)
        request.state.session = session
        if session.account.one_time and not request.url.path.endswith(
            ("/console/password", "/console/sign-out")
        ):
            return RedirectResponse(f"{root}console/password", 303)
        return await handler(request)

    return guarded


def actor_of(request: Request) -> Actor:
    """Return the signed-in person as the rules see them."""
    node: Node = request.app.state.node
    return node.registers.current().actor(request.state.session.account)


async def form_of(request: Request, lists: tuple[str, ...] = LISTS) -> Fields:
    """Return a console form's fields; `lists` names those that may stand repeatedly.

    Raises WrongFormToken where this session did not make the form.
    """
    fields = await read_fields(request, lists=lists)
    check_form_token(request.state.session, fields.text("form_token"))
    return fields


def redirect(request: Request, path: str) -> Response:
    """Return a redirect to a path below the root of the site."""
    return RedirectResponse(path_to_root(request) + path, 303, {"Cache-Control": "no-store"})
