"""The rooms of a node: what each is handed, and its routes. None of them knows the node."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic

from starlette.routing import Route

from server.desks import routes as desks
from server.desks.room import DesksRoom
from server.desks.unsent_forms import form_of
from server.documents import routes as documents
from server.documents.room import DocumentsRoom
from server.entry import routes as entry
from server.entry.room import EntryRoom
from server.exchange import routes as exchange
from server.exchange.room import ExchangeRoom
from server.exchange.safety import Safety
from server.handovers import routes as handovers
from server.handovers.room import HandoversRoom
from server.ledger import routes as ledger
from server.ledger.room import LedgerRoom
from server.letters import routes as letters
from server.letters.room import LettersRoom
from server.node import Node
from server.operations import routes as operations
from server.operations.room import OperationsRoom
from server.paper import routes as paper
from server.paper.room import PaperRoom
from server.people import routes as people
from server.people.doors import Doors
from server.people.room import PeopleRoom
from server.people.sign_in import Attempts
from server.registers import routes as registers
from server.registers.room import RegistersRoom
from server.search import routes as search
from server.search.room import SearchRoom
from server.sessions import routes as sessions
from server.sessions.room import SessionsRoom
from server.site import routes as site
from server.site.preview import preview
from server.villagers import routes as villagers
from server.villagers.intake import Intake
from server.villagers.room import VillagersRoom
from server.web.routes import Room, RoomRoute, bound


@dataclass(frozen=True)
class Handed(Generic[Room]):
    """A room's routes, and what makes the room of a node and its doors."""

    routes: tuple[RoomRoute[Room], ...]
    room_of: Callable[[Node, Doors], Room]

    def bound(self, node: Node, doors: Doors) -> list[Route]:
        """Return the routes with the room that they are handed."""
        return bound(self.routes, self.room_of(node, doors))


def people_room(node: Node, doors: Doors) -> PeopleRoom:
    """Return what the pages of accounts and of signing in need of a node."""
    return PeopleRoom(
        doors,
        node.log,
        node.registers,
        node.matter_writes,
        Attempts(),
        partial(form_of, entry_room(node, doors), desks_room(node, doors)),
        lambda: node.keys.sealer,
        session_hours=node.settings.session_hours,
        is_secure=node.settings.address.startswith("https:"),
        mails=bool(node.settings.smtp_host),
    )


def exchange_room(node: Node, doors: Doors) -> ExchangeRoom:
    """Return what the pages of the exchange need of a node."""
    return ExchangeRoom(
        doors,
        node.log,
        node.registers,
        node.matter_writes,
        node.exchange,
        node.clock,
        node.site_copy,
        node.follower,
        node.site_offer,
        address=node.settings.address,
        is_off=node.settings.sync_every == "off",
        join_token=secrets.token_urlsafe(16),
    )


def registers_room(node: Node, doors: Doors) -> RegistersRoom:
    """Return what the registers for staff and programs need of a node."""
    return RegistersRoom(
        doors,
        node.log,
        node.registers,
        node.matter_writes,
        node.photo_writes,
        node.attachments,
        partial(preview, node.log, node.site, node.settings.address),
    )


def letters_room(node: Node, doors: Doors) -> LettersRoom:
    """Return what the pages of letters to staff need of a node."""
    return LettersRoom(doors, node.log, node.settings, node.postman)


def operations_room(node: Node, doors: Doors) -> OperationsRoom:
    """Return what tells how a node is."""
    return OperationsRoom(
        doors,
        node.log,
        node.settings,
        node.site,
        letters_room(node, doors),
        node.kit_path,
        node.clock,
        lambda: node.keys,
        node.durability,
    )


def safety_of(node: Node) -> Safety:
    """Return what says how safe a matter is on a node."""
    return Safety(node.exchange, node.matter_writes, node.photo_writes, node.attachments)


def intake_of(node: Node) -> Intake:
    """Return what takes submissions in on a node."""
    return Intake(
        node.log,
        node.registers,
        node.matter_writes,
        node.photo_writes,
        node.attachments,
        node.exchange,
        safety_of(node),
        node.settings.address,
    )


def villagers_room(node: Node, doors: Doors) -> VillagersRoom:
    """Return what the addresses for villagers need of a node."""
    return VillagersRoom(
        doors,
        node.log,
        node.registers,
        node.matter_writes,
        intake_of(node),
        safety_of(node),
        node.site,
    )


def entry_room(node: Node, doors: Doors) -> EntryRoom:
    """Return what the pages need of a node on which staff enter matters."""
    return EntryRoom(
        doors,
        node.log,
        node.registers,
        intake_of(node),
        lambda: node.keys.sealer,
        node.unsealer,
    )


def desks_room(node: Node, doors: Doors) -> DesksRoom:
    """Return what the desks of staff need of a node."""
    return DesksRoom(
        doors,
        node.log,
        node.registers,
        node.matter_writes,
        node.photo_writes,
        node.attachments,
        safety_of(node),
        lambda: node.keys.sealer,
        node.unsealer,
        node.settings.address,
    )


ROOMS: tuple[Handed[Any], ...] = (
    Handed(villagers.ROUTES, villagers_room),
    Handed(people.ROUTES, people_room),
    Handed(entry.ROUTES, entry_room),
    Handed(desks.ROUTES, desks_room),
    Handed(
        handovers.ROUTES,
        lambda node, doors: HandoversRoom(doors, node.log, node.registers, node.matter_writes),
    ),
    Handed(
        documents.ROUTES,
        lambda node, doors: DocumentsRoom(doors, node.log, node.registers, node.matter_writes),
    ),
    Handed(
        sessions.ROUTES,
        lambda node, doors: SessionsRoom(doors, node.log, node.registers, node.matter_writes),
    ),
    Handed(exchange.ROUTES, exchange_room),
    Handed(
        search.ROUTES,
        lambda node, doors: SearchRoom(
            node.log, node.directory, node.site.search, node.site.out, node.settings.address
        ),
    ),
    Handed(ledger.ROUTES, lambda node, doors: LedgerRoom(doors, node.log, node.registers)),
    Handed(registers.ROUTES, registers_room),
    Handed(
        paper.ROUTES,
        lambda node, doors: PaperRoom(
            doors, node.log, node.registers, node.settings.address, lambda: node.keys.receipt
        ),
    ),
    Handed(letters.ROUTES, letters_room),
    Handed(operations.ROUTES, operations_room),
    Handed(site.ROUTES, lambda node, doors: node.site_offer),
)
