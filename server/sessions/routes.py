"""The addresses of face-to-face sessions."""

from collections.abc import Mapping
from typing import Any

from matters.sessions.acts import ACTS, OPENING, Ask, SessionField
from server.people.doors import ConsoleRoute
from server.people.interface import InterfaceRoute
from server.sessions import session_interface, session_pages
from server.sessions.room import SessionsRoom
from server.sessions.session_runs import SESSION_LISTS
from server.web.languages import ENGLISH, translated
from server.web.operation import DAY, REFUSED, SEEN, TEXTS, Operation, created
from server.web.routes import RoomRoute


def _schema(field: SessionField) -> Mapping[str, Any]:
    if field.ask in (Ask.UNITS, Ask.DEPUTIES, Ask.MATTERS):
        return TEXTS
    if field.ask is Ask.COUNT:
        return {"type": "integer", "minimum": 0}
    if field.choices:
        return {"enum": list(field.choices)}
    if field.ask is Ask.DATE:
        return DAY
    return {"type": "string", "maxLength": field.max_length}


def _acts() -> Mapping[str, Operation]:
    """Return the operation of each act in a session."""
    return {
        act.name: Operation(
            translated(ENGLISH, act.label),
            description=f"by {', '.join(act.roles)}",
            properties={**{field.name: _schema(field) for field in act.fields}, "seen": SEEN},
            required=tuple(field.name for field in act.fields if field.required),
            answers={"200": "done", **REFUSED},
        )
        for act in ACTS.values()
    }


ROUTES: tuple[RoomRoute[SessionsRoom], ...] = (
    ConsoleRoute("GET", "/console/sessions/", session_pages.session_list),
    ConsoleRoute("GET", "/console/sessions/new", session_pages.new_session),
    ConsoleRoute("POST", "/console/sessions/new", session_pages.create, lists=SESSION_LISTS),
    ConsoleRoute("GET", "/console/sessions/{id}", session_pages.minutes),
    ConsoleRoute("POST", "/console/sessions/{id}/{act}", session_pages.run, lists=SESSION_LISTS),
    InterfaceRoute(
        "GET",
        "/api/v1/sessions",
        session_interface.list_sessions,
        Operation(
            "A page of face-to-face sessions, newest first",
            query=("kind", "station", "unit", "promises", "cursor"),
        ),
    ),
    InterfaceRoute(
        "POST",
        "/api/v1/sessions",
        session_interface.create_session,
        Operation(
            "Open a face-to-face session",
            description="by office, deputy",
            properties={field.name: _schema(field) for field in OPENING},
            required=tuple(field.name for field in OPENING if field.required),
            answers=created("the session"),
        ),
        lists=SESSION_LISTS,
        status=201,
    ),
    InterfaceRoute(
        "GET",
        "/api/v1/sessions/{id}",
        session_interface.one_session,
        Operation("One session"),
    ),
    InterfaceRoute(
        "POST",
        "/api/v1/sessions/{id}/{act}",
        session_interface.act_in_session,
        _acts,
        lists=SESSION_LISTS,
    ),
)
