"""The addresses at which staff enter matters."""

from server.entry import entry_pages, imports, market_pages
from server.entry.room import EntryRoom
from server.people.doors import MANY_MOST_BYTES, ConsoleRoute
from server.people.interface import InterfaceRoute
from server.web.operation import Operation
from server.web.routes import RoomRoute

ROUTES: tuple[RoomRoute[EntryRoom], ...] = (
    ConsoleRoute("GET", "/console/enter", entry_pages.entry_page),
    ConsoleRoute("POST", "/console/enter", entry_pages.enter),
    ConsoleRoute("GET", "/console/market", market_pages.market),
    ConsoleRoute("POST", "/console/market", market_pages.enter, most_bytes=MANY_MOST_BYTES),
    ConsoleRoute("GET", "/console/market/slips", market_pages.slips),
    ConsoleRoute("GET", "/console/imports", imports.imports_page),
    ConsoleRoute("POST", "/console/imports/{id}/approve", imports.approve_on_page),
    InterfaceRoute(
        "GET",
        "/api/v1/imports",
        imports.list_imports,
        Operation("Imports of old files"),
    ),
    InterfaceRoute(
        "POST",
        "/api/v1/imports/{id}/approve",
        imports.approve,
        Operation("Let a whole import be public"),
    ),
)
