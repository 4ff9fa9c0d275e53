"""`POST /matters`, and the form that leads there."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from acts.refusals import BadFields, FieldProblem
from eventlog.identifiers import new_uuid7, uuid_text
from matters.actors import VILLAGER, Actor
from server.villagers.room import VillagersRoom
from server.web.bodies import read_fields
from server.web.languages import language_of, other_than, translated, wants_json
from server.web.pages import path_to_root, with_language
from server.web.problems import json_problem
from server.web.routes import PUBLIC, in_thread


async def submit_matter(room: VillagersRoom, request: Request) -> Response:
    """Answer `POST /matters`: 303 to the matter's page, or 201/200 with a receipt in JSON.

    Only a sender with a token costs a thread: a thousand villagers wait for the writer here.
    """
    room.intake.refuse_when_busy()
    fields = await read_fields(request)
    actor: Actor | None = None
    if "authorization" in request.headers:
        actor = await in_thread(room.doors.staff_of, request)
    try:
        receipt = await room.intake.take(fields, actor or VILLAGER)
    except BadFields as refusal:
        problems = refusal.problems
        if wants_json(request):
            return json_problem(language_of(request), refusal)
        return await in_thread(
            lambda: form_page(room, request, fields.values, problems, status=422), threads=PUBLIC
        )
    if wants_json(request):
        return JSONResponse(
            receipt.as_json(),
            200 if receipt.raised.repeat else 201,
            headers={"Cache-Control": "no-store"},
        )
    prefix = str(request.scope.get("root_path", "")).rstrip("/")
    return RedirectResponse(
        f"{prefix}/m/{receipt.raised.number}?key={receipt.key}",
        303,
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )


def submission_form(room: VillagersRoom, request: Request) -> Response:
    """Answer `GET /submit/`: the site's form with a fresh id and where the person came from."""
    registers = room.registers.current()
    values = {
        field: request.query_params[field]
        for field, known in (
            ("station", registers.stations),
            ("deputy", registers.deputies),
            ("area", registers.areas),
        )
        if request.query_params.get(field) in known
    }
    if request.query_params.get("channel") == "qr":
        values["channel"] = "qr"
    return form_page(room, request, values, (), status=200)


def form_page(
    room: VillagersRoom,
    request: Request,
    values: Mapping[str, Any],
    problems: tuple[FieldProblem, ...],
    *,
    status: int,
) -> Response:
    """Return the form with every word that was typed, and what is to be mended at the top."""
    typed = {name: value for name, value in values.items() if isinstance(value, str)}
    typed["id"] = typed.get("id") or uuid_text(new_uuid7())
    if any(problem.field == "id" for problem in problems):
        typed["id"] = uuid_text(new_uuid7())
    language = language_of(request)
    other = other_than(language)
    errors = [
        {
            "field": problem.field,
            "message": translated(language, problem.message, **problem.values),
            "also": translated(other, problem.message, **problem.values),
        }
        for problem in problems
    ]
    html = room.site.asked.form(typed, errors, path_to_root(request), language)
    return with_language(request, HTMLResponse(html, status, headers={"Cache-Control": "no-store"}))
