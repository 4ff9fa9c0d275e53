"""Signed documents: commendation, circulated criticism, report (表彰、通报批评; L32, L33).

The figures give a draft; a person of the office edits and signs it. A signed one is never
changed, only withdrawn. `decide_…` may refuse; `fold` never raises.
"""

import datetime
from collections.abc import Mapping, Sequence
from copy import copy
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from acts.refusals import N_, BadFields, FieldProblem, NotThisRole, Refusal, Stale
from acts.text import clean_words
from eventlog.events import Draft, Event
from matters.actors import Actor
from matters.known import Known
from matters.shapes import WrongShape, text_in, texts_in, time_of
from matters.terms import Role

TITLE_MOST = 100
TEXT_MOST = 20_000


class DocumentKind(StrEnum):
    """What a document is for."""

    COMMEND = "commend"
    CRITICISE = "criticise"
    REPORT = "report"


class DocumentState(StrEnum):
    """Where a document stands."""

    DRAFTED = "drafted"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"


class DocumentEvent(StrEnum):
    """Every type of event that a document's subject can hold."""

    DRAFTED = "document.drafted"
    EDITED = "document.edited"
    SIGNED = "document.signed"
    WITHDRAWN = "document.withdrawn"


KINDS: dict[str, str] = {
    "commend": N_("表彰"),
    "criticise": N_("通报批评"),
    "report": N_("情况报告"),
}
STATES: dict[str, str] = {
    "drafted": N_("草稿"),
    "signed": N_("已签发"),
    "withdrawn": N_("已撤回"),
}
# What each act is called, and from which state it goes.
ACTS: dict[str, tuple[str, DocumentState]] = {
    "edit": (N_("修改"), DocumentState.DRAFTED),
    "sign": (N_("签发"), DocumentState.DRAFTED),
    "withdraw": (N_("撤回"), DocumentState.SIGNED),
}


class DocumentSigned(Refusal):
    """A document that is signed or withdrawn is not changed any more."""

    code = "document-signed"
    status = 409
    message = N_("这份文件已经签发或撤回，不能再改。")
    advice = N_("签发了的只能撤回，再另写一份。")


class NotSigned(Refusal):
    """Only what is signed can be withdrawn."""

    code = "not-signed"
    status = 409
    message = N_("这份文件没有签发，不用撤回。")


class Document(msgspec.Struct, kw_only=True):
    """The folded state of a document. Days are yyyy-mm-dd; times ms, UTC.

    `wording` is the event whose words hold title and text, `signing` and `withdrawing` those
    with the signer's name and the reason.
    """

    id: bytes
    version: int = 0
    kind: DocumentKind = DocumentKind.REPORT
    state: DocumentState = DocumentState.DRAFTED
    start: str = ""
    end: str = ""
    units: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    drafted_by: str = ""
    drafted_at: int = 0
    edited_by: str = ""
    edited_at: int | None = None
    signed_by: str = ""
    signed_at: int | None = None
    withdrawn_by: str = ""
    withdrawn_at: int | None = None
    wording: bytes = b""
    signing: bytes = b""
    withdrawing: bytes = b""
    decided_rank: int = -1
    contested: tuple[bytes, ...] = ()


def may_see(actor: Actor, document: Document) -> bool:
    """Return whether the actor may read it: the office all, other staff what was signed."""
    if actor.role is Role.OFFICE:
        return True
    circulated = document.signed_at is not None
    return circulated and actor.role in (Role.DEPUTY, Role.LIAISON, Role.UNIT)


class Period(NamedTuple):
    """From the first to the last day, both yyyy-mm-dd in Asia/Shanghai, both counted."""

    start: str
    end: str


def read_period(raw: Mapping[str, Any]) -> tuple[DocumentKind, Period]:
    """Return what kind of document is wanted, for which days. Raises BadFields."""
    problems: list[FieldProblem] = []
    kind = DocumentKind._value2member_map_.get(raw.get("kind"))
    if kind is None:
        problems.append(FieldProblem("kind", "unknown", N_("请从给出的选项中选一个。")))
    days: list[str] = []
    for field in ("from", "to"):
        value = raw.get(field)
        try:
            days.append(datetime.date.fromisoformat(str(value).strip()).isoformat())
        except ValueError:
            problems.append(FieldProblem(field, "not-a-day", N_("日期写法如 2026-11-21。")))
    if len(days) == 2 and days[1] < days[0]:
        problems.append(FieldProblem("to", "before", N_("最后一天不能早于第一天。")))
    if problems or not isinstance(kind, DocumentKind):
        raise BadFields(problems)
    return kind, Period(*days)


def decide_draft(
    subject: bytes,
    kind: DocumentKind,
    period: Period,
    written: tuple[str, str],
    units: Sequence[str],
    *,
    actor: Actor,
) -> Draft:
    """Return the event that drafts a document with a title and text. Raises NotThisRole."""
    if actor.role is not Role.OFFICE:
        raise NotThisRole
    data = {"kind": kind, "from": period.start, "to": period.end, "units": sorted(units)}
    return Draft(DocumentEvent.DRAFTED, subject, data, {"title": written[0], "text": written[1]})


def decide_act(
    document: Document,
    act: str,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    known: Known,
    seen: int | None = None,
) -> Draft:
    """Return the event that `edit`, `sign` or `withdraw` gives.

    Raises NotThisRole, Stale, DocumentSigned, NotSigned or BadFields, in this order.
    """
    if actor.role is not Role.OFFICE:
        raise NotThisRole
    if seen is not None and seen != document.version:
        raise Stale(seen=seen, version=document.version)
    if document.state is not ACTS[act][1]:
        raise NotSigned if document.state is DocumentState.DRAFTED else DocumentSigned
    if act == "edit":
        texts = _texts(raw, title=TITLE_MOST, text=TEXT_MOST)
        data = {"units": _ids(raw, "units", known), "deputies": _ids(raw, "deputies", known)}
        return Draft(DocumentEvent.EDITED, document.id, data, texts)
    if act == "sign":
        return Draft(DocumentEvent.SIGNED, document.id, {}, _texts(raw, signer=60))
    return Draft(DocumentEvent.WITHDRAWN, document.id, {}, _texts(raw, reason=2000))


def _texts(raw: Mapping[str, Any], **most: int) -> dict[str, str]:
    """Return the texts that must all be there, by the most characters of each."""
    texts: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for field, length in most.items():
        value = raw.get(field)
        text = clean_words(value) if isinstance(value, str) else ""
        if field in ("title", "signer"):
            text = " ".join(text.split())
        if not text:
            problems.append(FieldProblem(field, "required", N_("这一项要填。")))
        elif len(text) > length:
            message = N_("最多 {most} 个字，现在有 {length} 个字。")
            values = {"most": length, "length": len(text)}
            problems.append(FieldProblem(field, "too-long", message, values))
        texts[field] = text
    if problems:
        raise BadFields(problems)
    return texts


def _ids(raw: Mapping[str, Any], field: str, known: Known) -> list[str]:
    value = raw.get(field) or []
    given = [value] if isinstance(value, str) else value
    allowed = known.units if field == "units" else known.deputies
    if not isinstance(given, list | tuple) or not all(
        isinstance(one, str) and one in allowed for one in given
    ):
        raise BadFields([FieldProblem(field, "unknown", N_("名单里有认不出的。"))])
    return sorted(set(given))


def fold(events: Sequence[Event]) -> Document:
    """Return the document that the events give; they come in (rank, id) order. Never raises."""
    document = Document(id=events[0].subject if events else b"")
    for event in events:
        document.version = max(document.version, event.rank)
        if event.type not in _TYPES:
            continue
        before = copy(document)
        try:
            time_of(event.at)
            legal = _apply(document, event)
        except WrongShape:
            document, legal = before, False
        if not legal:
            document.contested = (*document.contested, event.id)
    return document


_TYPES = frozenset(DocumentEvent)


def _apply(document: Document, event: Event) -> bool:
    """Change the document by one event; return whether it was legal. Raises WrongShape."""
    data = event.data
    if event.type == DocumentEvent.DRAFTED:
        kind = DocumentKind._value2member_map_.get(text_in(data, "kind"))
        if document.drafted_by or not isinstance(kind, DocumentKind):
            return False
        document.kind = kind
        document.start, document.end = text_in(data, "from"), text_in(data, "to")
        document.units = texts_in(data, "units")
        document.drafted_by, document.drafted_at = event.by, event.at
        document.wording = event.id
        return True
    if not document.drafted_by or event.rank <= document.decided_rank:
        return False
    if event.type == DocumentEvent.WITHDRAWN:
        if document.state is not DocumentState.SIGNED:
            return False
        document.state, document.withdrawing = DocumentState.WITHDRAWN, event.id
        document.withdrawn_by, document.withdrawn_at = event.by, event.at
    elif document.state is not DocumentState.DRAFTED:
        return False
    elif event.type == DocumentEvent.SIGNED:
        document.state, document.signing = DocumentState.SIGNED, event.id
        document.signed_by, document.signed_at = event.by, event.at
    else:
        document.units = texts_in(data, "units")
        document.deputies = texts_in(data, "deputies")
        document.edited_by, document.edited_at = event.by, event.at
        document.wording = event.id
    # An edit that did not see the signature, or another edit, is contested, and its words kept.
    document.decided_rank = event.rank
    return True
