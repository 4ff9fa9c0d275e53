"""The doors of the console: who may come in, and whether a form is really theirs."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from matters.actors import Actor
from matters.terms import Role
from server.desks.command_runs import LISTS
from server.node import Node
from server.people.accounts import Account
from server.people.locked_texts import refuse_typed
from server.people.sign_in import check_form_token, sign_in_of
from server.web.bodies import TEXT_MOST_BYTES, Fields, read_fields
from server.web.pages import path_to_root
from server.web.problems import NotSignedIn, WrongFormToken

Handler = Callable[[Request], Awaitable[Response]]

# A list of many matters, or a spreadsheet pasted whole: 10,000 lines are some 6 MB in a form.
MANY_MOST_BYTES = 16 * 1024 * 1024
_MANY = ("market", "sign-in")


class LostSignIn(NotSignedIn):
    """A form came whose sign-in is gone. `fields` are what was typed."""

    def __init__(self, fields: Fields) -> None:
        super().__init__()
        self.fields = fields


class Unsent(WrongFormToken):
    """A form came that this sign-in did not make. `fields` are what was typed."""

    def __init__(self, fields: Fields) -> None:
        super().__init__()
        self.fields = fields


def signed_in(handler: Handler) -> Handler:
    """Let only those in who are signed in, and whose one-time password is replaced.

    Raises LostSignIn where a form comes without a sign-in, so that its words are not lost.
    """

    @wraps(handler)
    async def guarded(request: Request) -> Response:
        sign_in = sign_in_of(request)
        root = path_to_root(request)
        if sign_in is None:
            if request.method == "POST":
                raise LostSignIn(await fields_of(request))
            return RedirectResponse(f"{root}console/sign-in", 303)
        request.state.session = sign_in
        node: Node = request.app.state.node
        node.admit()
        if sign_in.account.one_time and not request.url.path.endswith(
            ("/console/password", "/console/sign-out")
        ):
            return RedirectResponse(f"{root}console/password", 303)
        return await handler(request)

    return guarded


def actor_of(request: Request) -> Actor:
    """Return the signed-in person as the rules see them."""
    node: Node = request.app.state.node
    return node.registers.current().actor(request.state.session.account)


async def fields_of(request: Request, lists: tuple[str, ...] = LISTS) -> Fields:
    """Return a console form's fields, whoever sent it; `lists` may stand repeatedly."""
    many = request.url.path.endswith(_MANY)
    fields = await read_fields(
        request, lists=lists, most=MANY_MOST_BYTES if many else TEXT_MOST_BYTES
    )
    node: Node = request.app.state.node
    if node.keyring is not None:
        refuse_typed(fields.values)
    return fields


async def form_of(request: Request, lists: tuple[str, ...] = LISTS) -> Fields:
    """Return a console form's fields. Raises Unsent where this sign-in did not make it."""
    fields = await fields_of(request, lists)
    try:
        check_form_token(request.state.session, fields.text("form_token"))
    except WrongFormToken as error:
        raise Unsent(fields) from error
    return fields


def front(account: Account) -> str:
    """Return the path of the first page after signing in: what waits, or for an admin the list."""
    return "console/" if account.role == Role.ADMIN else "console/waiting"


def redirect(request: Request, path: str) -> Response:
    """Return a redirect to a path below the root of the site."""
    return RedirectResponse(path_to_root(request) + path, 303, {"Cache-Control": "no-store"})
