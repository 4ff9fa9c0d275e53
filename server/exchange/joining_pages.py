"""Joining the county: the first page of a station that is switched on for the first time.

Such a station has no accounts: they come from the hub, once it has joined. So until a hub has
answered, this page is open to whoever sits at the machine itself. Nothing of anybody is shown
there, and who can sit there could run the command as well. From elsewhere on the Wi-Fi it takes
an account.
"""

import asyncio
import secrets

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import N_, BadFields, FieldProblem, NotThisRole
from matters.terms import Role
from server.exchange import joining
from server.exchange.at_the_machine import is_at_the_machine
from server.exchange.joining import CannotJoin
from server.node import Node
from server.people.doors import redirect
from server.people.sign_in import check_form_token, sign_in_of
from server.web.bodies import Fields, read_fields
from server.web.languages import language_of
from server.web.pages import console_page
from server.web.problems import NotSignedIn, WrongFormToken, page_errors
from server.web.wording import SYNC_FAILURES
from sync.nodes.enrolment import Invitation
from sync.rounds import upstream
from sync.rounds.upstream import Upstream

WATCHED_EVERY_S = 3
_JOINERS = (Role.LIAISON, Role.ADMIN)
# What a node that was enrolled once can only mend by a new code.
_LOST = ("unknown-node", "revoked")
_AT_FIELD = {"bad-address": "address", "unreachable": "address", "bad-invitation": "file"}


def may_join_again(request: Request, role: Role | None, hub: Upstream | None) -> bool:
    """Return whether this person may make the node belong to a hub now; None is nobody known."""
    node: Node = request.app.state.node
    is_new = hub is None or hub.heard_at is None
    if role is not None and (is_new or (hub is not None and hub.failure in _LOST)):
        return role in _JOINERS if node.settings.role == "station" else role is Role.ADMIN
    return is_new and node.settings.role == "station" and is_at_the_machine(request)


async def page(request: Request) -> Response:
    """Answer `GET /console/sync/join`: the form, or how far it has come."""
    hub = await asyncio.to_thread(_hub, request)
    _admit(request, hub)
    return _page(request, hub)


async def join(request: Request) -> Response:
    """Answer `POST /console/sync/join`: by address and code, or by the file from the county."""
    node: Node = request.app.state.node
    hub = await asyncio.to_thread(_hub, request)
    _admit(request, hub)
    fields = await read_fields(request)
    _check_token(request, fields)
    if not may_join_again(request, _role_of(request), hub):
        return redirect(request, "console/sync/join")
    try:
        invitation = await asyncio.to_thread(_invitation, fields)
    except CannotJoin as error:
        field = _AT_FIELD.get(error.code, "code")
        return _page(
            request,
            hub,
            typed=fields,
            refusal=BadFields([FieldProblem(field, error.code, SYNC_FAILURES[error.code])]),
        )
    except BadFields as refusal:
        return _page(request, hub, typed=fields, refusal=refusal)
    await asyncio.to_thread(
        joining.join, node.log, node.exchange.keys, node.settings.role, invitation
    )
    node.exchange.now()
    return redirect(request, "console/sync/join")


def _admit(request: Request, hub: Upstream | None) -> None:
    """Let in who sits at the machine, or has an account; sets the sign-in. Raises a Refusal."""
    sign_in = sign_in_of(request)
    if sign_in is not None:
        request.state.session = sign_in
        node: Node = request.app.state.node
        wanted = _JOINERS if node.settings.role == "station" else (Role.ADMIN,)
        if sign_in.account.role not in wanted:
            raise NotThisRole
    elif request.app.state.node.settings.role != "station" or not is_at_the_machine(request):
        raise NotSignedIn


def _role_of(request: Request) -> Role | None:
    sign_in = getattr(request.state, "session", None)
    return None if sign_in is None else sign_in.account.role


def _check_token(request: Request, fields: Fields) -> None:
    """Raise WrongFormToken where the form was not made here: a strange site could post one too."""
    sign_in = getattr(request.state, "session", None)
    token = fields.text("form_token")
    if sign_in is not None:
        check_form_token(sign_in, token)
    elif not secrets.compare_digest(request.app.state.join_token.encode(), token.encode()):
        raise WrongFormToken


def _invitation(fields: Fields) -> Invitation:
    """Return the invitation that a form brought. Raises CannotJoin and BadFields."""
    for name, content in fields.files:
        if name == "file" and content:
            return joining.read_invitation(content)
    address, code = fields.text("address").strip(), fields.text("code").strip()
    problems = []
    if not address:
        problems.append(FieldProblem("address", "required", N_("请填县里的网址。")))
    if not code:
        problems.append(FieldProblem("code", "required", N_("请填县里给的加入码。")))
    if problems:
        raise BadFields(problems)
    return joining.ask_hub(address, code)


def _hub(request: Request) -> Upstream | None:
    with request.app.state.node.log.reading() as connection:
        return upstream.read(connection)


def _page(
    request: Request,
    hub: Upstream | None,
    *,
    typed: Fields | None = None,
    refusal: BadFields | None = None,
) -> Response:
    node: Node = request.app.state.node
    sign_in = getattr(request.state, "session", None)
    joined = hub is not None and hub.heard_at is not None
    under_way = hub is not None and not joined and not hub.failure
    response = console_page(
        request,
        "join.html",
        title="join",
        status=200 if refusal is None else refusal.status,
        hub=hub,
        joined=joined,
        under_way=under_way,
        is_open=may_join_again(request, _role_of(request), hub),
        typed={} if typed is None else typed.values,
        errors=page_errors(language_of(request), refusal),
        token=sign_in.form_token if sign_in is not None else request.app.state.join_token,
        offline=node.settings.sync_every == "off" or (hub is not None and not hub.url),
    )
    if under_way and refusal is None:
        response.headers["Refresh"] = f"{WATCHED_EVERY_S}; url={request.url.path}"
    return response
