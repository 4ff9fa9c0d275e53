"""Following a matter: its page, slip and QR for the villager, and what they may still say."""

import asyncio
import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from acts.refusals import N_, Refusal
from acts.shanghai import iso
from matters import store
from matters.actors import VILLAGER
from matters.answers import answer_in
from matters.commands import COMMAND_OF_TYPE, COMMANDS, FACT_OF_TYPE
from matters.execution import add_message, carry_out
from matters.intake.receipts import key_fits, key_of, opens, read_number, slip_identity
from matters.matter import Matter
from matters.public.public import is_public
from matters.refusals import NotFound
from matters.registers.units import Unit
from matters.terms import MatterEvent, State
from publisher.drawings import qr
from server.node import Node
from server.registers.county_registers import CountyRegisters
from server.villagers.step_notes import clock_note, labelled, notes
from server.web.bodies import Fields, read_fields
from server.web.languages import language_of, translated, wants_json
from server.web.locked_texts import as_json
from server.web.pages import public_page
from server.web.problems import json_problem, page_errors
from server.web.wording import ROLES, STEPS

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
# For so long after sending, the page shows first of all what is to be noted down.
JUST_SENT_MS = 3_600_000
# Steps that the person's own page does not list: they are the office's housekeeping.
_INTERNAL = (
    MatterEvent.RECLASSIFIED,
    MatterEvent.ERASED,
    MatterEvent.TIMED,
    MatterEvent.RESOLVED,
    MatterEvent.JOINED,
    MatterEvent.PARTED,
    MatterEvent.ECHO_RATED,
    MatterEvent.EVALUATED,
)


class SlipNotRegistered(NotFound):
    """A letterbox slip's number with its own key, before the letterbox was emptied (S07)."""

    code = "slip-not-registered"
    message = N_("您的征集单还没有登记，所以还查不到。")
    advice = N_("联络站开箱登记以后就能查到，一般要几天。等得久了，请打联络站的电话问问。")


class Followed:
    """A matter as the villager may see it, read in one go."""

    def __init__(self, node: Node, number: str, key: str) -> None:
        """Raises NotFound for an unknown number and a wrong key alike."""
        known = read_number(number)
        node.admit()
        with node.log.reading() as connection:
            matter = self._opened(connection, node, known, key) if known else None
            if matter is None and known and self._of_slip(node, known, key):
                raise SlipNotRegistered
            if matter is None:
                raise NotFound
            self.texts = store.texts_of(connection, matter)
            self.position = store.position_of(connection, matter.id)
            self.public = is_public(connection, matter)
            found = [store.by_id(connection, part) for part in matter.split_into]
            self.parts = [
                (part, key_of(node.keys.receipt, part.id), store.title_of(connection, part))
                for part in found
                if part is not None
            ]
        self.matter: Matter = matter
        self.key = key
        self.registers: CountyRegisters = node.registers.current()
        self.safety = node.matter_safety(matter.id, self.position)
        self.photos = self._photos(node)

    def _opened(
        self, connection: sqlite3.Connection, node: Node, number: str, key: str
    ) -> Matter | None:
        """Return the matter that the key opens, of those that the number may mean."""
        keys = node.receipt_keys()
        found = store.all_by_number(connection, number)
        fitting = [matter for matter in found if opens(keys, matter.id, key)]
        if not found:
            # As long as for a number that there is.
            opens(keys, bytes(16), key)
        return fitting[0] if fitting else None

    def _of_slip(self, node: Node, number: str, key: str) -> bool:
        """Return whether the key is that of a letterbox slip, which nobody has registered yet."""
        keys = node.receipt_keys()
        return sum(key_fits(own, slip_identity(own, number), key) for own in keys) > 0

    def _photos(self, node: Node) -> list[dict[str, str]]:
        if self.matter.words_erased:
            return []
        hashes = [photo["sha256"] for photo in self.matter.photos]
        return [{"sha256": sha256, "safety": node.photo_safety(sha256)} for sha256 in hashes]

    def steps(self) -> list[dict[str, Any]]:
        """Return the steps that the person may see: time (ms), type, role, unit, and words told."""
        found: list[dict[str, Any]] = []
        first: list[str] = []
        for step in self.matter.steps:
            if not step.stands or step.type in _INTERNAL:
                continue
            rule = COMMAND_OF_TYPE.get(step.type) or FACT_OF_TYPE.get(step.type)
            fields = ("text", "place") if rule is None else rule.told
            words = [self.texts.get((step.event, field), "") for field in fields]
            at = step.at
            again = step.type == MatterEvent.RAISED and step is not self.matter.steps[0]
            if again and words == first:
                words = []
            first = first or words
            if step.type == MatterEvent.IMPORTED:
                at = self.matter.received_at
            found.append(
                {
                    "at": at,
                    "type": step.type,
                    "by": step.by.partition(":")[0],
                    "unit": self._unit(step.type, step.by, step.data),
                    "text": "\n".join(text for text in words if text),
                    "lines": labelled(rule, words),
                    "notes": notes(step, self.registers, again=again),
                    "received_at": step.received_at,
                    "clock": clock_note(step),
                    "data": step.data,
                }
            )
            if step.type in (MatterEvent.IMPORTED, MatterEvent.ANSWER_IMPORTED):
                answer = self.texts.get((step.event, "answer"), "")
                if answer and self.matter.replied_at is not None:
                    found.append(
                        {
                            "at": self.matter.replied_at,
                            "type": str(MatterEvent.REPLIED),
                            "by": "unit",
                            "unit": None,
                            "text": answer,
                            "lines": [],
                            "notes": [],
                            "received_at": None,
                            "clock": None,
                            "data": {},
                        }
                    )
        return found

    def _unit(self, kind: str, by: str, data: dict[str, Any]) -> Unit | None:
        """Return the unit that a step names; people are named by their role only."""
        if kind == MatterEvent.ASSIGNED:
            return self.registers.units.get(str(data.get("lead", "")))
        if kind == MatterEvent.PROGRESSED and data.get("unit"):
            return self.registers.units.get(str(data["unit"]))
        if by.startswith("unit") and kind != MatterEvent.ECHOED:
            return self.registers.units.get(self.matter.lead)
        return None

    def reply(self) -> str:
        """Return the answer in words, or ""."""
        return answer_in(self.matter, self.texts)

    def cause(self) -> str:
        """Return why the unit says it failed, where the matter goes round again, or ""."""
        said = [
            self.texts.get((step.event, "cause"), "")
            for step in self.matter.steps
            if step.type == MatterEvent.EXPLAINED and step.stands
        ]
        return said[-1] if said and self.matter.open_with_unit else ""

    def question(self) -> str:
        """Return what the villager is asked and has not answered yet, or ""."""
        if not self.matter.paused:
            return ""
        asked = [
            self.texts.get((step.event, "text"), "")
            for step in self.matter.steps
            if step.type == MatterEvent.ASKED
            and step.stands
            and step.counts_from >= (self.matter.paused_at or 0)
        ]
        return "\n".join(text for text in asked if text)

    def may_rate(self) -> bool:
        """Return whether the person has an answer to rate, and has not rated it yet."""
        matter = self.matter
        answered = matter.state in (State.REPLIED, State.MERGED, State.CLOSED) and matter.answered
        return answered and not matter.result_rating and not (matter.verdict and matter.closed_at)

    def as_json(self, node: Node, language: str) -> dict[str, Any]:
        """Return the matter as CONTRACT's `GET /m/{number}` gives it.

        A step whose node did not know the time says so in words (`clock`), and when the hub had
        it (`received_at`).
        """
        matter = self.matter
        found: dict[str, Any] = {
            "number": matter.number,
            "state": str(matter.state),
            "safety": self.safety,
            "received_at": iso(matter.received_at),
            "due_at": iso(matter.due_at),
            "steps": [_step_json(step, language) for step in self.steps()],
            "reply": self.reply() or None,
            "result": matter.result or None,
            "notice_url": self.notice_url(node),
            "version": matter.version,
            "question": self.question() or None,
            "round": matter.round,
            "reply_rating": matter.reply_rating or None,
            "result_rating": matter.result_rating or None,
        }
        if self.parts:
            found["parts"] = [{"number": part.number, "key": key} for part, key, _ in self.parts]
        if matter.numbers:
            found["numbers"] = list(matter.numbers)
        if self.photos:
            found["photos"] = self.photos
        return as_json(found)

    def notice_url(self, node: Node) -> str | None:
        """Return the address of the matter's notice, or None where it has none."""
        if not self.public:
            return None
        return f"{node.settings.address}notices/{self.matter.number}/"


def _step_json(step: dict[str, Any], language: str) -> dict[str, Any]:
    found = {name: step[name] for name in ("type", "by", "text")}
    found = {"at": iso(step["at"]), **found}
    if step["clock"] is not None:
        message, values = step["clock"]
        found["clock"] = translated(language, message, **values)
        found["received_at"] = iso(step["received_at"])
    return found


def _key(request: Request, fields: Fields | None = None) -> str:
    return (fields.text("key") if fields is not None else "") or request.query_params.get("key", "")


async def followed(request: Request) -> Response:
    """Answer `GET /m/{number}?key=`: the matter's page, or its JSON."""
    node: Node = request.app.state.node
    found = await asyncio.to_thread(Followed, node, request.path_params["number"], _key(request))
    if wants_json(request):
        return JSONResponse(found.as_json(node, language_of(request)), headers=PRIVATE)
    return _page(request, found)


def _page(
    request: Request,
    found: Followed,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    typed: dict[str, Any] | None = None,
    form: str = "",
) -> Response:
    node: Node = request.app.state.node
    matter = found.matter
    return public_page(
        request,
        "matter.html",
        title=f"{matter.number}",
        status=status,
        headers=PRIVATE,
        found=found,
        matter=matter,
        steps=found.steps(),
        steps_named=STEPS,
        roles_named=ROLES,
        results=found.registers.county.results,
        notice=f"notices/{matter.number}/" if found.public else "",
        may_rate=found.may_rate(),
        question=found.question(),
        unit=found.registers.units.get(matter.lead),
        may_message=matter.state not in (State.MERGED, State.REFERRED, State.DECLINED),
        errors=page_errors(language_of(request), refusal, field=form or "steps"),
        typed=typed or {},
        form=form,
        by_station=node.settings.role == "station",
        locked=node.is_locked,
        just_sent=len(matter.steps) == 1
        and not matter.batch
        and node.now_ms() - matter.received_at < JUST_SENT_MS,
        now_ms=node.now_ms(),
    )


async def rate_matter(request: Request) -> Response:
    """Answer `POST /m/{number}/rating`: the villager's own rating (评单)."""
    return await _say(request, "rating")


async def message_matter(request: Request) -> Response:
    """Answer `POST /m/{number}/message`: something that the villager adds."""
    return await _say(request, "message")


async def _say(request: Request, form: str) -> Response:
    node: Node = request.app.state.node
    fields = await read_fields(request)
    number, key = request.path_params["number"], _key(request, fields)
    found = await asyncio.to_thread(Followed, node, number, key)
    identity = found.matter.id
    try:
        if form == "rating":
            await node.matter_writes.write(
                lambda transaction: carry_out(
                    transaction,
                    identity,
                    COMMANDS["rate"],
                    {name: fields.text(name) for name in _RATING_FIELDS},
                    actor=VILLAGER,
                    known=found.registers.known,
                    seen=None,
                    folder=node.folder,
                )
            )
        else:
            await node.matter_writes.write(
                lambda transaction: add_message(
                    transaction, identity, fields.text("text"), known=found.registers.known
                )
            )
    except Refusal as refusal:
        if wants_json(request):
            return json_problem(language_of(request), refusal)
        typed = {name: fields.text(name) for name in (*_RATING_FIELDS, "text")}
        return _page(request, found, status=refusal.status, refusal=refusal, typed=typed, form=form)
    if wants_json(request):
        again = await asyncio.to_thread(Followed, node, number, key)
        return JSONResponse(again.as_json(node, language_of(request)), headers=PRIVATE)
    return RedirectResponse(f"../{found.matter.number}?key={key}", 303, headers=PRIVATE)


_RATING_FIELDS = ("reply_rating", "result_rating", "comment")


async def slip(request: Request) -> Response:
    """Answer `GET /m/{number}/slip?key=`: a slip to print, with a QR to follow the matter."""
    node: Node = request.app.state.node
    found = await asyncio.to_thread(Followed, node, request.path_params["number"], _key(request))
    address = f"{node.settings.address}m/{found.matter.number}?key={found.key}"
    return public_page(
        request,
        "slip.html",
        title=found.matter.number,
        headers=PRIVATE,
        found=found,
        matter=found.matter,
        site=node.settings.address,
        qr=qr.code(address),
        county=found.registers.county,
    )


async def track(request: Request) -> Response:
    """Answer `GET /track?number=&key=`: what a person typed from the slip, by its true address."""
    number = read_number(request.query_params.get("number", ""))
    key = request.query_params.get("key", "").strip()
    node: Node = request.app.state.node
    if number is None:
        raise NotFound
    found = await asyncio.to_thread(Followed, node, number, key)
    return RedirectResponse(f"m/{found.matter.number}?key={key}", 303, headers=PRIVATE)
