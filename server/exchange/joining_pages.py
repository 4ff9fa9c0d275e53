"""Joining the county: the first page of a station that is switched on for the first time.

Such a station has no accounts: they come from the hub, once it has joined. So until a hub has
answered, this page is open to whoever sits at the machine itself. Nothing of anybody is shown
there, and who can sit there could run the command as well. From elsewhere on the Wi-Fi it takes
an account.
"""

import secrets

from starlette.responses import Response

from acts.refusals import N_, BadFields, FieldProblem, NotThisRole
from matters.terms import Role
from server.exchange import joining
from server.exchange.joining import CannotJoin
from server.exchange.room import ExchangeRoom
from server.people.doors import OpenVisit
from server.people.sign_in import check_form_token
from server.web.at_the_machine import is_at_the_machine
from server.web.bodies import Fields
from server.web.problems import NotSignedIn, WrongFormToken
from server.web.wording import SYNC_FAILURES
from sync.nodes.enrolment import Invitation
from sync.rounds.upstream import Upstream

WATCHED_EVERY_S = 3
_JOINERS = (Role.LIAISON, Role.ADMIN)
# What a node that was enrolled once can only mend by a new code.
_LOST = ("unknown-node", "revoked")
_AT_FIELD = {"bad-address": "address", "unreachable": "address", "bad-invitation": "file"}


def may_join_again(room: ExchangeRoom, visit: OpenVisit, hub: Upstream | None) -> bool:
    """Return whether this person may make the node belong to a hub now, signed in or not."""
    role = None if visit.sign_in is None else visit.sign_in.account.role
    is_new = hub is None or hub.heard_at is None
    if role is not None and (is_new or (hub is not None and hub.failure in _LOST)):
        return role in _JOINERS if room.is_station else role is Role.ADMIN
    return is_new and room.is_station and is_at_the_machine(visit.request)


def lets_in(room: ExchangeRoom, visit: OpenVisit) -> None:
    """Raise but for whoever has an account that may join, or sits at the machine itself."""
    if visit.sign_in is not None:
        may = _JOINERS if room.is_station else (Role.ADMIN,)
        if visit.sign_in.account.role not in may:
            raise NotThisRole
    elif not (room.is_station and is_at_the_machine(visit.request)):
        raise NotSignedIn


def is_made_here(room: ExchangeRoom, visit: OpenVisit) -> None:
    """Raise WrongFormToken where the form was not made here: a strange site could post one too."""
    token = visit.fields.text("form_token")
    if visit.sign_in is not None:
        check_form_token(visit.sign_in, token)
    elif not secrets.compare_digest(room.join_token.encode(), token.encode()):
        raise WrongFormToken


def page(room: ExchangeRoom, visit: OpenVisit) -> Response:
    """Answer `GET /console/sync/join`: the form, or how far it has come."""
    return _page(room, visit, room.exchange.upstream())


def join(room: ExchangeRoom, visit: OpenVisit) -> Response:
    """Answer `POST /console/sync/join`: by address and code, or by the file from the county."""
    hub = room.exchange.upstream()
    if not may_join_again(room, visit, hub):
        return visit.redirect("console/sync/join")
    try:
        invitation = _invitation(visit.fields)
    except CannotJoin as error:
        field = _AT_FIELD.get(error.code, "code")
        problem = FieldProblem(field, error.code, SYNC_FAILURES[error.code])
        return _page(room, visit, hub, refusal=BadFields([problem]))
    except BadFields as refusal:
        return _page(room, visit, hub, refusal=refusal)
    joining.join(room.log, room.exchange.keys, room.exchange.role, invitation)
    room.exchange.now()
    return visit.redirect("console/sync/join")


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


def _page(
    room: ExchangeRoom,
    visit: OpenVisit,
    hub: Upstream | None,
    *,
    refusal: BadFields | None = None,
) -> Response:
    joined = hub is not None and hub.heard_at is not None
    under_way = hub is not None and not joined and not hub.failure
    response = visit.form(
        "join.html",
        refusal,
        title="join",
        hub=hub,
        joined=joined,
        under_way=under_way,
        is_open=may_join_again(room, visit, hub),
        typed=visit.fields.values,
        token=room.join_token if visit.sign_in is None else visit.sign_in.form_token,
        offline=room.is_off or (hub is not None and not hub.url),
    )
    if under_way and refusal is None:
        response.headers["Refresh"] = f"{WATCHED_EVERY_S}; url={visit.request.url.path}"
    return response
