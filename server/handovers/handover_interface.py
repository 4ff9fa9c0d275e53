"""Handovers for programs: many matters dispatched in one act, and the list to close off."""

from typing import Any

from starlette.responses import JSONResponse, Response

from acts.refusals import N_, BadFields
from acts.shanghai import iso
from eventlog.identifiers import uuid_text
from matters.handovers import Shown
from server.desks.matter_record import matter_json
from server.handovers.handover_runs import handover_for, handovers_for, matters_of, run_handover
from server.people.doors import StaffRoom
from server.people.interface import HEADERS, Call
from server.web.languages import language_of
from server.web.locked_texts import as_json
from server.web.problems import page_errors


def _json(shown: Shown) -> dict[str, Any]:
    return as_json(
        {
            "id": uuid_text(shown.handover.id),
            "kind": shown.handover.kind,
            "held_on": shown.handover.held_on,
            "made_at": iso(shown.handover.made_at),
            "title": shown.title,
            "demand": shown.demand,
            "matters": shown.matters,
            "answered": shown.answered,
            "closed": shown.closed,
        }
    )


def list_handovers(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/handovers`: the newest, with how many of each are answered, closed."""
    return {"handovers": [_json(shown) for shown in handovers_for(room, call.actor)]}


def one_handover(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/handovers/{id}`: the handover with its matters."""
    shown = handover_for(room, call.actor, call.path["id"])
    page = matters_of(room, call.actor, shown)
    return {**_json(shown), "list": [matter_json(row.matter, row.title) for row in page.rows]}


def make_handover(room: StaffRoom, call: Call) -> Response:
    """Answer `POST /api/v1/handovers`: 201 what was dispatched, and each row that was refused."""
    rows = call.values.get("matters") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadFields.of("matters", "not-a-list", N_("这一项要用列表填写。"))
    handed = run_handover(room, call.actor, call.values, rows)
    language = language_of(call.request)
    return JSONResponse(
        {
            "id": uuid_text(handed.id) if handed.id else None,
            "dispatched": list(handed.done),
            "refused": [
                {"number": row.number, "errors": page_errors(language, row.refusal)}
                for row in handed.refused
            ],
        },
        status_code=201 if handed.id else 422,
        headers=HEADERS,
    )
