"""Handovers in the console: many matters for many units at once, and a list to close off."""

from typing import Any

from starlette.responses import Response

from acts.refusals import BadFields, NotThisRole
from acts.text import clean_line
from eventlog.identifiers import uuid_text
from matters import store
from matters.handovers import HandoverKind
from matters.intake.receipts import read_number
from matters.listing import lists
from matters.listing.filters import Filters
from matters.terms import Role, State
from server.handovers.handover_runs import handover_for, handovers_for, matters_of, run_handover
from server.people.doors import StaffRoom, Visit
from server.web.problems import page_errors

# A form of more would be hard to fill; the list is narrowed by a search instead.
_SHOWN = 50


def handovers(room: StaffRoom, visit: Visit) -> Response:
    """Answer `GET /console/handovers/`: every handover with how far its list is closed off."""
    return visit.page(
        "handovers.html",
        title="handovers",
        handovers=handovers_for(room, visit.actor),
        kinds=list(HandoverKind),
    )


def handover(room: StaffRoom, visit: Visit) -> Response:
    """Answer `GET /console/handovers/{id}`: one handover, line by line."""
    shown = handover_for(room, visit.actor, visit.path["id"])
    return visit.page(
        "handover.html",
        title="handovers",
        shown=shown,
        page=matters_of(room, visit.actor, shown, visit.query.get("cursor", "")),
        registers=room.registers.current(),
    )


def new_handover(room: StaffRoom, visit: Visit) -> Response:
    """Answer `GET /console/handovers/new`: what waits to be dispatched, to be chosen from."""
    return _form(room, visit, typed={"kind": HandoverKind.MEETING}, errors=[])


def create(room: StaffRoom, visit: Visit) -> Response:
    """Answer `POST /console/handovers/new`: dispatched, or the form with what was refused."""
    typed = visit.fields.values
    rows: list[dict[str, Any]] = [
        {"number": number, "lead": typed.get(f"lead-{number}"), "seen": typed.get(f"seen-{number}")}
        for number in _chosen(typed)
    ]
    try:
        handed = run_handover(room, visit.actor, typed, rows)
    except BadFields as refusal:
        errors = page_errors(visit.language, refusal)
        return _form(room, visit, typed=typed, errors=errors, status=422)
    if handed.refused:
        wrong = {
            row.number: page_errors(visit.language, row.refusal)[0]["message"]
            for row in handed.refused
        }
        # What went through is gone from the list; what did not is shown again as it was chosen.
        left = {name: value for name, value in typed.items() if not name.startswith("seen-")}
        return _form(room, visit, typed=left, errors=[], wrong=wrong, done=handed.done, status=422)
    return visit.redirect(f"console/handovers/{uuid_text(handed.id)}")


def _chosen(typed: dict[str, Any]) -> list[str]:
    """Return the numbers of the rows that are ticked, as the form has them."""
    return [name.removeprefix("pick-") for name in typed if name.startswith("pick-")]


def _form(
    room: StaffRoom,
    visit: Visit,
    *,
    typed: dict[str, Any],
    errors: list[dict[str, str]],
    wrong: dict[str, str] | None = None,
    done: tuple[str, ...] = (),
    status: int = 200,
) -> Response:
    if visit.actor.role is not Role.OFFICE:
        raise NotThisRole
    query = visit.query
    filters = Filters(
        state=State.ADOPTED,
        category=query.get("category", ""),
        area=query.get("area", ""),
        q=clean_line(query.get("q", "")),
        cursor=query.get("cursor", ""),
    )
    with room.log.reading() as connection:
        page = lists.listed(connection, visit.actor, filters, now_ms=room.log.now_ms())
        rows = {row.matter.number: row for row in page.rows[:_SHOWN]}
        # What was chosen stays, also where another search hides it.
        for number in _chosen(typed):
            matter = store.by_number(connection, read_number(number) or "")
            if matter is not None and matter.number not in (*rows, *done):
                rows[matter.number] = lists.Row(matter, store.title_of(connection, matter))
    return visit.page(
        "handover_new.html",
        title="handovers",
        status=status,
        rows=list(rows.values()),
        following=page.next,
        typed=typed,
        errors=errors,
        wrong=wrong or {},
        done=done,
        filters=filters,
        kinds=list(HandoverKind),
        registers=room.registers.current(),
    )
