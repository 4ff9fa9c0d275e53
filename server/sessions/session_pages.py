"""Face-to-face sessions in the console: the list, a new one, and the minutes with what is owed."""

import asyncio
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import NotThisRole, Refusal
from acts.shanghai import today
from eventlog.identifiers import uuid_text
from matters.actors import Actor
from matters.refusals import NotFound
from matters.sessions import acts as session_acts
from matters.sessions import store as sessions_store
from matters.sessions.acts import ACTS, OPENING, Act, SessionEvent
from matters.sessions.session import Session, is_overdue, may_correct, may_open, possible
from matters.terms import Role
from server.node import Node
from server.people import accounts
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.registers.county_registers import CountyRegisters
from server.sessions.session_interface import session_filters
from server.sessions.session_runs import (
    SESSION_LISTS,
    act_named,
    run_act,
    run_opening,
    session_for,
    session_id,
)
from server.web.languages import language_of
from server.web.pages import console_page
from server.web.problems import page_errors

MEETING_ROLES = (Role.OFFICE, Role.DEPUTY, Role.LIAISON, Role.UNIT)
# More boxes to tick than this can't be looked through; then a station is chosen first.
DEPUTIES_MOST = 400


@signed_in
async def session_list(request: Request) -> Response:
    """Answer `GET /console/sessions/`: sessions that are this person's to see, newest first."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    if actor.role not in MEETING_ROLES:
        raise NotThisRole
    filters = session_filters(request)
    now_ms = node.now_ms()

    def read() -> sessions_store.SessionsPage:
        with node.log.reading() as connection:
            return sessions_store.listed(connection, actor, filters, now_ms=now_ms)

    kept = {k: v for k, v in filters._asdict().items() if v and k not in ("promises", "cursor")}
    return console_page(
        request,
        "sessions.html",
        title="sessions",
        page=await asyncio.to_thread(read),
        filters=filters,
        kept=kept,
        query=lambda **more: "?" + urlencode({**kept, **{k: v for k, v in more.items() if v}}),
        registers=node.registers.current(),
        may_open=may_open(actor),
        actor=actor,
        identify=uuid_text,
        overdue=lambda promise: is_overdue(promise, now_ms),
        S=session_acts,
    )


@signed_in
async def new_session(request: Request) -> Response:
    """Answer `GET /console/sessions/new`: the form; `?station=` narrows the deputies shown."""
    if not may_open(actor_of(request)):
        raise NotThisRole
    typed = {
        "held_on": today().isoformat(),
        "station": request.query_params.get("station", ""),
        "matters": request.query_params.get("matters", ""),
        "kind": request.query_params.get("kind", ""),
    }
    return _form(request, typed=typed, refusal=None)


def _form(request: Request, *, typed: dict[str, Any], refusal: Refusal | None) -> Response:
    node: Node = request.app.state.node
    registers = node.registers.current()
    station = typed.get("station", "")
    chosen = typed.get("deputies", [])
    return console_page(
        request,
        "session_new.html",
        title="session",
        status=refusal.status if refusal is not None else 200,
        typed=typed,
        errors=page_errors(language_of(request), refusal),
        fields=OPENING,
        registers=registers,
        deputies=_deputies(registers, station, chosen),
        deputies_most=DEPUTIES_MOST,
        S=session_acts,
    )


def _deputies(registers: CountyRegisters, station: str, chosen: Any) -> dict[str, Any]:
    """Return the deputies of a station, or all of the county; those chosen stay."""
    return {
        one.id: one
        for one in registers.deputies.values()
        if not station or station in one.stations or one.id in chosen
    }


@signed_in
async def create(request: Request) -> Response:
    """Answer `POST /console/sessions/new`: the session is open, or the form with what is wrong."""
    node: Node = request.app.state.node
    fields = await form_of(request, SESSION_LISTS)
    try:
        session = await run_opening(node, actor_of(request), fields.values)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return _form(request, typed=fields.values, refusal=refusal)
    return redirect(request, f"console/sessions/{uuid_text(session.id)}")


@signed_in
async def minutes(request: Request) -> Response:
    """Answer `GET /console/sessions/{id}`; `?act=&for=` opens a form for one entry."""
    node: Node = request.app.state.node
    session = session_for(node, actor_of(request), request.path_params["id"])
    act = ACTS.get(request.query_params.get("act", ""))
    return await _minutes(
        request, session, act=act, typed=_started(session, act, request.query_params.get("for", ""))
    )


def _started(session: Session, act: Act | None, entry: str) -> dict[str, Any]:
    """Return the fields that an act's form starts with, when it is about one entry."""
    found = next((one for one in session.entries if uuid_text(one.id) == entry), None)
    if act is None or found is None:
        return {}
    return {
        "question": entry,
        "promise": entry,
        "entry": entry,
        "unit": found.unit,
    }


async def _minutes(
    request: Request,
    session: Session,
    *,
    act: Act | None = None,
    typed: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    node: Node = request.app.state.node
    actor = actor_of(request)
    now_ms = node.now_ms()

    def read() -> dict[str, Any]:
        with node.log.reading() as connection:
            return {
                "texts": sessions_store.texts_of(connection, session),
                "numbers": sessions_store.matter_numbers(connection, session),
                "heading": sessions_store.title_of(connection, session),
                "names": accounts.names_of(connection),
            }

    values = await asyncio.to_thread(read)
    offered = [one for one in ACTS.values() if possible(session, one, actor)]
    impossible = act is not None and refusal is not None and act not in offered
    if impossible and act is not None:
        # A form that went stale is shown again, so that no word of it is lost.
        offered.insert(0, act)
    return console_page(
        request,
        "session.html",
        title="session",
        status=refusal.status if refusal is not None else 200,
        meeting=session,
        offered=offered,
        started=act.name if act is not None else "",
        impossible=impossible,
        typed=typed or {},
        errors=page_errors(language_of(request), refusal),
        registers=node.registers.current(),
        actor=actor,
        identify=uuid_text,
        shown=lambda entry: sessions_store.shown_text(session, entry, values["texts"]),
        overdue=lambda promise: is_overdue(promise, now_ms),
        correctable=_correctable(session, actor),
        threads=_threads(session),
        spoken=_threads(session).get(b"", []),
        S=session_acts,
        T=SessionEvent,
        **values,
    )


def _correctable(session: Session, actor: Actor) -> frozenset[bytes]:
    return frozenset(one.id for one in session.entries if may_correct(session, one, actor))


def _threads(session: Session) -> dict[bytes, list[Any]]:
    """Return, for each entry that others refer to, those others in order; b"" has the rest."""
    found: dict[bytes, list[Any]] = {}
    for entry in session.entries:
        hidden = entry.type in (SessionEvent.OPENED, SessionEvent.CORRECTED, SessionEvent.ERASED)
        if not hidden and not entry.contested:
            found.setdefault(entry.refers, []).append(entry)
    return found


@signed_in
async def run(request: Request) -> Response:
    """Answer `POST /console/sessions/{id}/{act}`: done, or the page with what is wrong."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    fields = await form_of(request, SESSION_LISTS)
    identity = request.path_params["id"]
    act = act_named(request.path_params["act"])
    try:
        done = await run_act(node, actor, session_id(identity), act, fields.values)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return await _minutes(
            request,
            session_for(node, actor, identity),
            act=act,
            typed=fields.values,
            refusal=refusal,
        )
    newest = uuid_text(done.entries[-1].id)
    return redirect(request, f"console/sessions/{identity}#e-{newest}")
