"""The nodes below a hub: who is there and how far behind, inviting one, shutting one out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.responses import Response

from acts.refusals import BadFields, FieldProblem, NotThisRole, Refusal
from acts.text import clean_line, clean_name, folded
from eventlog.clock import TOLERANCE_MS
from matters import store
from matters.actors import Actor
from matters.refusals import NotFound
from matters.terms import Role
from server.county.choices import SELECT_MOST, SUGGEST_MOST, choices_of
from server.exchange import exchange_health, joining
from server.exchange.exchange_health import SILENT_MOST_MS
from server.exchange.exchange_wiring import hub_card
from server.exchange.joining import NAME_MOST, CannotInvite
from server.exchange.room import ExchangeRoom
from server.people.doors import Visit
from server.web.languages import translated
from server.web.pages import file_to_keep
from server.web.wording import INVITING_FAILURES, ROLES
from sync.nodes import audit, enrolment, nodes, quarantine
from sync.nodes.audit import Entry
from sync.nodes.enrolment import Invitation
from sync.nodes.nodes import NoSuchNode, Peer
from sync.nodes.quarantine import Held
from sync.rounds import downlink

PAGE_MOST = 50
BEHIND_MOST = 1000
FINDINGS_MOST = 50
HELD_MOST = 50
_STATES = ("enrolled", "invited", "revoked")


class Row(NamedTuple):
    """One node of the list; `behind` is how many events it has not said to have.

    Behind BEHIND_MOST nothing is counted. `station` is the station's name, or its id.
    """

    peer: Peer
    station: str
    behind: int
    is_silent: bool
    clock_is_off: bool


class Listed(NamedTuple):
    """One page of the list, with what else stands there."""

    rows: list[Row]
    found: int
    counts: dict[str, int]
    alarms: list[Entry]
    newest: int
    findings: list[Entry]
    held: list[Held]
    held_count: int
    numbers: dict[bytes, str]


def page(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `GET /console/nodes`: `q` narrows by name and station, `state`, `page` from 1."""
    refuse_unless(visit.actor, Role.OFFICE, Role.ADMIN)
    return _page(room, visit)


def invite(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `POST /console/nodes`: the code, shown this once, to be read out on the phone."""
    actor = visit.actor
    refuse_unless(actor, Role.ADMIN)
    registers = room.registers.current()
    try:
        invitation = joining.invite(
            room.log,
            room.exchange.keys,
            visit.fields.text("name"),
            visit.fields.text("station"),
            stations=registers.stations,
            hub_name=registers.county.name,
            url=room.address,
            by=actor.signature,
        )
    except CannotInvite as error:
        problem = FieldProblem(error.field, error.code, INVITING_FAILURES[error.code])
        return _page(room, visit, typed=visit.fields.values, refusal=BadFields([problem]))
    return _page(room, visit, shown=(clean_name(visit.fields.text("name")), invitation))


def invitation_file(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `POST /console/nodes/invitation`: the file of a code that is still good.

    The hub keeps no secret of a code, so the page that shows it brings it back.
    """
    refuse_unless(visit.actor, Role.ADMIN)
    try:
        secret = enrolment.secret_of(visit.fields.text("code"))
    except enrolment.BadCode as error:
        raise NotFound from error
    with room.log.reading() as connection:
        if nodes.by_code(connection, enrolment.code_of(secret).mark) is None:
            raise NotFound
    card = hub_card(room.exchange.keys, room.registers.current().county.name)
    invitation = joining.file_of(Invitation(card, secret, room.address))
    return file_to_keep(invitation, "huiyin-invitation.json", "application/json")


def revocation(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `GET /console/nodes/{node}/revoke`: what it would mean, before it is done."""
    refuse_unless(visit.actor, Role.ADMIN)
    return visit.page("node_revoke.html", title="revoke", peer=_peer(room, visit))


def revoke(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `POST /console/nodes/{node}/revoke`: the node is shut out at once."""
    actor = visit.actor
    refuse_unless(actor, Role.ADMIN)
    peer = _peer(room, visit)
    try:
        joining.revoke(room.log, peer.name, by=actor.signature)
    except NoSuchNode as error:
        raise NotFound from error
    return visit.redirect("console/nodes?done=revoked")


def refuse_unless(actor: Actor, *roles: Role) -> None:
    """Raise NotThisRole where an actor has none of these roles."""
    if actor.role not in roles:
        raise NotThisRole


def _peer(room: ExchangeRoom, visit: Visit) -> Peer:
    number = visit.path["node"]
    if len(number) > 12 or not (number.isascii() and number.isdecimal()):
        raise NotFound
    with room.log.reading() as connection:
        peer = nodes.by_number(connection, int(number))
    if peer is None:
        raise NotFound
    return peer


def _page(
    room: ExchangeRoom,
    visit: Visit,
    *,
    typed: Mapping[str, Any] | None = None,
    refusal: Refusal | None = None,
    shown: tuple[str, Invitation] | None = None,
) -> Response:
    if room.is_station:
        raise NotFound
    language = visit.language
    registers = room.registers.current()
    stations = choices_of(language, "station", registers.registers)
    query = clean_line(visit.query.get("q", ""))[:100]
    state = visit.query.get("state", "")
    number = _page_number(visit.query.get("page", ""))
    listed = _listed(room, dict(stations), query, state, number)
    return visit.form(
        "nodes.html",
        refusal,
        title="nodes",
        listed=listed,
        query=query,
        state=state,
        states=_STATES,
        number=number,
        pages=max(1, -(-listed.found // PAGE_MOST)),
        behind_most=BEHIND_MOST,
        code_lives_ms=enrolment.CODE_LIVES_MS,
        may_change=visit.actor.role is Role.ADMIN,
        stations=stations,
        signer=lambda by: _signer(language, by),
        select_most=SELECT_MOST,
        suggest_most=SUGGEST_MOST,
        name_most=NAME_MOST,
        typed=typed or {},
        shown=None if shown is None else (shown[0], joining.spoken_code(shown[1])),
        address=room.address,
        done=visit.query.get("done", ""),
    )


def told_why(room: ExchangeRoom, visit: Visit, refusal: Refusal) -> Response:
    """Return the page with what could not be done at its top."""
    return _page(room, visit, refusal=refusal)


def _signer(language: str, by: str) -> str:
    """Return who signed an event, by their role: the account is one of the station's."""
    role = by.partition(":")[0]
    return translated(language, ROLES.get(role, role))


def _page_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 6 else 1


def _listed(
    room: ExchangeRoom, stations: Mapping[str, str], query: str, state: str, number: int
) -> Listed:
    """Return a page of the nodes, those that were silent longest first."""
    now = room.log.now_ms()
    with room.log.reading() as connection:
        peers = nodes.all_peers(connection)
        counts = {one: sum(peer.state == one for peer in peers) for one in _STATES}
        wanted = folded(query)
        matching = [
            peer
            for peer in peers
            if (not state or peer.state == state)
            and wanted in folded(f"{peer.name}\n{peer.station}\n{stations.get(peer.station, '')}")
        ]
        matching.sort(key=lambda peer: (_STATES.index(peer.state), peer.heard_at or 0, peer.name))
        first = (max(number, 1) - 1) * PAGE_MOST
        rows = [
            Row(
                peer,
                stations.get(peer.station, peer.station),
                downlink.count_behind(connection, peer, BEHIND_MOST + 1)
                if peer.state == "enrolled"
                else 0,
                peer.state == "enrolled"
                and now - (peer.heard_at or peer.enrolled_at or now) > SILENT_MOST_MS,
                peer.skew_ms is not None and abs(peer.skew_ms) > TOLERANCE_MS,
            )
            for peer in matching[first : first + PAGE_MOST]
        ]
        below = exchange_health.below(connection)
        held = quarantine.waiting(connection, HELD_MOST)
        matters = (store.by_id(connection, one.subject) for one in held)
        return Listed(
            rows,
            len(matching),
            counts,
            audit.alarms(connection, FINDINGS_MOST),
            audit.newest(connection),
            audit.entries(connection, FINDINGS_MOST),
            held,
            below.quarantined,
            {matter.id: matter.number for matter in matters if matter is not None},
        )
