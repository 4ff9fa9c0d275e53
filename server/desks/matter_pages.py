"""Matters in the console: the list, and one matter with what can be done now."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from acts.refusals import NotThisRole, Refusal
from eventlog.identifiers import uuid_text
from matters import store
from matters.actors import Actor, may_see
from matters.answers import answer_in
from matters.command import Command
from matters.commands import COMMAND_OF_TYPE, COMMANDS
from matters.erasing.pictures import named_by
from matters.execution import Contact
from matters.lifecycle import may_publish, possible
from matters.listing import counts, lists
from matters.matter import Matter, Step
from matters.public.public import is_public
from matters.refusals import NotFound
from matters.sessions import acts as session_acts
from matters.sessions import store as sessions_store
from matters.terms import MatterEvent, Role, State
from server.desks.command_runs import command_named, contact_for, run_command
from server.desks.matter_filters import read_filters
from server.desks.matter_record import matter_for
from server.desks.next_steps import in_order
from server.desks.related import related, typed_lines
from server.desks.room import DesksRoom
from server.desks.step_fields import fields_of, submission_of
from server.ledger.ledger_queries import NUMBERS
from server.people import accounts, drafts
from server.people.doors import Visit
from server.villagers.step_notes import clock_note
from server.web.problems import page_errors

# Publishing has a page of its own, with the original beside it.
_OWN_PAGE = ("publish",)
# For so long after a step, whoever took it is told that it is done.
_JUST_DONE_MS = 60_000


def matters(room: DesksRoom, visit: Visit) -> Response:
    """Answer `GET /console/`: the matters that are this person's to see, newest first."""
    actor, now_ms, registers = visit.actor, room.log.now_ms(), room.registers.current()
    filters = read_filters(visit.query, registers)
    with room.log.reading() as connection:
        page = lists.listed(connection, actor, filters, now_ms=now_ms, rules=registers.rules)
        by_state = counts.by_state(connection, actor, filters, now_ms=now_ms, rules=registers.rules)
    narrowed = {
        name: value
        for name, value in visit.query.items()
        if name not in ("state", "cursor", "lang") and value
    }
    return visit.page(
        "matters.html",
        title="matters",
        page=page,
        counts=by_state,
        total=counts.total(by_state.values()),
        filters=filters,
        kept=narrowed,
        query=lambda **more: "?" + urlencode({**narrowed, **{k: v for k, v in more.items() if v}}),
        registers=registers,
        states=list(State),
        ledger_number=NUMBERS.get(filters.counted or "received", ""),
        actor=actor,
    )


def matter(room: DesksRoom, visit: Visit) -> Response:
    """Answer `GET /console/matters/{number}`."""
    return matter_page(room, visit, matter_for(room.log, visit.actor, visit.path["number"]))


def matter_page(
    room: DesksRoom,
    visit: Visit,
    matter: Matter,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    command: Command | None = None,
    typed: dict[str, Any] | None = None,
    contact: Contact | None = None,
    unsent: bool = False,
) -> Response:
    """Return a matter's page; after a refusal with every word that was typed.

    `unsent`: what was typed came without its session and was not carried out.
    """
    actor, registers = visit.actor, room.registers.current()
    now_ms = room.log.now_ms()
    values = _read(room, visit, matter, now_ms)
    may_do = [
        each for each in COMMANDS.values() if possible(matter, each, actor, registers.known, now_ms)
    ]
    offered = [each for each in may_do if each.name not in _OWN_PAGE]
    # A form that went stale, or whose draft waits, is shown again, so that no word of it is lost.
    waiting = [command.name] if command is not None else []
    waiting += [name for name in values["drafts"] if name in COMMANDS]
    again = [COMMANDS[name] for name in waiting]
    impossible = [each for each in again if each not in offered and each.name not in _OWN_PAGE]
    first, others = in_order(matter, offered)
    first[:0] = dict.fromkeys(impossible)
    template = registers.templates.get(visit.query.get("template", ""))
    return visit.page(
        "matter.html",
        title=matter.number,
        status=status,
        matter=matter,
        offered=[*first, *others],
        next_steps=len(first),
        just_done=None if refusal or contact else _just_done(matter, actor, now_ms),
        reply_template=template,
        templates=[each for each in registers.templates.values() if each.unit in ("", actor.unit)],
        typed_lines=typed_lines,
        fields_of=fields_of,
        submission_of=submission_of,
        S=session_acts,
        identify=uuid_text,
        can_publish=COMMANDS["publish"] in may_do,
        consent=may_publish(matter),
        may_read_contact=matter.has_contact
        and (
            actor.role in (Role.OFFICE, Role.LIAISON)
            or (actor.role is Role.UNIT and matter.share_phone)
        ),
        contact=contact,
        errors=page_errors(visit.language, refusal),
        failed=command.name if command is not None else "",
        impossible=[each.name for each in impossible],
        unsent=unsent,
        command_of_type=COMMAND_OF_TYPE,
        clock_note=clock_note,
        typed=typed or {},
        registers=registers,
        safety=room.safety.of_matter(matter.id, values["position"]),
        actor=actor,
        **values,
    )


def _read(room: DesksRoom, visit: Visit, matter: Matter, now_ms: int) -> dict[str, Any]:
    """Return what a matter's page shows from the log beside the matter itself."""
    account, locked = visit.account.id, room.doors.is_locked
    place = drafts.matter_place(matter.number, "")
    with room.log.reading() as connection:
        texts = store.texts_of(connection, matter)
        return {
            "related": related(connection, matter, texts, visit.actor, now_ms),
            "notes": sessions_store.about(connection, matter.id, actor=visit.actor),
            "drafts": {}
            if locked
            else drafts.of_account(connection, account, place, room.unsealer(), now_ms),
            "locked_drafts": drafts.kept(connection, account, place) if locked else [],
            "texts": texts,
            "answer": answer_in(matter, texts),
            "comment": _comment(matter, texts),
            "heading": store.title_of(connection, matter),
            "repeats": store.likely_repeats(connection, matter),
            "position": store.position_of(connection, matter.id),
            "public": is_public(connection, matter.id),
            "names": accounts.names_of(connection),
            "quarantined": store.number_of(connection, matter.quarantine),
        }


def _just_done(matter: Matter, actor: Actor, now_ms: int) -> Step | None:
    """Return the matter's last step where the actor has just taken it."""
    last = matter.steps[-1]
    mine = last.by == actor.signature and now_ms - last.at < _JUST_DONE_MS
    return last if mine and last.stands else None


def _comment(matter: Matter, texts: Mapping[tuple[bytes, str], str]) -> str:
    """Return what the person said with their last rating, or ""."""
    rated = [step for step in matter.steps if step.type == MatterEvent.RATED and step.stands]
    return texts.get((rated[-1].event, "comment"), "") if rated else ""


def run(room: DesksRoom, visit: Visit) -> Response:
    """Answer `POST /console/matters/{number}/{command}`: done, or the page with what is wrong."""
    actor, number, typed = visit.actor, visit.path["number"], visit.fields.values
    command = command_named(visit.path["command"])
    try:
        matter = run_command(room, actor, number, command, typed)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return matter_page(
            room,
            visit,
            matter_for(room.log, actor, number),
            status=refusal.status,
            refusal=refusal,
            command=command,
            typed=typed,
        )
    if not may_see(actor, matter):
        # A unit that returned a matter sees it no more.
        return visit.redirect(f"console/waiting?returned={matter.number}")
    return visit.redirect(f"console/matters/{matter.number}")


def contact(room: DesksRoom, visit: Visit) -> Response:
    """Answer `POST /console/matters/{number}/contact`: the contact details, on record."""
    number = visit.path["number"]
    contact = contact_for(room, visit.actor, number)
    return matter_page(room, visit, matter_for(room.log, visit.actor, number), contact=contact)


def photo(room: DesksRoom, visit: Visit) -> Response:
    """Answer `GET /console/matters/{number}/photos/{sha256}`: a photo, for those who may see it."""
    matter = matter_for(room.log, visit.actor, visit.path["number"])
    sha256 = visit.path["sha256"]
    photo = room.attachments.read(sha256, room.unsealer) if sha256 in named_by(matter) else None
    if photo is None:
        raise NotFound
    media_type, body = photo
    return Response(
        body,
        media_type=media_type,
        headers={
            "Cache-Control": "private, max-age=3600",
            "Content-Disposition": "inline",
            "Content-Security-Policy": "sandbox",
        },
    )
