"""Face-to-face sessions in the console: the list, a new one, and the minutes with what is owed."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from acts.act import Act
from acts.refusals import NotThisRole, Refusal
from acts.shanghai import day_of
from eventlog.identifiers import uuid_text
from matters.actors import Actor
from matters.refusals import NotFound
from matters.sessions import acts as session_acts
from matters.sessions import store as sessions_store
from matters.sessions.acts import ACTS, OPENING, SessionEvent
from matters.sessions.session import Session, is_overdue, may_correct, may_open, possible
from matters.terms import Role
from server.county.county_registers import CountyRegisters
from server.people import accounts
from server.people.doors import StaffRoom, Visit
from server.sessions.session_interface import session_filters
from server.sessions.session_runs import act_named, run_act, run_opening, session_for
from server.web.values import read_subject

MEETING_ROLES = (Role.OFFICE, Role.DEPUTY, Role.LIAISON, Role.UNIT)
# More boxes to tick than this can't be looked through; then a station is chosen first.
DEPUTIES_MOST = 400


def session_list(room: StaffRoom, visit: Visit) -> Response:
    """Answer `GET /console/sessions/`: sessions that are this person's to see, newest first."""
    actor = visit.actor
    if actor.role not in MEETING_ROLES:
        raise NotThisRole
    filters = session_filters(visit.query)
    now_ms = room.log.now_ms()
    with room.log.reading() as connection:
        page = sessions_store.listed(connection, actor, filters, now_ms=now_ms)
    kept = {k: v for k, v in filters._asdict().items() if v and k not in ("promises", "cursor")}
    return visit.page(
        "sessions.html",
        title="sessions",
        page=page,
        filters=filters,
        kept=kept,
        query=lambda **more: "?" + urlencode({**kept, **{k: v for k, v in more.items() if v}}),
        registers=room.registers.current(),
        may_open=may_open(actor),
        actor=actor,
        identify=uuid_text,
        overdue=lambda promise: is_overdue(promise, now_ms),
        S=session_acts,
    )


def new_session(room: StaffRoom, visit: Visit) -> Response:
    """Answer `GET /console/sessions/new`: the form; `?station=` narrows the deputies shown."""
    if not may_open(visit.actor):
        raise NotThisRole
    typed = {
        "held_on": day_of(room.log.now_ms()).isoformat(),
        "station": visit.query.get("station", ""),
        "matters": visit.query.get("matters", ""),
        "kind": visit.query.get("kind", ""),
    }
    return _form(room, visit, typed=typed, refusal=None)


def _form(
    room: StaffRoom, visit: Visit, *, typed: dict[str, Any], refusal: Refusal | None
) -> Response:
    registers = room.registers.current()
    station = typed.get("station", "")
    chosen = typed.get("deputies", [])
    return visit.form(
        "session_new.html",
        refusal,
        title="session",
        typed=typed,
        fields=OPENING.fields,
        registers=registers,
        deputies=_deputies(registers, station, chosen),
        deputies_most=DEPUTIES_MOST,
        S=session_acts,
    )


def _deputies(registers: CountyRegisters, station: str, chosen: Any) -> dict[str, Any]:
    """Return the deputies of a station, or all of the county; those chosen stay."""
    return {
        deputy.id: deputy
        for deputy in registers.deputies.values()
        if not station or station in deputy.stations or deputy.id in chosen
    }


def create(room: StaffRoom, visit: Visit) -> Response:
    """Answer `POST /console/sessions/new`: the session is open, or the form with what is wrong."""
    try:
        session = run_opening(room, visit.actor, visit.fields.values)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return _form(room, visit, typed=visit.fields.values, refusal=refusal)
    return visit.redirect(f"console/sessions/{uuid_text(session.id)}")


def minutes(room: StaffRoom, visit: Visit) -> Response:
    """Answer `GET /console/sessions/{id}`; `?act=&for=` opens a form for one entry."""
    session = session_for(room, visit.actor, visit.path["id"])
    act = ACTS.get(visit.query.get("act", ""))
    return _minutes(
        room, visit, session, act=act, typed=_started(session, act, visit.query.get("for", ""))
    )


def _started(session: Session, act: Act | None, entry: str) -> dict[str, Any]:
    """Return the fields that an act's form starts with, when it is about one entry."""
    about = next((each for each in session.entries if uuid_text(each.id) == entry), None)
    if act is None or about is None:
        return {}
    return {
        "question": entry,
        "promise": entry,
        "entry": entry,
        "unit": about.unit,
    }


def _minutes(
    room: StaffRoom,
    visit: Visit,
    session: Session,
    *,
    act: Act | None = None,
    typed: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    actor = visit.actor
    now_ms = room.log.now_ms()
    with room.log.reading() as connection:
        values: dict[str, Any] = {
            "texts": sessions_store.texts_of(connection, session),
            "numbers": sessions_store.matter_numbers(connection, session),
            "heading": sessions_store.title_of(connection, session),
            "names": accounts.names_of(connection),
        }
    offered = [one for one in ACTS.values() if possible(session, one, actor)]
    impossible = act is not None and refusal is not None and act not in offered
    if impossible and act is not None:
        # A form that went stale is shown again, so that no word of it is lost.
        offered.insert(0, act)
    return visit.form(
        "session.html",
        refusal,
        title="session",
        meeting=session,
        offered=offered,
        started=act.name if act is not None else "",
        impossible=impossible,
        typed=typed or {},
        registers=room.registers.current(),
        actor=actor,
        identify=uuid_text,
        shown=lambda entry: sessions_store.shown_text(entry, values["texts"]),
        overdue=lambda promise: is_overdue(promise, now_ms),
        correctable=_correctable(session, actor),
        threads=_threads(session),
        spoken=_threads(session).get(b"", []),
        S=session_acts,
        T=SessionEvent,
        **values,
    )


def _correctable(session: Session, actor: Actor) -> frozenset[bytes]:
    return frozenset(entry.id for entry in session.entries if may_correct(entry, actor))


def _threads(session: Session) -> dict[bytes, list[Any]]:
    """Return, for each entry that others refer to, those others in order; b"" has the rest."""
    threads: dict[bytes, list[Any]] = {}
    for entry in session.entries:
        hidden = entry.type in (SessionEvent.OPENED, SessionEvent.CORRECTED, SessionEvent.ERASED)
        if not hidden and not entry.contested:
            threads.setdefault(entry.refers, []).append(entry)
    return threads


def run(room: StaffRoom, visit: Visit) -> Response:
    """Answer `POST /console/sessions/{id}/{act}`: done, or the page with what is wrong."""
    actor = visit.actor
    identity = visit.path["id"]
    act = act_named(visit.path["act"])
    try:
        done = run_act(room, actor, read_subject(identity), act, visit.fields.values)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return _minutes(
            room,
            visit,
            session_for(room, actor, identity),
            act=act,
            typed=visit.fields.values,
            refusal=refusal,
        )
    newest = uuid_text(done.entries[-1].id)
    return visit.redirect(f"console/sessions/{identity}#e-{newest}")
