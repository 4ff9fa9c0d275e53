"""Intake: a submission checked field by field, and raised as a matter (点单)."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from acts.refusals import N_, BadFields, FieldProblem
from acts.text import clean_line, clean_words
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7, parse_uuid
from eventlog.transaction import Transaction
from matters import store
from matters.actors import Actor
from matters.intake import repeats
from matters.intake.receipts import (
    content_mark,
    new_number,
    read_number,
    second_identity,
    slip_identity,
)
from matters.known import Known
from matters.matter import Matter
from matters.orders.raising import PEOPLE_MOST
from matters.terms import PUBLIC_CHANNELS, Channel, Grade, Kind, MatterEvent, Role

TEXT_MOST = 10_000
_LINE_MOST = {"place": 200, "name": 100, "phone": 40, "guardian": 100}
SLIP_TAKEN = N_(
    "这个编号已经是另一件事的了，所以没有登记。请把征集单编号空着再保存，系统会给新编号；"
    "本人手里的存根查不到，请把新编号告诉本人。"
)
_YES_NO = {"yes": True, "no": False, "": False}


class Photo(NamedTuple):
    """A photo that lies by content hash in the second database."""

    sha256: str
    media_type: str
    size_bytes: int


class Submission(NamedTuple):
    """A submission whose every field was found right. `id` is None where the sender made none.

    `slip` is the number of the letterbox slip that it was written on, or "".
    `guardian` is empty unless it is that of one under 14, who agreed.
    """

    id: bytes | None
    text: str
    kind: Kind
    category: str
    area: str
    place: str
    station: str
    deputy: str
    name: str
    phone: str
    under_14: bool
    share_phone: bool
    publish: bool
    channel: Channel
    photos: tuple[Photo, ...] = ()
    people: int = 1
    grade: Grade = Grade.NORMAL
    alarm: bool = False
    slip: str = ""
    guardian: str = ""
    guardian_consent: bool = False

    @property
    def content(self) -> str:
        """The normalised content, by which repeats are known; the id and photos are no part."""
        return "\x1f".join(
            (
                self.text,
                self.kind,
                self.category,
                self.area,
                self.place,
                self.station,
                self.deputy,
                self.name,
                self.phone,
                f"{self.under_14:d}{self.share_phone:d}{self.publish:d}",
                *([str(self.people)] if self.people > 1 else ()),
                *([f"guardian {self.guardian}"] if self.guardian else ()),
            )
        )


class Raised(NamedTuple):
    """What became of a submission: its matter, and whether it was there already."""

    id: bytes
    number: str
    repeat: bool


def check_submission(raw: Mapping[str, Any], known: Known, *, staff: bool) -> Submission:
    """Return the submission that the fields give.

    `raw` are texts by field name as CONTRACT names them. Only staff may name a channel other than
    web and qr. Raises BadFields with every problem at once.
    """
    problems: list[FieldProblem] = []
    texts: dict[str, str] = {}
    for field in _FIELDS:
        value = raw.get(field)
        if value is None:
            texts[field] = ""
        elif isinstance(value, str):
            texts[field] = clean_words(value)
        elif isinstance(value, bool) and field in _CONSENTS:
            texts[field] = "yes" if value else "no"
        elif type(value) is int and field == "people":
            texts[field] = str(value)
        else:
            texts[field] = ""
            problems.append(FieldProblem(field, "not-text", N_("这一项要用文字填写。")))
    problems += _check_lengths(texts)
    identity = None
    if texts["id"]:
        try:
            identity = parse_uuid(texts["id"])
        except ValueError:
            problems.append(FieldProblem("id", "bad-id", N_("编号格式不对，请刷新页面再试。")))
    area = texts["area"]
    if area and area not in known.areas:
        area = known.area_codes.get(area, "")
        if not area:
            problems.append(
                FieldProblem("area", "unknown", N_("没有这个村（社区），请从列表里选，或不填。"))
            )
    for field, allowed, message in (
        ("category", known.categories, N_("没有这个类别，请从列表里选，或不填。")),
        ("station", known.stations, N_("没有这个联络站，请从联络站页面进来，或不填。")),
        ("deputy", known.deputies, N_("没有这位代表，请从代表页面进来，或不填。")),
    ):
        if texts[field] and texts[field] not in allowed:
            problems.append(FieldProblem(field, "unknown", message))
    kind = _choice(Kind, texts["kind"], Kind.HELP, "kind", problems)
    channel = _choice(Channel, texts["channel"], Channel.WEB, "channel", problems)
    if channel not in PUBLIC_CHANNELS and not staff:
        problems.append(FieldProblem("channel", "staff-only", N_("这个渠道由工作人员填写。")))
    slip = _slip(texts["slip"], staff, problems)
    if slip and channel in PUBLIC_CHANNELS:
        channel = Channel.LETTERBOX
    grade = _choice(Grade, texts["grade"] if staff else "", Grade.NORMAL, "grade", problems)
    # How many stand behind a matter counts in the public ledger: staff saw them.
    people = _people(texts["people"] if staff else "", problems)
    answers = {field: _yes_no(texts[field], field, problems) for field in _CONSENTS}
    if answers["publish"] and kind is Kind.REPORT:
        # A report is never made public (CONTRACT); the wish is not an error of the person's.
        answers["publish"] = False
    if problems:
        raise BadFields(problems)
    child = answers["under_14"]
    # Nobody is refused: without a guardian who agrees, a child's words are taken, and no more
    # (docs/decisions/0013-children.md).
    agreed = child and answers["guardian_consent"] and bool(texts["guardian"])
    if child and not agreed:
        texts["name"] = texts["phone"] = ""
        answers["share_phone"] = answers["publish"] = False
    return Submission(
        id=identity,
        text=texts["text"],
        kind=kind,
        category=texts["category"],
        area=area,
        place=clean_line(texts["place"]),
        station=texts["station"],
        deputy=texts["deputy"],
        name=clean_line(texts["name"]),
        phone=clean_line(texts["phone"]),
        channel=channel,
        under_14=answers["under_14"],
        share_phone=answers["share_phone"],
        publish=answers["publish"],
        people=people,
        grade=grade,
        alarm=grade is Grade.NORMAL and bool(known.rules.urgent_word_in(texts["text"])),
        slip=slip,
        guardian=clean_line(texts["guardian"]) if agreed else "",
        guardian_consent=answers["guardian_consent"],
    )


_CONSENTS = ("under_14", "share_phone", "publish", "guardian_consent")
_FIELDS = (
    "id",
    "text",
    "kind",
    "category",
    "area",
    "place",
    "station",
    "deputy",
    "name",
    "phone",
    "guardian",
    "channel",
    "people",
    "grade",
    "slip",
    *_CONSENTS,
)


def _check_lengths(texts: Mapping[str, str]) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    if not texts["text"]:
        problems.append(FieldProblem("text", "required", N_("请写下要反映的事情，一句话也可以。")))
    for field, most in (("text", TEXT_MOST), *_LINE_MOST.items()):
        length = len(texts[field])
        if length > most:
            values = {"most": most, "length": length}
            message = N_("最多 {most} 个字，现在有 {length} 个字。")
            problems.append(FieldProblem(field, "too-long", message, values))
    return problems


def _choice(kind: Any, text: str, otherwise: Any, field: str, problems: list[FieldProblem]) -> Any:
    try:
        return kind(text) if text else otherwise
    except ValueError:
        problems.append(FieldProblem(field, "unknown", N_("请从给出的选项中选一个。")))
        return otherwise


def _people(text: str, problems: list[FieldProblem]) -> int:
    """Return how many people bring the matter; digits of either width are read (L10)."""
    if not text:
        return 1
    count = int(text) if text.isdecimal() and len(text) <= 5 else 0
    if not 1 <= count <= PEOPLE_MOST:
        problems.append(FieldProblem("people", "not-a-number", N_("人数请填 1 到 99999 的数字。")))
    return count


def _slip(text: str, staff: bool, problems: list[FieldProblem]) -> str:
    """Return the number of a letterbox slip as staff read it off, "" where there is none."""
    if not text:
        return ""
    if not staff:
        problems.append(FieldProblem("slip", "staff-only", N_("征集单由工作人员登记。")))
        return ""
    number = read_number(text)
    if number is None:
        problems.append(
            FieldProblem(
                "slip",
                "bad-number",
                N_("征集单编号不对：应是 10 个数字，可能抄错了一位，请对着单子再看看。"),
            )
        )
    return number or ""


def _yes_no(text: str, field: str, problems: list[FieldProblem]) -> bool:
    answer = _YES_NO.get(text)
    if answer is None:
        problems.append(FieldProblem(field, "not-yes-no", N_("请填 yes（是）或 no（否）。")))
    return bool(answer)


def raise_matter(
    transaction: Transaction,
    submission: Submission,
    *,
    actor: Actor,
    receipt_key: bytes,
    other_keys: Sequence[bytes] = (),
    event_id: bytes | None = None,
) -> Raised:
    """Write a submission as a matter, or find that it is there already.

    The same id with the same content gives the same receipt; the same id with other content is
    kept as a matter of its own, in quarantine (DESIGN decision 2). A letterbox slip's id and number
    are its own (docs/decisions/0014). Runs as a job of the writer. Raises BadFields where another
    matter has a slip's number.

    `event_id` is the event's, where it is not to be the submission's: a phone may send one
    submission to two nodes, and their events must differ (docs/decisions/0019). `other_keys` are
    the receipt keys of other nodes, by which what they took in is known again.
    """
    content = content_mark(receipt_key, submission.content)
    slip = submission.slip
    identity = slip_identity(receipt_key, slip) if slip else submission.id
    quarantine = b""
    if identity is not None and repeats.is_taken(transaction, identity):
        marks = [content, *(content_mark(key, submission.content) for key in other_keys)]
        number = repeats.given_number(transaction.connection, identity, marks)
        if number:
            return Raised(identity, number, True)
        quarantine = identity
        identity = second_identity(receipt_key, identity, content)
        second = store.by_id(transaction.connection, identity)
        if second is not None:
            return Raised(identity, second.number, True)
    identity = identity or new_uuid7(transaction.now_ms())
    if slip and not quarantine:
        if store.number_taken(transaction.connection, slip):
            raise BadFields.of("slip", "taken", SLIP_TAKEN)
        number = slip
    else:
        number = free_number(transaction.connection)
    draft = Draft(
        MatterEvent.RAISED,
        identity,
        _data(submission, number, content, quarantine),
        {
            field: text
            for field, text in (("text", submission.text), ("place", submission.place))
            if text
        },
        contact_of(submission.name, submission.phone, submission.guardian),
        event_id or identity,
    )
    transaction.append([draft], by=actor.signature, fresh_subject=True)
    return Raised(identity, number, False)


def contact_of(name: str, phone: str, guardian: str = "") -> dict[str, str]:
    """Return the contact details as the secret word of an event, none where all are empty."""
    if not name and not phone and not guardian:
        return {}
    details = {"name": name, "phone": phone, **({"guardian": guardian} if guardian else {})}
    return {"contact": json.dumps(details, ensure_ascii=False)}


def free_number(connection: sqlite3.Connection) -> str:
    """Return a random number that no matter here has. Called with the transaction open."""
    number = new_number()
    while store.number_taken(connection, number):
        number = new_number()
    return number


def _data(submission: Submission, number: str, content: bytes, quarantine: bytes) -> dict[str, Any]:
    """Return what stands in the event: structure only, and nothing that is empty."""
    data: dict[str, Any] = {
        "number": number,
        "kind": str(submission.kind),
        "content": content,
        **place_and_consents(submission),
    }
    if submission.guardian:
        data["guardian_consent"] = True
    if submission.channel is not Channel.WEB:
        data["channel"] = str(submission.channel)
    if submission.people > 1:
        data["people"] = submission.people
    if submission.alarm:
        data["alarm"] = True
    if submission.photos:
        data["photos"] = [photo._asdict() for photo in submission.photos]
    if quarantine:
        data["quarantine"] = quarantine
    return data


def place_and_consents(raised: Submission | Matter) -> dict[str, Any]:
    """Return where a submission belongs, what was agreed to, and its grade where it is urgent."""
    fields = ("category", "area", "station", "deputy", "under_14", "share_phone", "publish")
    data = {field: value for field in fields if (value := getattr(raised, field))}
    return data if raised.grade is Grade.NORMAL else {**data, "grade": str(raised.grade)}


def message(matter: bytes, text: str) -> Draft:
    """Return the villager's further message as a draft. Raises BadFields."""
    words = clean_words(text)
    problems: list[FieldProblem] = []
    if not words:
        problems.append(FieldProblem("text", "required", N_("请写下要补充的内容。")))
    elif len(words) > TEXT_MOST:
        values = {"most": TEXT_MOST, "length": len(words)}
        problems.append(
            FieldProblem("text", "too-long", N_("最多 {most} 个字，现在有 {length} 个字。"), values)
        )
    if problems:
        raise BadFields(problems)
    return Draft(MatterEvent.MESSAGED, matter, {}, {"text": words})


def villager_channel(role: Role, channel: Channel) -> Channel:
    """Return the channel to record: staff who name none had a visitor before them."""
    if role is not Role.VILLAGER and channel in PUBLIC_CHANNELS:
        return Channel.VISIT
    return channel
