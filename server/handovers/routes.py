"""The addresses of handovers."""

from matters.handovers import HANDING_OVER
from server.handovers import handover_interface, handover_pages
from server.people.doors import ConsoleRoute, StaffRoom
from server.people.interface import InterfaceRoute
from server.web.operation import TEXT, TEXTS, Operation, created, operation_of
from server.web.routes import RoomRoute

_ROW = {
    "number": TEXT,
    "lead": TEXT,
    "limit": TEXT,
    "assisting": TEXTS,
    "seen": {"type": "integer"},
}
_DISPATCH = operation_of(
    HANDING_OVER,
    "Dispatch many matters at once",
    answers=created("{id, dispatched, refused: [{number, errors}]}"),
    matters={"type": "array", "items": {"type": "object", "properties": _ROW}},
)

ROUTES: tuple[RoomRoute[StaffRoom], ...] = (
    ConsoleRoute("GET", "/console/handovers/", handover_pages.handovers),
    ConsoleRoute("GET", "/console/handovers/new", handover_pages.new_handover),
    ConsoleRoute("POST", "/console/handovers/new", handover_pages.create),
    ConsoleRoute("GET", "/console/handovers/{id}", handover_pages.handover),
    InterfaceRoute(
        "GET",
        "/api/v1/handovers",
        handover_interface.list_handovers,
        Operation("Handovers: many matters dispatched at once"),
    ),
    InterfaceRoute(
        "POST",
        "/api/v1/handovers",
        handover_interface.make_handover,
        _DISPATCH._replace(required=(*_DISPATCH.required, "matters")),
    ),
    InterfaceRoute(
        "GET",
        "/api/v1/handovers/{id}",
        handover_interface.one_handover,
        Operation("A handover with its matters"),
    ),
)
