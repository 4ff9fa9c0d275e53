"""Carrying a handover out and finding one, for the console and the interface alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from acts.refusals import NotThisRole
from matters import handovers
from matters.actors import Actor
from matters.handovers import Handed, Shown
from matters.intake.receipts import read_number
from matters.listing import lists
from matters.listing.filters import Filters
from matters.refusals import NotFound
from matters.terms import Role
from server.people.doors import StaffRoom
from server.web.values import read_seen, read_subject


def handovers_for(room: StaffRoom, actor: Actor) -> list[Shown]:
    """Return the newest handovers, with how far each is closed off. Raises NotThisRole."""
    _refuse_strangers(actor)
    with room.log.reading() as connection:
        return handovers.listed(connection)


def handover_for(room: StaffRoom, actor: Actor, identity: str) -> Shown:
    """Return a handover by its id. Raises NotFound, or NotThisRole where it concerns others."""
    _refuse_strangers(actor)
    with room.log.reading() as connection:
        handover = handovers.by_id(connection, read_subject(identity))
    if handover is None:
        raise NotFound
    return handover


def matters_of(
    room: StaffRoom, actor: Actor, handover: Shown, cursor: str = ""
) -> lists.MattersPage:
    """Return a page of a handover's matters."""
    filters = Filters(handover=handover.handover.id, cursor=cursor)
    with room.log.reading() as connection:
        return lists.listed(connection, actor, filters, now_ms=room.log.now_ms())


def run_handover(
    room: StaffRoom, actor: Actor, raw: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> Handed:
    """Dispatch the rows and wait for the replica. Raises NotThisRole or BadFields."""
    known = room.registers.current().known
    plain = [
        {
            **row,
            "number": read_number(str(row.get("number", ""))) or "",
            "seen": read_seen(row.get("seen")),
        }
        for row in rows
    ]
    return room.writes.commit(
        lambda transaction: handovers.hand_over(
            transaction,
            raw,
            plain,
            actor=actor,
            known=known,
            folder=room.log.folder,
        )
    ).result


def _refuse_strangers(actor: Actor) -> None:
    """Raise NotThisRole for those whom handovers do not concern."""
    if actor.role not in (Role.OFFICE, Role.DEPUTY, Role.ADMIN):
        raise NotThisRole
