"""Matters in the console: the list, one matter with what can be done now, and entering new ones."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import BadFields, NotThisRole, Refusal
from eventlog.identifiers import new_uuid7, uuid_text
from matters import store
from matters.actors import Actor, may_see
from matters.answers import answer_in
from matters.command import Command
from matters.commands import COMMAND_OF_TYPE, COMMANDS
from matters.erasing.pictures import named_by
from matters.execution import read_contact
from matters.intake.receipts import read_number
from matters.lifecycle import may_publish, possible
from matters.listing import counts, lists
from matters.listing.counts import Count
from matters.matter import Matter, Step
from matters.public.public import is_public
from matters.refusals import NotFound
from matters.sessions import acts as session_acts
from matters.sessions import store as sessions_store
from matters.terms import Channel, MatterEvent, Role, State
from server.desks.command_runs import command_named, run_command
from server.desks.interface import read_filters
from server.desks.matter_record import matter_for
from server.desks.next_steps import in_order
from server.desks.related import related, typed_lines
from server.desks.step_fields import fields_of, said_by
from server.ledger.ledger_queries import NUMBERS
from server.node import Node
from server.people import accounts, drafts
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.villagers.intake import take
from server.villagers.step_notes import clock_note
from server.web.languages import language_of
from server.web.pages import console_page
from server.web.problems import field_messages, page_errors

# Publishing has a page of its own, with the original beside it.
_OWN_PAGE = ("publish",)
# For so long after a step, whoever took it is told that it is done.
_JUST_DONE_MS = 60_000
# How a matter may have reached those who enter it for the person.
ENTERED_BY = tuple(one for one in Channel if one not in ("web", "qr", "import"))


@signed_in
async def matters(request: Request) -> Response:
    """Answer `GET /console/`: the matters that are this person's to see, newest first."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    filters = read_filters(request)

    def read() -> tuple[lists.MattersPage, dict[str, Count]]:
        with node.log.reading() as connection:
            page = lists.listed(
                connection,
                actor,
                filters,
                now_ms=node.now_ms(),
                rules=node.registers.current().rules,
            )
            return page, counts.by_state(
                connection,
                actor,
                filters,
                now_ms=node.now_ms(),
                rules=node.registers.current().rules,
            )

    page, found = await asyncio.to_thread(read)
    kept = {
        name: value
        for name, value in request.query_params.items()
        if name not in ("state", "cursor", "lang") and value
    }
    return console_page(
        request,
        "matters.html",
        title="matters",
        page=page,
        counts=found,
        total=counts.total(found.values()),
        filters=filters,
        kept=kept,
        query=lambda **more: "?" + urlencode({**kept, **{k: v for k, v in more.items() if v}}),
        registers=node.registers.current(),
        states=list(State),
        ledger_number=NUMBERS.get(filters.counted or "received", ""),
        actor=actor,
    )


@signed_in
async def matter(request: Request) -> Response:
    """Answer `GET /console/matters/{number}`."""
    node: Node = request.app.state.node
    found = matter_for(node.log, actor_of(request), request.path_params["number"])
    return await matter_page(request, found)


async def matter_page(
    request: Request,
    found: Matter,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    command: Command | None = None,
    typed: dict[str, Any] | None = None,
    contact: Any = None,
    unsent: bool = False,
) -> Response:
    """Return a matter's page; after a refusal with every word that was typed.

    `unsent`: what was typed came without its session and was not carried out.
    """
    node: Node = request.app.state.node
    actor = actor_of(request)
    registers = node.registers.current()

    account = request.state.session.account.id
    place, locked = drafts.matter_place(found.number, ""), node.is_locked

    def read() -> dict[str, Any]:
        with node.log.reading() as connection:
            texts = store.texts_of(connection, found)
            return {
                "related": related(connection, found, texts, actor, node.now_ms()),
                "notes": sessions_store.about(connection, found.id, actor=actor),
                "drafts": {}
                if locked
                else drafts.of_account(connection, account, place, node.unsealer(), node.now_ms()),
                "locked_drafts": drafts.kept(connection, account, place) if locked else [],
                "texts": texts,
                "answer": answer_in(found, texts),
                "comment": _comment(found, texts),
                "heading": store.title_of(connection, found),
                "repeats": store.likely_repeats(connection, found),
                "position": store.position_of(connection, found.id),
                "public": is_public(connection, found),
                "names": accounts.names_of(connection),
                "quarantined": store.number_of(connection, found.quarantine),
            }

    values = await asyncio.to_thread(read)
    now_ms = node.now_ms()
    may_do = [
        one for one in COMMANDS.values() if possible(found, one, actor, registers.known, now_ms)
    ]
    offered = [one for one in may_do if one.name not in _OWN_PAGE]
    # A form that went stale, or whose draft waits, is shown again, so that no word of it is lost.
    waiting = [command.name] if command is not None else []
    waiting += [name for name in values["drafts"] if name in COMMANDS]
    again = [COMMANDS[name] for name in waiting]
    impossible = [one for one in again if one not in offered and one.name not in _OWN_PAGE]
    first, others = in_order(found, offered)
    first[:0] = dict.fromkeys(impossible)
    template = registers.templates.get(request.query_params.get("template", ""))
    return console_page(
        request,
        "matter.html",
        title=found.number,
        status=status,
        matter=found,
        offered=[*first, *others],
        next_steps=len(first),
        just_done=None if refusal or contact else _just_done(found, actor, now_ms),
        reply_template=template,
        templates=[one for one in registers.templates.values() if one.unit in ("", actor.unit)],
        typed_lines=typed_lines,
        fields_of=fields_of,
        said_by=said_by,
        S=session_acts,
        identify=uuid_text,
        can_publish=COMMANDS["publish"] in may_do,
        consent=may_publish(found),
        may_read_contact=found.has_contact
        and (
            actor.role in (Role.OFFICE, Role.LIAISON)
            or (actor.role is Role.UNIT and found.share_phone)
        ),
        contact=contact,
        errors=page_errors(language_of(request), refusal),
        failed=command.name if command is not None else "",
        impossible=[one.name for one in impossible],
        unsent=unsent,
        command_of_type=COMMAND_OF_TYPE,
        clock_note=clock_note,
        typed=typed or {},
        registers=registers,
        safety=node.matter_safety(found.id, values["position"]),
        actor=actor,
        **values,
    )


def _just_done(matter: Matter, actor: Actor, now_ms: int) -> Step | None:
    """Return the matter's last step where the actor has just taken it."""
    last = matter.steps[-1]
    mine = last.by == actor.signature and now_ms - last.at < _JUST_DONE_MS
    return last if mine and last.stands else None


def _comment(matter: Matter, texts: Mapping[tuple[bytes, str], str]) -> str:
    """Return what the person said with their last rating, or ""."""
    rated = [step for step in matter.steps if step.type == MatterEvent.RATED and step.stands]
    return texts.get((rated[-1].event, "comment"), "") if rated else ""


@signed_in
async def run(request: Request) -> Response:
    """Answer `POST /console/matters/{number}/{command}`: done, or the page with what is wrong."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    fields = await form_of(request)
    number = request.path_params["number"]
    command = command_named(request.path_params["command"])
    try:
        done = await run_command(node, actor, number, command, fields.values)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return await matter_page(
            request,
            matter_for(node.log, actor, number),
            status=refusal.status,
            refusal=refusal,
            command=command,
            typed=fields.values,
        )
    if not may_see(actor, done):
        # A unit that returned a matter sees it no more.
        return redirect(request, f"console/waiting?returned={done.number}")
    return redirect(request, f"console/matters/{done.number}")


@signed_in
async def contact(request: Request) -> Response:
    """Answer `POST /console/matters/{number}/contact`: the contact details, on record."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    await form_of(request)
    number = read_number(request.path_params["number"]) or ""
    unsealer = node.unsealer()
    committed = await node.log.write_async(
        lambda transaction: read_contact(transaction, number, actor=actor, unsealer=unsealer)
    )
    return await matter_page(request, matter_for(node.log, actor, number), contact=committed.result)


@signed_in
async def photo(request: Request) -> Response:
    """Answer `GET /console/matters/{number}/photos/{sha256}`: a photo, for those who may see it."""
    node: Node = request.app.state.node
    found = matter_for(node.log, actor_of(request), request.path_params["number"])
    sha256 = request.path_params["sha256"]
    if sha256 not in named_by(found):
        raise NotFound
    kept = await asyncio.to_thread(node.attachments.read, sha256, node.unsealer)
    if kept is None:
        raise NotFound
    return Response(
        kept[1],
        media_type=kept[0],
        headers={
            "Cache-Control": "private, max-age=3600",
            "Content-Disposition": "inline",
            "Content-Security-Policy": "sandbox",
        },
    )


def draft_of(request: Request, place: str) -> drafts.KeptForm | None:
    """Return the signed-in person's draft of a form, or None where none can be read."""
    node: Node = request.app.state.node
    account = request.state.session.account.id
    if node.is_locked:
        return None
    with node.log.reading() as connection:
        found = drafts.of_account(connection, account, place, node.unsealer(), node.now_ms())
    return found.get("")


def may_enter(request: Request) -> None:
    """Raise NotThisRole where the person enters no matters for others."""
    if actor_of(request).role not in (Role.LIAISON, Role.DEPUTY, Role.OFFICE):
        raise NotThisRole


@signed_in
async def entry_page(request: Request) -> Response:
    """Answer `GET /console/enter`: the form for a visit, a call, a letter or a market stall."""
    may_enter(request)
    channel = request.query_params.get("channel", "")
    draft = draft_of(request, "enter")
    typed = draft.fields if draft else {"channel": channel} if channel else {}
    return entry(request, typed=typed, draft=draft)


def entry(
    request: Request,
    *,
    typed: dict[str, Any],
    errors: Sequence[dict[str, str]] = (),
    status: int = 200,
    draft: drafts.KeptForm | None = None,
    unsent: bool = False,
) -> Response:
    """Return the form with what was typed. Raises NotThisRole."""
    may_enter(request)
    node: Node = request.app.state.node
    account = request.state.session.account
    return console_page(
        request,
        "enter.html",
        title="enter",
        status=status,
        typed=typed,
        errors=errors,
        registers=node.registers.current(),
        station=account.station,
        deputy=account.deputy,
        new_id=uuid_text(new_uuid7()),
        channels=ENTERED_BY,
        draft=draft,
        unsent=unsent,
        taken=read_number(request.query_params.get("taken", "")),
        slip=read_number(request.query_params.get("slip", "")),
    )


@signed_in
async def enter(request: Request) -> Response:
    """Answer `POST /console/enter`: the matter is raised for the person; the form comes anew."""
    may_enter(request)
    node: Node = request.app.state.node
    account = request.state.session.account.id
    fields = await form_of(request)
    try:
        receipt = await take(node, fields, actor_of(request))
    except BadFields as refusal:
        errors = field_messages(language_of(request), refusal.problems)
        return entry(request, typed=fields.values, errors=errors, status=422)
    if not node.is_locked:
        await node.log.write_async(lambda transaction: drafts.remove(transaction, account, "enter"))
    if fields.text("then") == "slip" and not fields.text("slip"):
        return redirect(request, f"m/{receipt.raised.number}/slip?key={receipt.key}")
    channel = fields.text("channel") or "visit"
    slip = read_number(fields.text("slip"))
    return redirect(
        request,
        f"console/enter?taken={receipt.raised.number}&channel={channel}"
        + (f"&slip={slip}" if slip else ""),
    )
