"""Carrying a command out: load, decide, append, in one job of the writer."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from acts.refusals import NotFromThisState, NotThisRole
from eventlog import words
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.sealing import Unsealer
from eventlog.transaction import Transaction
from matters import attempts, echoes, store
from matters.actors import VILLAGER, Actor, may_see
from matters.command import Command
from matters.erasing import erasing
from matters.intake import intake, splitting
from matters.intake.receipts import read_number
from matters.known import Known
from matters.lifecycle import decide
from matters.matter import Matter
from matters.orders.clock import due_once_told
from matters.refusals import NotFound
from matters.terms import RecordEvent, Role, State

NOTHING_MORE: Mapping[str, Any] = MappingProxyType({})


class Contact(NamedTuple):
    """How to reach the person; any may be empty. `guardian` agreed for one under 14."""

    name: str
    phone: str
    guardian: str = ""


def carry_out(
    transaction: Transaction,
    number: str | bytes,
    command: Command,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    known: Known,
    seen: int | None,
    folder: Path,
    more: Mapping[str, Any] = NOTHING_MORE,
) -> Matter:
    """Write what a command gives and return the matter as it is then.

    `number` may be the matter's id instead, since a number may stand for two matters. `folder` is
    the data folder, for the record of erasures; `more` is structure that the event has beyond the
    command's own fields. Raises a Refusal.
    """
    matter = required(transaction, number)
    known = known._replace(matter=lambda other: _other(transaction, actor, other))
    now_ms = transaction.now_ms()
    draft = decide(matter, command, raw, actor=actor, known=known, seen=seen, now_ms=now_ms)
    draft = draft._replace(data={**draft.data, **more})
    by = actor.signature
    if command.name == "split":
        splitting.split(transaction, matter, draft, by=by)
        return required(transaction, number)
    transaction.append([draft], by=by)
    if command.name == "erase":
        erasing.erase_again(transaction, folder, matter.id)
    done = required(transaction, number)
    echoes.follow_through(transaction, matter, done, draft, by=by)
    return done


def _other(transaction: Transaction, actor: Actor, number: str) -> Matter | None:
    """Return another matter by its number, if the actor may see it."""
    matter = store.by_number(transaction.connection, read_number(number) or "")
    return matter if matter is not None and may_see(actor, matter) else None


def required(transaction: Transaction, number: str | bytes) -> Matter:
    """Return the matter of that number or id. Raises NotFound."""
    if isinstance(number, bytes):
        matter = store.by_id(transaction.connection, number)
    else:
        matter = store.by_number(transaction.connection, number)
    if matter is None:
        raise NotFound
    return matter


def record_attempt(
    transaction: Transaction,
    number: str,
    command: Command,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    code: str,
    seen: int | None,
) -> None:
    """Keep on record what a 409 refused, with the words that were typed (CONTRACT)."""
    matter = required(transaction, number)
    known = matter.version if seen is None else seen
    about = {"matter": matter.id}
    attempts.record(transaction, about, command, raw, by=actor.signature, code=code, seen=known)


def add_message(
    transaction: Transaction,
    number: str | bytes,
    text: str,
    *,
    known: Known,
    by: str = VILLAGER.signature,
) -> Matter:
    """Write a villager's further message and return the matter. Raises a Refusal.

    It answers what the villager was asked, so the clock goes on.
    """
    matter = required(transaction, number)
    if matter.state in (State.MERGED, State.REFERRED, State.DECLINED):
        raise NotFromThisState(state=matter.state)
    draft = intake.message(matter.id, text)
    due_at = due_once_told(matter, transaction.now_ms(), known.calendar)
    if due_at is not None:
        draft = draft._replace(data={"due_at": due_at})
    transaction.append([draft], by=by)
    return required(transaction, number)


def read_contact(
    transaction: Transaction, number: str, *, actor: Actor, unsealer: Unsealer
) -> Contact:
    """Return a matter's contact details, and put on record who looked (DESIGN decision 8).

    A unit sees them only where the villager agreed. Raises NotThisRole, NotFound, UnsealError.
    """
    matter = required(transaction, number)
    allowed = actor.role in (Role.OFFICE, Role.LIAISON) or (
        actor.role is Role.UNIT and matter.share_phone
    )
    if not allowed or not may_see(actor, matter):
        raise NotThisRole
    draft = Draft(RecordEvent.CONTACT_READ, new_uuid7(transaction.now_ms()), {"matter": matter.id})
    transaction.append([draft], by=actor.signature, fresh_subject=True)
    if matter.split_from:
        # The contact of a part stays with the matter that it was split from.
        matter = store.by_id(transaction.connection, matter.split_from) or matter
    for step in matter.steps:
        if "contact" in step.words:
            text = words.read_secret(transaction.connection, step.event, "contact", unsealer)
            if text is not None:
                return Contact(**json.loads(text))
    return Contact("", "")
