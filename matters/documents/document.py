"""Signed documents: commendation, circulated criticism, report (表彰、通报批评; L32, L33).

The figures give a draft; a person of the office edits and signs it. A signed one is never
changed, only withdrawn. `decide_…` may refuse; `fold` never raises.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from acts.act import Act, refuse_role, refuse_stale
from acts.field import Field, FieldKind
from acts.reader import County, read_fields
from acts.refusals import N_, BadFields, Refusal
from eventlog.events import Draft, Event
from matters.actors import Actor
from matters.shapes import WrongShape, text_in, texts_in, time_of
from matters.terms import Role


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
_OFFICE = (Role.OFFICE,)
DRAFTING = Act(
    "draft",
    DocumentEvent.DRAFTED,
    N_("起草一份"),
    _OFFICE,
    (),
    DocumentState.DRAFTED,
    (
        Field("kind", FieldKind.CHOICE, N_("种类"), choices=tuple(DocumentKind)),
        Field("from", FieldKind.DAY, N_("从哪一天"), past=True),
        Field("to", FieldKind.DAY, N_("到哪一天"), past=True),
    ),
)
_ROWS = (
    Act(
        "edit",
        DocumentEvent.EDITED,
        N_("修改"),
        _OFFICE,
        (DocumentState.DRAFTED,),
        None,
        (
            Field("title", FieldKind.LINE, N_("标题"), max_length=100),
            Field("text", FieldKind.WORDS, N_("正文"), max_length=20_000),
            Field("units", FieldKind.UNITS, N_("单位"), required=False),
            Field("deputies", FieldKind.DEPUTIES, N_("代表"), required=False),
        ),
    ),
    Act(
        "sign",
        DocumentEvent.SIGNED,
        N_("签发"),
        _OFFICE,
        (DocumentState.DRAFTED,),
        DocumentState.SIGNED,
        (Field("signer", FieldKind.LINE, N_("签发人"), max_length=60),),
    ),
    Act(
        "withdraw",
        DocumentEvent.WITHDRAWN,
        N_("撤回"),
        _OFFICE,
        (DocumentState.SIGNED,),
        DocumentState.WITHDRAWN,
        (Field("reason", FieldKind.WORDS, N_("理由"), max_length=2000),),
    ),
)
ACTS: dict[str, Act] = {act.name: act for act in _ROWS}


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


def read_period(
    raw: Mapping[str, Any], *, actor: Actor, county: County, now_ms: int
) -> tuple[DocumentKind, Period]:
    """Return what kind of document is wanted, for which days. Raises NotThisRole or BadFields."""
    refuse_role(DRAFTING, actor.role)
    data, _ = read_fields(DRAFTING.fields, raw, county, now_ms)
    if data["to"] < data["from"]:
        raise BadFields.of("to", "before", N_("最后一天不能早于第一天。"))
    return DocumentKind(data["kind"]), Period(data["from"], data["to"])


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
    refuse_role(DRAFTING, actor.role)
    data = {"kind": kind, "from": period.start, "to": period.end, "units": sorted(units)}
    return Draft(DocumentEvent.DRAFTED, subject, data, {"title": written[0], "text": written[1]})


def decide_act(
    document: Document,
    act: Act,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    county: County,
    now_ms: int,
    seen: int | None = None,
) -> Draft:
    """Return the event that an act gives.

    Raises NotThisRole, Stale, DocumentSigned, NotSigned or BadFields, in this order.
    """
    refuse_role(act, actor.role)
    refuse_stale(seen, document.version)
    if document.state not in act.states:
        raise NotSigned if document.state is DocumentState.DRAFTED else DocumentSigned
    data, texts = read_fields(act.fields, raw, county, now_ms)
    if act.type == DocumentEvent.EDITED:
        # Who is named no more is no longer in it.
        data = {"units": [], "deputies": [], **data}
    return Draft(act.type, document.id, data, texts)


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
