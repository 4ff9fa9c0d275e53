"""The addresses that tell how a node is."""

from server.operations import health, system_pages
from server.operations.room import OperationsRoom
from server.people.doors import ConsoleRoute
from server.web.operation import Operation
from server.web.routes import PublicRoute, RoomRoute

ROUTES: tuple[RoomRoute[OperationsRoom], ...] = (
    PublicRoute("GET", "/healthz", health.healthz, Operation("How the node is")),
    PublicRoute("GET", "/metrics", health.metrics, Operation("Prometheus text")),
    ConsoleRoute("GET", "/console/system", system_pages.system),
    ConsoleRoute("POST", "/console/kit-printed", system_pages.kit_printed),
    ConsoleRoute("POST", "/console/clock-right", system_pages.clock_right),
)
