"""Following a matter: its page, slip and QR for the villager, and what they may still say."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from acts.refusals import Refusal
from matters.actors import VILLAGER
from matters.commands import COMMANDS
from matters.execution import add_message, carry_out
from matters.intake.receipts import read_number
from matters.refusals import NotFound
from matters.terms import State
from publisher.drawings import qr
from server.villagers.followed import Followed
from server.villagers.room import VillagersRoom
from server.web.bodies import Fields, read_fields
from server.web.languages import language_of, wants_json
from server.web.pages import public_page
from server.web.problems import json_problem, page_errors
from server.web.routes import PUBLIC, in_thread
from server.web.wording import ROLES, STEPS

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
# For so long after sending, the page shows first of all what is to be noted down.
JUST_SENT_MS = 3_600_000
_RATING_FIELDS = ("reply_rating", "result_rating", "comment")


def followed(room: VillagersRoom, request: Request) -> Response:
    """Answer `GET /m/{number}?key=`: the matter's page, or its JSON."""
    matter = _followed(room, request)
    return _json(request, matter) if wants_json(request) else _page(room, request, matter)


def _followed(room: VillagersRoom, request: Request) -> Followed:
    """Return the matter that an address names, by its key. Raises NotFound."""
    return Followed(room, request.path_params["number"], request.query_params.get("key", ""))


def _json(request: Request, followed: Followed) -> Response:
    return JSONResponse(followed.as_json(language_of(request)), headers=PRIVATE)


def _page(
    room: VillagersRoom,
    request: Request,
    followed: Followed,
    *,
    refusal: Refusal | None = None,
    typed: dict[str, Any] | None = None,
    form: str = "",
) -> Response:
    matter = followed.matter
    now_ms = room.log.now_ms()
    return public_page(
        request,
        "matter.html",
        title=matter.number,
        status=200 if refusal is None else refusal.status,
        headers=PRIVATE,
        followed=followed,
        matter=matter,
        steps=followed.steps(),
        steps_named=STEPS,
        roles_named=ROLES,
        results=followed.registers.county.results,
        notice=followed.notice,
        may_rate=followed.may_rate(),
        question=followed.question(),
        unit=followed.registers.units.get(matter.lead),
        may_message=matter.state not in (State.MERGED, State.REFERRED, State.DECLINED),
        errors=page_errors(language_of(request), refusal, field=form or "steps"),
        typed=typed or {},
        form=form,
        by_station=room.intake.exchange.role == "station",
        locked=room.doors.is_locked,
        just_sent=len(matter.steps) == 1
        and not matter.batch
        and now_ms - matter.received_at < JUST_SENT_MS,
        now_ms=now_ms,
    )


async def rate_matter(room: VillagersRoom, request: Request) -> Response:
    """Answer `POST /m/{number}/rating`: the villager's own rating (评单)."""
    return await _say(room, request, "rating")


async def message_matter(room: VillagersRoom, request: Request) -> Response:
    """Answer `POST /m/{number}/message`: something that the villager adds."""
    return await _say(room, request, "message")


async def _say(room: VillagersRoom, request: Request, form: str) -> Response:
    """Write what a villager says of a matter; no thread is held for the replica."""
    fields = await read_fields(request)
    number = request.path_params["number"]
    key = fields.text("key") or request.query_params.get("key", "")
    followed = await in_thread(Followed, room, number, key, threads=PUBLIC)
    try:
        await _write(room, followed, fields, form)
    except Refusal as refusal:
        problem = refusal
        if wants_json(request):
            return json_problem(language_of(request), refusal)
        typed = {name: fields.text(name) for name in (*_RATING_FIELDS, "text")}
        return await in_thread(
            lambda: _page(room, request, followed, refusal=problem, typed=typed, form=form),
            threads=PUBLIC,
        )
    if wants_json(request):
        return await in_thread(lambda: _json(request, Followed(room, number, key)), threads=PUBLIC)
    return RedirectResponse(f"../{followed.matter.number}?key={key}", 303, headers=PRIVATE)


async def _write(room: VillagersRoom, followed: Followed, fields: Fields, form: str) -> None:
    """Commit a rating or a message. Raises a Refusal."""
    matter, known = followed.matter.id, followed.registers.known
    if form == "rating":
        await room.writes.write(
            lambda transaction: carry_out(
                transaction,
                matter,
                COMMANDS["rate"],
                {name: fields.text(name) for name in _RATING_FIELDS},
                actor=VILLAGER,
                known=known,
                seen=None,
                folder=room.log.folder,
            )
        )
    else:
        await room.writes.write(
            lambda transaction: add_message(transaction, matter, fields.text("text"), known=known)
        )


def slip(room: VillagersRoom, request: Request) -> Response:
    """Answer `GET /m/{number}/slip?key=`: a slip to print, with a QR to follow the matter."""
    followed = _followed(room, request)
    return public_page(
        request,
        "slip.html",
        title=followed.matter.number,
        headers=PRIVATE,
        followed=followed,
        matter=followed.matter,
        site=room.intake.address,
        qr=qr.code(followed.address),
        county=followed.registers.county,
    )


def track(room: VillagersRoom, request: Request) -> Response:
    """Answer `GET /track?number=&key=`: what a person typed from the slip, by its true address."""
    number = read_number(request.query_params.get("number", ""))
    key = request.query_params.get("key", "").strip()
    if number is None:
        raise NotFound
    followed = Followed(room, number, key)
    return RedirectResponse(f"m/{followed.matter.number}?key={key}", 303, headers=PRIVATE)
