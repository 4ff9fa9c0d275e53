"""Carrying a command out: load, decide, append, in one job of the writer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from eventlog import words
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.sealing import Unsealer
from eventlog.transaction import Transaction
from matters import erasing, intake, store
from matters.actors import VILLAGER, Actor, may_see
from matters.commands import Command
from matters.fields import Known
from matters.lifecycle import decide
from matters.matter import Matter
from matters.refusals import NotFound, NotFromThisState, NotThisRole
from matters.terms import RecordEvent, Role, State


class Contact(NamedTuple):
    """How to reach the person; either may be empty."""

    name: str
    phone: str


def carry_out(
    transaction: Transaction,
    number: str,
    command: Command,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    known: Known,
    seen: int | None,
    folder: Path,
) -> Matter:
    """Write what a command gives and return the matter as it is then.

    `folder` is the data folder, for the record of erasures. Raises a Refusal.
    """
    matter = required(transaction, number)
    draft = decide(matter, command, raw, actor=actor, known=known, seen=seen)
    transaction.append([draft], by=actor.signature)
    if command.name == "erase":
        erasing.erase(transaction, folder, matter, draft.data["what"])
    return required(transaction, number)


def required(transaction: Transaction, number: str) -> Matter:
    """Return the matter of that number. Raises NotFound."""
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
    names = {field.name for field in command.fields}
    typed = {name: value for name, value in raw.items() if name in names and value}
    draft = Draft(
        RecordEvent.ATTEMPTED,
        new_uuid7(transaction.now_ms()),
        {"matter": matter.id, "command": command.name, "code": code, "seen": seen},
        {"fields": json.dumps(typed, ensure_ascii=False)} if typed else {},
    )
    transaction.append([draft], by=actor.signature, fresh_subject=True)


def add_message(transaction: Transaction, number: str, text: str) -> Matter:
    """Write a villager's further message and return the matter. Raises a Refusal."""
    matter = required(transaction, number)
    if matter.state in (State.MERGED, State.REFERRED, State.DECLINED):
        raise NotFromThisState(state=matter.state)
    transaction.append([intake.message(matter.id, text)], by=VILLAGER.signature)
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
    for step in matter.steps:
        if "contact" in step.words:
            text = words.read_secret(transaction.connection, step.event, "contact", unsealer)
            if text is not None:
                return Contact(**json.loads(text))
    return Contact("", "")
