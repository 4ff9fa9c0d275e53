"""Drafting, editing and signing documents, for the console and the interface alike."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

from acts.refusals import NotThisRole, Refusal
from acts.shanghai import end_of_day, start_of_day
from matters.actors import Actor
from matters.documents import store as documents_store
from matters.documents.document import ACTS, Document, DocumentKind, Period, may_see, read_period
from matters.documents.drafts import chosen, draft_text
from matters.ledgers.league import UnitFigures, unit_figures
from matters.refusals import NotFound
from matters.terms import Role
from server.desks.command_runs import read_seen
from server.node import Node
from server.sessions.session_runs import session_id

DOCUMENT_LISTS = ("units", "deputies")


def document_for(node: Node, actor: Actor, text: str) -> Document:
    """Return a document by its id. Raises NotFound, or NotThisRole where it is not theirs."""
    with node.log.reading() as connection:
        found = documents_store.by_id(connection, session_id(text))
    if found is None:
        raise NotFound
    if not may_see(actor, found):
        raise NotThisRole
    return found


def figures_of(node: Node, period: Period) -> list[UnitFigures]:
    """Return every unit's figures of a period."""
    names = {unit.id: unit.name for unit in node.registers.current().units.values()}
    with node.log.reading() as connection:
        return unit_figures(
            connection,
            start_ms=start_of_day(date.fromisoformat(period.start)),
            end_ms=end_of_day(date.fromisoformat(period.end)),
            names=names,
        )


async def run_draft(node: Node, actor: Actor, raw: Mapping[str, Any]) -> Document:
    """Draft a document from the figures of a period, and return it. Raises a Refusal."""
    if actor.role is not Role.OFFICE:
        raise NotThisRole
    kind, period = read_period(raw)
    figures = await asyncio.to_thread(figures_of, node, period)
    registers = node.registers.current()
    least = registers.rules.minimum_n
    written = draft_text(kind, figures, registers.county.name, period, minimum_n=least)
    # A report is about all units, so it names none.
    told = () if kind is DocumentKind.REPORT else chosen(kind, figures, minimum_n=least)
    units = [one.unit for one in told]
    kept = await node.matter_writes.write(
        lambda transaction: documents_store.draft(
            transaction, kind, period, written, units, actor=actor
        )
    )
    return kept.result


async def run_document_act(
    node: Node, actor: Actor, identity: str, act: str, raw: Mapping[str, Any]
) -> Document:
    """Edit, sign or withdraw, wait for the replica, and return the document as it is then.

    What is refused with 409 is kept on record with the words that were typed. Raises a Refusal.
    """
    document = session_id(identity)
    if act not in ACTS:
        raise NotFound
    known = node.registers.current().known
    seen = read_seen(raw.get("seen"))
    try:
        kept = await node.matter_writes.write(
            lambda transaction: documents_store.carry_out_act(
                transaction, document, act, raw, actor=actor, known=known, seen=seen
            )
        )
    except Refusal as refusal:
        if refusal.status == 409:
            code = refusal.code
            await node.log.write_async(
                lambda transaction: documents_store.record_attempt(
                    transaction, document, act, raw, actor=actor, code=code, seen=seen
                )
            )
        raise
    return kept.result
