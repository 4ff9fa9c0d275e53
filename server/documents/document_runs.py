"""Drafting, editing and signing documents, for the console and the interface alike."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from acts.act import repeated_names
from acts.refusals import NotThisRole
from acts.shanghai import end_of_day, start_of_day
from matters import attempts
from matters.actors import Actor
from matters.documents import store as documents_store
from matters.documents.document import ACTS, Document, DocumentKind, Period, may_see, read_period
from matters.documents.drafts import chosen, draft_text
from matters.ledgers.figures import units_between
from matters.ledgers.ledger import Count
from matters.refusals import NotFound
from server.folder.safe_writes import commit_or_keep
from server.people.doors import StaffRoom
from server.web.values import read_seen, read_subject

DOCUMENT_LISTS = repeated_names(ACTS.values())


def document_for(room: StaffRoom, actor: Actor, text: str) -> Document:
    """Return a document by its id. Raises NotFound, or NotThisRole where it is not theirs."""
    with room.log.reading() as connection:
        document = documents_store.by_id(connection, read_subject(text))
    if document is None:
        raise NotFound
    if not may_see(actor, document):
        raise NotThisRole
    return document


def figures_of(room: StaffRoom, period: Period) -> list[Count]:
    """Return every unit's line of the ledger for a period."""
    start_ms = start_of_day(date.fromisoformat(period.start))
    end_ms = end_of_day(date.fromisoformat(period.end))
    with room.log.reading() as connection:
        return units_between(connection, start_ms, end_ms)


def run_draft(room: StaffRoom, actor: Actor, raw: Mapping[str, Any]) -> Document:
    """Draft a document from the figures of a period, and return it. Raises a Refusal."""
    registers = room.registers.current()
    kind, period = read_period(raw, actor=actor, county=registers.known, now_ms=room.log.now_ms())
    figures = figures_of(room, period)
    least = registers.rules.minimum_n
    names = registers.known.names.get("unit", {})
    written = draft_text(kind, figures, names, registers.county.name, period, minimum_n=least)
    # A report is about all units, so it names none.
    named = () if kind is DocumentKind.REPORT else chosen(kind, figures, minimum_n=least)
    units = [unit.key for unit in named]
    committed = room.writes.commit(
        lambda transaction: documents_store.draft(
            transaction, kind, period, written, units, actor=actor
        )
    )
    return committed.result


def run_document_act(
    room: StaffRoom, actor: Actor, identity: str, name: str, raw: Mapping[str, Any]
) -> Document:
    """Edit, sign or withdraw, wait for the replica, and return the document as it is then.

    What is refused with 409 is kept on record with the words that were typed. Raises a Refusal.
    """
    document = read_subject(identity)
    if name not in ACTS:
        raise NotFound
    act = ACTS[name]
    known = room.registers.current().known
    seen = read_seen(raw.get("seen"))
    return commit_or_keep(
        room.log,
        room.writes,
        lambda transaction: documents_store.carry_out_act(
            transaction, document, act, raw, actor=actor, known=known, seen=seen
        ),
        lambda transaction, code: attempts.record(
            transaction, {"document": document}, act, raw, by=actor.signature, code=code, seen=seen
        ),
    )
