"""Handovers in the console: many matters for many units at once, and a list to close off."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import BadFields, NotThisRole
from acts.text import clean_line
from eventlog.identifiers import uuid_text
from matters import handovers as batches
from matters import store
from matters.handovers import HandoverKind
from matters.intake.receipts import read_number
from matters.listing import lists
from matters.listing.filters import Filters
from matters.terms import Role, State
from server.desks.handover_interface import handover_for, may_read, run_handover
from server.node import Node
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.web.languages import language_of
from server.web.pages import console_page
from server.web.problems import page_errors

# A form of more would be hard to fill; the list is narrowed by a search instead.
_SHOWN = 50


@signed_in
async def handovers(request: Request) -> Response:
    """Answer `GET /console/handovers/`: every handover with how far its list is closed off."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    may_read(actor)

    def read() -> list[batches.Shown]:
        with node.log.reading() as connection:
            return batches.listed(connection)

    found = await asyncio.to_thread(read)
    return console_page(
        request, "handovers.html", title="handovers", found=found, kinds=list(HandoverKind)
    )


@signed_in
async def handover(request: Request) -> Response:
    """Answer `GET /console/handovers/{id}`: one handover, line by line."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    may_read(actor)
    shown = await asyncio.to_thread(handover_for, node, request.path_params["id"])
    filters = Filters(handover=shown.handover.id, cursor=request.query_params.get("cursor", ""))

    def read() -> lists.MattersPage:
        with node.log.reading() as connection:
            return lists.listed(connection, actor, filters, now_ms=node.now_ms())

    return console_page(
        request,
        "handover.html",
        title="handovers",
        shown=shown,
        page=await asyncio.to_thread(read),
        registers=node.registers.current(),
    )


@signed_in
async def new_page(request: Request) -> Response:
    """Answer `GET /console/handovers/new`: what waits to be dispatched, to be chosen from."""
    return await _form(request, typed={"kind": HandoverKind.MEETING}, errors=[])


@signed_in
async def new(request: Request) -> Response:
    """Answer `POST /console/handovers/new`: dispatched, or the form with what was refused."""
    node: Node = request.app.state.node
    fields = await form_of(request)
    typed = fields.values
    rows: list[dict[str, Any]] = [
        {
            "number": name.removeprefix("pick-"),
            "lead": typed.get(f"lead-{name.removeprefix('pick-')}"),
            "seen": typed.get(f"seen-{name.removeprefix('pick-')}"),
        }
        for name in typed
        if name.startswith("pick-")
    ]
    try:
        handed = await run_handover(node, actor_of(request), typed, rows)
    except BadFields as refusal:
        errors = page_errors(language_of(request), refusal)
        return await _form(request, typed=typed, errors=errors, status=422)
    if handed.refused:
        language = language_of(request)
        wrong = {
            one.number: page_errors(language, one.refusal)[0]["message"] for one in handed.refused
        }
        # What went through is gone from the list; what did not is shown again as it was chosen.
        kept = {name: value for name, value in typed.items() if not name.startswith("seen-")}
        return await _form(
            request, typed=kept, errors=[], wrong=wrong, done=handed.done, status=422
        )
    return redirect(request, f"console/handovers/{uuid_text(handed.id)}")


async def _form(
    request: Request,
    *,
    typed: dict[str, Any],
    errors: list[dict[str, str]],
    wrong: dict[str, str] | None = None,
    done: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    node: Node = request.app.state.node
    actor = actor_of(request)
    if actor.role is not Role.OFFICE:
        raise NotThisRole
    query = request.query_params
    filters = Filters(
        state=State.ADOPTED,
        category=query.get("category", ""),
        area=query.get("area", ""),
        q=clean_line(query.get("q", "")),
        cursor=query.get("cursor", ""),
    )
    chosen = [read_number(name.removeprefix("pick-")) for name in typed if name.startswith("pick-")]

    def read() -> tuple[list[lists.Row], str]:
        with node.log.reading() as connection:
            page = lists.listed(connection, actor, filters, now_ms=node.now_ms())
            rows = {row.matter.number: row for row in page.rows[:_SHOWN]}
            # What was chosen stays, also where another search hides it.
            for number in chosen:
                found = store.by_number(connection, number or "")
                if found is not None and number not in rows and number not in done:
                    rows[found.number] = lists.Row(found, store.title_of(connection, found))
            return list(rows.values()), page.next

    rows, following = await asyncio.to_thread(read)
    return console_page(
        request,
        "handover_new.html",
        title="handovers",
        status=status,
        rows=rows,
        following=following,
        typed=typed,
        errors=errors,
        wrong=wrong or {},
        done=done,
        filters=filters,
        kinds=list(HandoverKind),
        registers=node.registers.current(),
    )
