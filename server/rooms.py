"""The rooms of a node: what each is handed, and its routes. None of them knows the node."""

import secrets
from functools import partial
from typing import Any, NamedTuple

from starlette.routing import Route

from eventlog.sealing import Sealer
from server.desks import routes as desks
from server.desks.room import DesksRoom
from server.desks.unsent_forms import form_of
from server.documents import routes as documents
from server.entry import routes as entry
from server.entry.room import EntryRoom
from server.exchange import routes as exchange
from server.exchange.room import ExchangeRoom
from server.exchange.safety import Safety
from server.handovers import routes as handovers
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
from server.people.doors import Doors, StaffRoom
from server.people.room import PeopleRoom
from server.people.sign_in import Attempts
from server.registers import routes as registers
from server.registers.room import RegistersRoom
from server.search import routes as search
from server.search.room import SearchRoom
from server.sessions import routes as sessions
from server.site import routes as site
from server.site.preview import preview
from server.site.site_offer import SiteOffer
from server.villagers import routes as villagers
from server.villagers.intake import Intake
from server.villagers.room import VillagersRoom
from server.web.routes import RoomRoute, bound

# In the order in which an address is looked for; `Rooms` has the rooms in the same.
ROUTES: tuple[tuple[RoomRoute[Any], ...], ...] = (
    villagers.ROUTES,
    people.ROUTES,
    entry.ROUTES,
    desks.ROUTES,
    handovers.ROUTES,
    documents.ROUTES,
    sessions.ROUTES,
    exchange.ROUTES,
    search.ROUTES,
    ledger.ROUTES,
    registers.ROUTES,
    paper.ROUTES,
    letters.ROUTES,
    operations.ROUTES,
    site.ROUTES,
)


class Rooms(NamedTuple):
    """Every room of a node, handed what it needs."""

    villagers: VillagersRoom
    people: PeopleRoom
    entry: EntryRoom
    desks: DesksRoom
    handovers: StaffRoom
    documents: StaffRoom
    sessions: StaffRoom
    exchange: ExchangeRoom
    search: SearchRoom
    ledger: LedgerRoom
    registers: RegistersRoom
    paper: PaperRoom
    letters: LettersRoom
    operations: OperationsRoom
    site: SiteOffer

    def bound(self) -> list[Route]:
        """Return every room's routes as Starlette takes them."""
        return [
            route for table, room in zip(ROUTES, self, strict=True) for route in bound(table, room)
        ]


def rooms_of(node: Node) -> Rooms:
    """Return the rooms of a node."""
    settings, log, writes = node.settings, node.log, node.matter_writes
    doors = Doors(log, node.registers, node.keyring)
    staff = StaffRoom(doors, writes)
    safety = Safety(node.exchange, writes, node.photo_writes, node.attachments)
    intake = Intake(
        log,
        node.registers,
        writes,
        node.photo_writes,
        node.attachments,
        node.exchange,
        safety,
        settings.address,
    )

    # A station's keys are others once it has joined.
    def sealer() -> Sealer:
        return node.keys.sealer

    entry_room = EntryRoom(doors, writes, intake, sealer, node.unsealer)
    desks_room = DesksRoom(
        doors,
        writes,
        node.photo_writes,
        node.attachments,
        safety,
        sealer,
        node.unsealer,
        settings.address,
    )
    letters_room = LettersRoom(doors, writes, settings, node.postman)
    return Rooms(
        villagers=VillagersRoom(doors, writes, intake, safety, node.site),
        people=PeopleRoom(
            doors,
            writes,
            Attempts(),
            partial(form_of, entry_room, desks_room),
            sealer,
            session_hours=settings.session_hours,
            is_secure=settings.address.startswith("https:"),
            mails=bool(settings.smtp_host),
        ),
        entry=entry_room,
        desks=desks_room,
        handovers=staff,
        documents=staff,
        sessions=staff,
        exchange=ExchangeRoom(
            doors,
            writes,
            node.exchange,
            node.clock,
            node.site_copy,
            node.follower,
            node.site_offer,
            address=settings.address,
            is_off=settings.sync_every == "off",
            join_token=secrets.token_urlsafe(16),
        ),
        search=SearchRoom(log, node.directory, node.site.search, node.site.out, settings.address),
        ledger=LedgerRoom(doors, writes),
        registers=RegistersRoom(
            doors,
            writes,
            node.photo_writes,
            node.attachments,
            partial(preview, log, node.site, settings.address),
        ),
        paper=PaperRoom(doors, writes, settings.address, lambda: node.keys.receipt),
        letters=letters_room,
        operations=OperationsRoom(
            doors,
            writes,
            settings,
            node.site,
            letters_room,
            node.kit_path,
            node.clock,
            node.hub_clock,
            lambda: node.keys,
            node.durability,
            node.watch,
        ),
        site=node.site_offer,
    )
