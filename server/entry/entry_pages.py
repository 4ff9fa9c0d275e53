"""Entering one matter for the person who brings it, in the console."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from acts.refusals import BadFields, NotThisRole
from eventlog.identifiers import new_uuid7, uuid_text
from matters.actors import Actor
from matters.intake.receipts import read_number
from matters.terms import Channel, Role
from server.entry.room import EntryRoom
from server.people import drafts
from server.people.doors import Visit
from server.villagers.intake import Receipt
from server.web.problems import field_messages
from server.web.routes import in_thread

# How a matter may have reached those who enter it for the person.
ENTERED_BY = tuple(channel for channel in Channel if channel not in ("web", "qr", "import"))


def may_enter(actor: Actor) -> None:
    """Raise NotThisRole where the person enters no matters for others."""
    if actor.role not in (Role.LIAISON, Role.DEPUTY, Role.OFFICE):
        raise NotThisRole


def draft_of(room: EntryRoom, visit: Visit, place: str) -> drafts.KeptForm | None:
    """Return the signed-in person's draft of a form, or None where none can be read."""
    if room.doors.is_locked:
        return None
    with room.log.reading() as connection:
        own = drafts.of_account(
            connection, visit.account.id, place, room.unsealer(), room.log.now_ms()
        )
    return own.get("")


def entry_page(room: EntryRoom, visit: Visit) -> Response:
    """Answer `GET /console/enter`: the form for a visit, a call, a letter or a market stall."""
    may_enter(visit.actor)
    channel = visit.query.get("channel", "")
    draft = draft_of(room, visit, "enter")
    typed = draft.fields if draft else {"channel": channel} if channel else {}
    return entry_form(room, visit, typed=typed, draft=draft)


def entry_form(
    room: EntryRoom,
    visit: Visit,
    *,
    typed: dict[str, Any],
    errors: Sequence[dict[str, str]] = (),
    status: int = 200,
    draft: drafts.KeptForm | None = None,
    unsent: bool = False,
) -> Response:
    """Return the form with what was typed. Raises NotThisRole."""
    may_enter(visit.actor)
    return visit.page(
        "enter.html",
        title="enter",
        status=status,
        typed=typed,
        errors=errors,
        registers=room.registers.current(),
        station=visit.account.station,
        deputy=visit.account.deputy,
        new_id=uuid_text(new_uuid7()),
        channels=ENTERED_BY,
        draft=draft,
        unsent=unsent,
        taken=read_number(visit.query.get("taken", "")),
        slip=read_number(visit.query.get("slip", "")),
    )


async def enter(room: EntryRoom, visit: Visit) -> Response:
    """Answer `POST /console/enter`: the matter is raised for the person; the form comes anew."""
    may_enter(visit.actor)
    try:
        receipt = await room.intake.take(visit.fields, visit.actor)
    except BadFields as refusal:
        errors = field_messages(visit.language, refusal.problems)
        typed = visit.fields.values
        return await in_thread(
            lambda: entry_form(room, visit, typed=typed, errors=errors, status=422)
        )
    return await in_thread(_entered, room, visit, receipt)


def _entered(room: EntryRoom, visit: Visit, receipt: Receipt) -> Response:
    """Remove the draft, and go on to the slip or to the next matter."""
    fields, account = visit.fields, visit.account.id
    if not room.doors.is_locked:
        room.log.write(lambda transaction: drafts.remove(transaction, account, "enter"))
    if fields.text("then") == "slip" and not fields.text("slip"):
        return visit.redirect(f"m/{receipt.raised.number}/slip?key={receipt.key}")
    channel = fields.text("channel") or "visit"
    slip = read_number(fields.text("slip"))
    return visit.redirect(
        f"console/enter?taken={receipt.raised.number}&channel={channel}"
        + (f"&slip={slip}" if slip else "")
    )
