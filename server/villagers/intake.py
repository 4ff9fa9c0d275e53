"""Intake: `POST /matters`, and the form that leads there."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from acts.refusals import N_, BadFields, FieldProblem
from eventlog.identifiers import new_uuid7, uuid_text
from matters.actors import VILLAGER, Actor
from matters.intake.intake import (
    Photo,
    Raised,
    Submission,
    check_submission,
    raise_matter,
    villager_channel,
)
from matters.intake.receipts import key_of
from matters.terms import Role
from server.node import Node
from server.people.doors import staff_actor
from server.photos.attachments import PHOTOS_MOST, check_photo, keep_photos
from server.registers.county_registers import CountyRegisters
from server.web.bodies import Fields, read_fields
from server.web.languages import language_of, other_than, translated, wants_json
from server.web.pages import path_to_root, with_language
from server.web.problems import Busy, json_problem

# More than this many jobs before the writer means seconds of waiting: say so at once.
WAITING_MOST = 4000


class Receipt:
    """What the sender of a submission is told."""

    def __init__(
        self, raised: Raised, key: str, safety: str, photos: list[dict[str, Any]], url: str
    ) -> None:
        self.raised = raised
        self.key = key
        self.safety = safety
        self.photos = photos
        self.url = url

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as CONTRACT gives it."""
        found: dict[str, Any] = {
            "id": uuid_text(self.raised.id),
            "number": self.raised.number,
            "key": self.key,
            "safety": self.safety,
            "url": self.url,
        }
        if self.photos:
            found["photos"] = self.photos
        return found


async def submit_matter(request: Request) -> Response:
    """Answer `POST /matters`: 303 to the matter's page, or 201/200 with a receipt in JSON."""
    node: Node = request.app.state.node
    if node.log.writer.waiting > WAITING_MOST:
        raise Busy
    fields = await read_fields(request)
    try:
        actor = await staff_actor(request)
        receipt = await take(node, fields, actor or VILLAGER)
    except BadFields as refusal:
        if wants_json(request):
            return json_problem(language_of(request), refusal)
        return form_page(request, fields.values, refusal.problems, status=422)
    if wants_json(request):
        return JSONResponse(
            receipt.as_json(),
            200 if receipt.raised.repeat else 201,
            headers={"Cache-Control": "no-store"},
        )
    return RedirectResponse(
        f"{_prefix(request)}/m/{receipt.raised.number}?key={receipt.key}",
        303,
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )


async def take(node: Node, fields: Fields, actor: Actor) -> Receipt:
    """Check a submission, commit it, and wait a while for the replica to have it.

    Photos are committed before the text that names them. Raises BadFields, StorageFull.
    """
    registers = node.registers.current()
    staff = actor is not VILLAGER
    submission = None
    problems: list[FieldProblem] = []
    try:
        submission = check_submission(
            fields.values, registers.known, registers.area_codes, staff=staff
        )
    except BadFields as refusal:
        problems.extend(refusal.problems)
    photos = _checked_photos(fields, problems)
    if problems or submission is None:
        raise BadFields(problems)
    submission = submission._replace(
        photos=tuple(photo for photo, _ in photos),
        channel=villager_channel(actor.role, submission.channel),
    )
    submission = _with_place(submission, actor, registers)
    own_station = "" if submission.station else node.exchange.own_station
    if own_station:
        # It came to this station's own machine, by its Wi-Fi or its staff.
        submission = submission._replace(station=own_station)
    told: list[dict[str, Any]] = []
    if photos:
        sealer = node.attachments.sealer
        stored = await node.photo_writes.write(
            lambda transaction: keep_photos(transaction, photos, sealer)
        )
        told = [
            {"sha256": photo.sha256, "safety": node.safety(stored.durable)} for photo, _ in photos
        ]
    kept = await node.matter_writes.write(
        lambda transaction: raise_matter(
            transaction,
            submission,
            actor=actor,
            receipt_key=node.keys.receipt,
            other_keys=node.receipt_keys()[1:],
            # At a station the event has an id of its own: the phone may yet reach the hub as well.
            event_id=new_uuid7(node.now_ms()) if node.settings.role == "station" else None,
        )
    )
    raised: Raised = kept.result
    key = key_of(node.keys.receipt, raised.id)
    url = f"{node.settings.address}m/{raised.number}?key={key}"
    return Receipt(raised, key, node.safety(kept.durable), told, url)


def _with_place(submission: Submission, actor: Actor, registers: CountyRegisters) -> Submission:
    """Return the submission with the place of whoever enters it, where they would else lose it.

    A liaison officer takes it in at their station, a deputy as one who is named.
    """
    seen = (
        submission.station in actor.stations
        or submission.area in actor.areas
        or (bool(submission.deputy) and submission.deputy == actor.deputy)
    )
    if seen:
        return submission
    if actor.role is Role.LIAISON and not submission.station:
        own = (registers.stations[one] for one in actor.stations if one in registers.stations)
        station = next((one.id for one in own if one.parent not in actor.stations), "")
        return submission._replace(station=station)
    if actor.role is Role.DEPUTY and not submission.deputy:
        return submission._replace(deputy=actor.deputy)
    return submission


def _checked_photos(fields: Fields, problems: list[FieldProblem]) -> list[tuple[Photo, bytes]]:
    found: dict[str, tuple[Photo, bytes]] = {}
    bodies = [body for name, body in fields.files if name == "photo" and body]
    if len(bodies) > PHOTOS_MOST:
        problems.append(FieldProblem("photo", "too-many", N_("照片最多 3 张。")))
    elif fields.values.get("photo"):
        problems.append(FieldProblem("photo", "not-a-file", N_("照片要用文件上传，不能写文字。")))
    for body in bodies[:PHOTOS_MOST]:
        photo = check_photo(body)
        if isinstance(photo, FieldProblem):
            problems.append(photo)
        else:
            found[photo.sha256] = (photo, body)
    return list(found.values())


def _prefix(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


async def submission_form(request: Request) -> Response:
    """Answer `GET /submit/`: the site's form with a fresh id and where the person came from."""
    registers = request.app.state.node.registers.current()
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
    return form_page(request, values, (), status=200)


def form_page(
    request: Request,
    values: Mapping[str, Any],
    problems: tuple[FieldProblem, ...],
    *,
    status: int,
) -> Response:
    """Return the form with every word that was typed, and what is to be mended at the top."""
    node: Node = request.app.state.node
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
    html = node.site.asked.form(typed, errors, path_to_root(request), language)
    return with_language(request, HTMLResponse(html, status, headers={"Cache-Control": "no-store"}))
