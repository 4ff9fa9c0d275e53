"""A matter as the villager who has its key may see it."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from acts.refusals import N_
from acts.shanghai import iso
from matters import store
from matters.answers import answer_in
from matters.commands import COMMAND_OF_TYPE, FACT_OF_TYPE
from matters.intake.receipts import key_fits, opens, read_number, slip_identity
from matters.matter import Matter
from matters.public.public import is_public
from matters.refusals import NotFound
from matters.registers.units import Unit
from matters.terms import MatterEvent, State
from server.county.county_registers import CountyRegisters
from server.exchange.safety import Safety
from server.villagers.room import VillagersRoom
from server.villagers.step_notes import clock_note, labelled, notes
from server.web.languages import translated
from server.web.locked_texts import as_json

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

    def __init__(self, room: VillagersRoom, number: str, key: str) -> None:
        """Raises NotFound for an unknown number and a wrong key alike."""
        known = read_number(number)
        room.doors.forget_ended()
        room.doors.admit()
        keys = room.intake.exchange.receipt_keys()
        with room.log.reading() as connection:
            matter = _opened(connection, keys, known, key) if known else None
            if matter is None and known and _is_of_slip(keys, known, key):
                raise SlipNotRegistered
            if matter is None:
                raise NotFound
            self.texts = store.texts_of(connection, matter)
            self.position = store.position_of(connection, matter.id)
            self.public = is_public(connection, matter.id)
            parts = [store.by_id(connection, part) for part in matter.split_into]
            self.parts = [
                (part, room.intake.key_of(part.id), store.title_of(connection, part))
                for part in parts
                if part is not None
            ]
        self.matter: Matter = matter
        self.key = key
        self.address = room.intake.address_of(matter.number, key)
        self.notice_url = f"{room.intake.address}{self.notice}" if self.public else None
        self.registers: CountyRegisters = room.registers.current()
        self.safety = room.safety.of_matter(matter.id, self.position)
        self.photos = self._photos(room.safety)

    @property
    def notice(self) -> str:
        """The path of the matter's notice below the site's address, "" where it has none."""
        return f"notices/{self.matter.number}/" if self.public else ""

    def _photos(self, safety: Safety) -> list[dict[str, str]]:
        if self.matter.words_erased:
            return []
        hashes = [photo["sha256"] for photo in self.matter.photos]
        return [{"sha256": sha256, "safety": safety.of_photo(sha256)} for sha256 in hashes]

    def steps(self) -> list[dict[str, Any]]:
        """Return the steps that the person may see: time (ms), type, role, unit, and words told."""
        steps: list[dict[str, Any]] = []
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
            steps.append(
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
                    steps.append(
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
        return steps

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
        causes = [
            self.texts.get((step.event, "cause"), "")
            for step in self.matter.steps
            if step.type == MatterEvent.EXPLAINED and step.stands
        ]
        return causes[-1] if causes and self.matter.open_with_unit else ""

    def question(self) -> str:
        """Return what the villager is asked and has not answered yet, or ""."""
        if not self.matter.paused:
            return ""
        questions = [
            self.texts.get((step.event, "text"), "")
            for step in self.matter.steps
            if step.type == MatterEvent.ASKED
            and step.stands
            and step.counts_from >= (self.matter.paused_at or 0)
        ]
        return "\n".join(text for text in questions if text)

    def may_rate(self) -> bool:
        """Return whether the person has an answer to rate, and has not rated it yet."""
        matter = self.matter
        answered = matter.state in (State.REPLIED, State.MERGED, State.CLOSED) and matter.answered
        return answered and not matter.result_rating and not (matter.verdict and matter.closed_at)

    def as_json(self, language: str) -> dict[str, Any]:
        """Return the matter as CONTRACT's `GET /m/{number}` gives it.

        A step whose node did not know the time says so in words (`clock`), and when the hub had
        it (`received_at`).
        """
        matter = self.matter
        answer: dict[str, Any] = {
            "number": matter.number,
            "state": str(matter.state),
            "safety": self.safety,
            "received_at": iso(matter.received_at),
            "due_at": iso(matter.due_at),
            "steps": [_step_json(step, language) for step in self.steps()],
            "reply": self.reply() or None,
            "result": matter.result or None,
            "notice_url": self.notice_url,
            "version": matter.version,
            "question": self.question() or None,
            "round": matter.round,
            "reply_rating": matter.reply_rating or None,
            "result_rating": matter.result_rating or None,
        }
        if self.parts:
            answer["parts"] = [{"number": part.number, "key": key} for part, key, _ in self.parts]
        if matter.numbers:
            answer["numbers"] = list(matter.numbers)
        if self.photos:
            answer["photos"] = self.photos
        return as_json(answer)


def _opened(
    connection: sqlite3.Connection, keys: Sequence[bytes], number: str, key: str
) -> Matter | None:
    """Return the matter that the key opens, of those that the number may mean."""
    matters = store.all_by_number(connection, number)
    fitting = [matter for matter in matters if opens(keys, matter.id, key)]
    if not matters:
        # As long as for a number that there is.
        opens(keys, bytes(16), key)
    return fitting[0] if fitting else None


def _is_of_slip(keys: Sequence[bytes], number: str, key: str) -> bool:
    """Return whether the key is that of a letterbox slip, which nobody has registered yet."""
    return sum(key_fits(own, slip_identity(own, number), key) for own in keys) > 0


def _step_json(step: dict[str, Any], language: str) -> dict[str, Any]:
    answer = {"at": iso(step["at"]), **{name: step[name] for name in ("type", "by", "text")}}
    if step["clock"] is not None:
        message, values = step["clock"]
        answer["clock"] = translated(language, message, **values)
        answer["received_at"] = iso(step["received_at"])
    return answer
