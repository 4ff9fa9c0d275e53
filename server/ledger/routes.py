"""The addresses of the ledger."""

from server.ledger import ledger_interface, ledger_pages
from server.ledger.ledger_queries import SCOPE_NAMES
from server.ledger.room import LedgerRoom
from server.people.doors import ConsoleRoute
from server.people.interface import InterfaceRoute
from server.web.operation import Operation
from server.web.routes import RoomRoute

ROUTES: tuple[RoomRoute[LedgerRoom], ...] = (
    ConsoleRoute("GET", "/console/ledger", ledger_pages.ledger_page),
    ConsoleRoute("GET", "/console/ledger.xlsx", ledger_pages.download),
    ConsoleRoute("GET", "/console/ledger.csv", ledger_pages.download),
    ConsoleRoute("GET", "/console/league", ledger_pages.league_page),
    InterfaceRoute(
        "GET",
        "/api/v1/ledger",
        ledger_interface.ledger,
        Operation(
            "The ledger: numbers, rates with their n, median days to the answer",
            query=("by", *SCOPE_NAMES, "station", "category"),
        ),
    ),
)
