"""The addresses of matters for staff."""

from collections.abc import Mapping

from matters.commands import COMMANDS
from matters.listing.filters import ADDRESSED
from server.desks import (
    draft_pages,
    matter_interface,
    matter_pages,
    publishing_pages,
    supervision_pages,
    waiting_pages,
)
from server.desks.command_runs import COMMAND_LISTS
from server.desks.room import DesksRoom
from server.ledger.ledger_queries import SCOPE_NAMES
from server.people.doors import MANY_MOST_BYTES, ConsoleRoute
from server.people.interface import InterfaceRoute
from server.web.operation import SEEN, Operation, operation_of
from server.web.routes import PublicRoute, RoomRoute


def _commands() -> Mapping[str, Operation]:
    """Return the operation of each command on a matter."""
    return {command.name: operation_of(command, seen=SEEN) for command in COMMANDS.values()}


ROUTES: tuple[RoomRoute[DesksRoom], ...] = (
    ConsoleRoute("GET", "/console/", matter_pages.matters),
    ConsoleRoute("GET", "/console/waiting", waiting_pages.waiting),
    ConsoleRoute("GET", "/console/supervise", supervision_pages.supervise),
    ConsoleRoute("GET", "/console/matters/{number}", matter_pages.matter),
    ConsoleRoute("GET", "/console/matters/{number}/photos/{sha256}", matter_pages.photo),
    ConsoleRoute("POST", "/console/matters/{number}/contact", matter_pages.contact),
    ConsoleRoute("GET", "/console/matters/{number}/publish", publishing_pages.edit),
    ConsoleRoute(
        "POST",
        "/console/matters/{number}/publish",
        publishing_pages.preview,
        lists=COMMAND_LISTS,
    ),
    ConsoleRoute(
        "POST", "/console/matters/{number}/{command}", matter_pages.run, lists=COMMAND_LISTS
    ),
    PublicRoute("GET", "/console/drafts.js", draft_pages.script),
    ConsoleRoute(
        "POST",
        "/console/drafts/market",
        draft_pages.keep_of_market,
        most_bytes=MANY_MOST_BYTES,
        proof=draft_pages.is_of_person,
    ),
    ConsoleRoute(
        "POST",
        "/console/drafts/{place:path}",
        draft_pages.keep,
        lists=COMMAND_LISTS,
        proof=draft_pages.is_of_person,
    ),
    InterfaceRoute(
        "GET", "/api/v1/units", matter_interface.list_units, Operation("Handling units")
    ),
    InterfaceRoute(
        "GET",
        "/api/v1/matters",
        matter_interface.list_matters,
        Operation(
            "A page of matters, newest first",
            query=(*ADDRESSED, *SCOPE_NAMES, "counted"),
        ),
    ),
    InterfaceRoute(
        "GET", "/api/v1/matters/{number}", matter_interface.one_matter, Operation("One matter")
    ),
    InterfaceRoute(
        "GET",
        "/api/v1/matters/{number}/contact",
        matter_interface.matter_contact,
        Operation("Contact details; the look is on record"),
    ),
    InterfaceRoute(
        "POST",
        "/api/v1/matters/{number}/{command}",
        matter_interface.command_matter,
        _commands,
        lists=COMMAND_LISTS,
    ),
)
