"""The interface for programs, `/api/v1/sessions`: what was asked, answered and promised."""

from collections.abc import Mapping
from typing import Any

from acts.shanghai import iso
from eventlog.identifiers import uuid_text
from matters.sessions import store as sessions_store
from matters.sessions.acts import SessionEvent
from matters.sessions.session import Entry, Session, is_overdue
from matters.sessions.store import SessionFilters
from server.people.doors import StaffRoom
from server.people.interface import Call
from server.sessions.session_runs import act_named, run_act, run_opening, session_for
from server.web.values import read_subject


def session_filters(query: Mapping[str, str]) -> SessionFilters:
    """Return a list's filters from the address; what can't be one narrows nothing."""
    promises = query.get("promises", "")
    return SessionFilters(
        kind=query.get("kind", ""),
        station=query.get("station", ""),
        unit=query.get("unit", ""),
        promises=promises if promises in ("open", "overdue") else "",
        cursor=query.get("cursor", ""),
    )


def session_json(session: Session, title: str, now_ms: int) -> dict[str, Any]:
    """Return a session as lists give it."""
    return {
        "id": uuid_text(session.id),
        "title": title,
        "kind": str(session.kind),
        "mode": session.mode,
        "held_on": session.held_on,
        "station": session.station,
        "units": list(session.units),
        "deputies": list(session.asking),
        "version": session.version,
        "opened_at": iso(session.opened_at),
        "closed_at": iso(session.closed_at),
        "questions": len(session.of(SessionEvent.QUESTION_PUT)),
        "promises": len(session.promises),
        "promises_open": sum(one.kept != "yes" for one in session.promises),
        "promises_overdue": sum(is_overdue(one, now_ms) for one in session.promises),
    }


def whole_session(room: StaffRoom, session: Session) -> dict[str, Any]:
    """Return a session with its entries and texts, for those who may see it."""
    now_ms = room.log.now_ms()
    with room.log.reading() as connection:
        texts = sessions_store.texts_of(connection, session)
        numbers = sessions_store.matter_numbers(connection, session)
        title = sessions_store.title_of(connection, session)
    answer = session_json(session, title, now_ms)
    answer["matters"] = [numbers[one] for one in session.matters if one in numbers]
    answer["entries"] = [
        _entry_json(session, one, texts, numbers, now_ms) for one in session.entries
    ]
    return answer


def _entry_json(
    session: Session,
    entry: Entry,
    texts: sessions_store.Texts,
    numbers: dict[bytes, str],
    now_ms: int,
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": uuid_text(entry.id),
        "type": entry.type,
        "at": iso(entry.at),
        "by": entry.by,
        "contested": entry.contested,
        "erased": entry.erased,
        "unit": entry.unit,
        "deputy": entry.deputy,
        "about": numbers.get(entry.matter, ""),
        "refers": uuid_text(entry.refers) if len(entry.refers) == 16 else None,
        "text": sessions_store.shown_text(entry, texts),
        "corrected": bool(entry.corrected),
        "words": {name: texts[entry.id, name] for name in entry.words if (entry.id, name) in texts},
    }
    if entry.type == SessionEvent.PROMISE_MADE:
        answer["until"] = iso(entry.until)
        answer["overdue"] = is_overdue(entry, now_ms)
    if entry.type in (SessionEvent.PROMISE_MADE, SessionEvent.PROMISE_KEPT):
        answer["kept"] = entry.kept
    if entry.votes:
        answer.update(zip(("satisfied", "basically", "unsatisfied"), entry.votes, strict=True))
        answer["n"] = sum(entry.votes)
    return answer


def list_sessions(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/sessions?kind=&station=&unit=&promises=open|overdue&cursor=`."""
    now_ms = room.log.now_ms()
    with room.log.reading() as connection:
        page = sessions_store.listed(
            connection, call.actor, session_filters(call.query), now_ms=now_ms
        )
    return {
        "sessions": [session_json(row.session, row.title, now_ms) for row in page.rows],
        "next": page.next or None,
    }


def create_session(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `POST /api/v1/sessions`: 201 the session, or the refusal."""
    return whole_session(room, run_opening(room, call.actor, call.values))


def one_session(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/sessions/{id}`."""
    return whole_session(room, session_for(room, call.actor, call.path["id"]))


def act_in_session(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `POST /api/v1/sessions/{id}/{act}`: 200 the session, or the refusal."""
    act = act_named(call.path["act"])
    session = read_subject(call.path["id"])
    return whole_session(room, run_act(room, call.actor, session, act, call.values))
