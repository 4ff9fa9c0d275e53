"""Intake: a submission is checked, committed, and answered with a receipt.

Villagers and programs come by `POST /matters`, staff by the console (`server/entry/`).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from acts.refusals import N_, BadFields, FieldProblem
from eventlog.identifiers import new_uuid7, uuid_text
from eventlog.log import Log
from eventlog.transaction import Transaction
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
from server.county.county_registers import CountyRegisters, RegisterCache
from server.exchange.node_exchange import NodeExchange
from server.exchange.safety import Safety
from server.folder.safe_writes import SafeWriter
from server.photos.attachments import PHOTOS_MOST, Attachments, check_photo, keep_photos
from server.web.bodies import Fields
from server.web.problems import Busy

# More than this many jobs before the writer means seconds of waiting: say so at once.
WAITING_MOST = 4000


class Receipt(NamedTuple):
    """What the sender of a submission is told."""

    raised: Raised
    key: str
    safety: str
    photos: list[dict[str, Any]]
    url: str

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as CONTRACT gives it."""
        receipt: dict[str, Any] = {
            "id": uuid_text(self.raised.id),
            "number": self.raised.number,
            "key": self.key,
            "safety": self.safety,
            "url": self.url,
        }
        if self.photos:
            receipt["photos"] = self.photos
        return receipt


@dataclass(frozen=True)
class Intake:
    """Takes submissions in on one node; `address` is that of its site."""

    log: Log
    registers: RegisterCache
    writes: SafeWriter
    photo_writes: SafeWriter
    attachments: Attachments
    exchange: NodeExchange
    safety: Safety
    address: str

    def refuse_when_busy(self) -> None:
        """Raise Busy where more waits for the writer than it can do soon."""
        if self.log.writer.waiting > WAITING_MOST:
            raise Busy

    def key_of(self, matter: bytes) -> str:
        """Return the key with which whoever raised a matter here follows it."""
        return key_of(self.exchange.keys.receipt, matter)

    def address_of(self, number: str, key: str) -> str:
        """Return the address of a matter's page for whoever has its key."""
        return f"{self.address}m/{number}?key={key}"

    async def take(self, fields: Fields, actor: Actor) -> Receipt:
        """Check a submission, commit it, and wait a while for the replica to have it.

        Photos are committed before the text that names them. Raises BadFields, StorageFull.
        """
        submission, photos = self._checked(fields, actor)
        photo_receipts: list[dict[str, Any]] = []
        if photos:
            sealer = self.attachments.sealer
            stored = await self.photo_writes.write(
                lambda transaction: keep_photos(transaction, photos, sealer)
            )
            safety = self.safety.of_commit(stored.durable)
            photo_receipts = [{"sha256": photo.sha256, "safety": safety} for photo, _ in photos]
        is_station = self.exchange.role == "station"

        def job(transaction: Transaction) -> Raised:
            own_key, *other_keys = self.exchange.receipt_keys()
            return raise_matter(
                transaction,
                submission,
                actor=actor,
                receipt_key=own_key,
                other_keys=other_keys,
                # At a station the event has an id of its own: the phone may yet reach the hub too.
                event_id=new_uuid7(self.log.now_ms()) if is_station else None,
            )

        committed = await self.writes.write(job)
        raised = committed.result
        key = self.key_of(raised.id)
        return Receipt(
            raised,
            key,
            self.safety.of_commit(committed.durable),
            photo_receipts,
            self.address_of(raised.number, key),
        )

    def _checked(
        self, fields: Fields, actor: Actor
    ) -> tuple[Submission, list[tuple[Photo, bytes]]]:
        """Return what is to be taken, with the place of whoever sends it. Raises BadFields."""
        registers = self.registers.current()
        submission = None
        problems: list[FieldProblem] = []
        try:
            submission = check_submission(
                fields.values,
                registers.known,
                staff=actor is not VILLAGER,
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
        own_station = "" if submission.station else self.exchange.own_station
        if own_station:
            # It came to this station's own machine, by its Wi-Fi or its staff.
            submission = submission._replace(station=own_station)
        return submission, photos


def _with_place(submission: Submission, actor: Actor, registers: CountyRegisters) -> Submission:
    """Return the submission with the place of whoever enters it, where they would else lose it.

    A liaison officer takes it in at their station, a deputy as one who is named.
    """
    is_theirs = (
        submission.station in actor.stations
        or submission.area in actor.areas
        or (bool(submission.deputy) and submission.deputy == actor.deputy)
    )
    if is_theirs:
        return submission
    if actor.role is Role.LIAISON and not submission.station:
        own = [registers.stations[key] for key in actor.stations if key in registers.stations]
        highest = next((station.id for station in own if station.parent not in actor.stations), "")
        return submission._replace(station=highest)
    if actor.role is Role.DEPUTY and not submission.deputy:
        return submission._replace(deputy=actor.deputy)
    return submission


def _checked_photos(fields: Fields, problems: list[FieldProblem]) -> list[tuple[Photo, bytes]]:
    """Return each photo once with its bytes; what is wrong with others is added to `problems`."""
    photos: dict[str, tuple[Photo, bytes]] = {}
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
            photos[photo.sha256] = (photo, body)
    return list(photos.values())
