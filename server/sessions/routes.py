"""The addresses of face-to-face sessions."""

from collections.abc import Mapping

from matters.sessions.acts import ACTS, OPENING
from server.people.doors import ConsoleRoute, StaffRoom
from server.people.interface import InterfaceRoute
from server.sessions import session_interface, session_pages
from server.sessions.session_runs import SESSION_LISTS
from server.web.operation import SEEN, Operation, created, operation_of
from server.web.routes import RoomRoute


def _acts() -> Mapping[str, Operation]:
    """Return the operation of each act in a session."""
    return {act.name: operation_of(act, seen=SEEN) for act in ACTS.values()}


ROUTES: tuple[RoomRoute[StaffRoom], ...] = (
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
        operation_of(OPENING, "Open a face-to-face session", answers=created("the session")),
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
