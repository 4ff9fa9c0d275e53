"""Carrying out what is done in a session: load, decide, append, in one job of the writer."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eventlog import erasures, words
from eventlog.erasures import Erasure
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.transaction import Transaction
from matters import actors, store
from matters.actors import Actor
from matters.intake.receipts import read_number
from matters.known import Known
from matters.refusals import NotFound
from matters.sessions import store as sessions_store
from matters.sessions.acts import Act, SessionEvent
from matters.sessions.fields import SessionKnown
from matters.sessions.session import Session, decide_act, decide_opening
from matters.terms import RecordEvent


def open_session(
    transaction: Transaction, raw: Mapping[str, Any], *, actor: Actor, known: Known
) -> Session:
    """Write a session and return it. Raises a Refusal."""
    subject = new_uuid7(transaction.now_ms())
    given = SessionKnown(known, _matter_id(transaction, actor))
    draft = decide_opening(subject, raw, actor=actor, known=given)
    transaction.append([draft], by=actor.signature, fresh_subject=True)
    return required(transaction, subject)


def carry_out_act(
    transaction: Transaction,
    session: bytes,
    act: Act,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    known: Known,
    seen: int | None,
    folder: Path,
) -> Session:
    """Write what an act gives and return the session as it is then.

    `folder` is the data folder, for the record of erasures. Raises a Refusal.
    """
    found = required(transaction, session)
    given = SessionKnown(known, _matter_id(transaction, actor, found.matters))
    draft = decide_act(found, act, raw, actor=actor, known=given, seen=seen)
    transaction.append([draft], by=actor.signature)
    if act.type is SessionEvent.ERASED:
        _erase(transaction, folder, found, draft.data["entry"])
    return required(transaction, session)


def record_session_attempt(
    transaction: Transaction,
    session: bytes,
    act: Act,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    code: str,
    seen: int | None,
) -> None:
    """Keep on record what a 409 refused, with the words that were typed."""
    names = {field.name for field in act.fields}
    typed = {name: value for name, value in raw.items() if name in names and value}
    draft = Draft(
        RecordEvent.ATTEMPTED,
        new_uuid7(transaction.now_ms()),
        {"session": session, "command": act.name, "code": code, "seen": seen},
        {"fields": json.dumps(typed, ensure_ascii=False)} if typed else {},
    )
    transaction.append([draft], by=actor.signature, fresh_subject=True)


def required(transaction: Transaction, session: bytes) -> Session:
    """Return the session of that id. Raises NotFound."""
    found = sessions_store.by_id(transaction.connection, session)
    if found is None:
        raise NotFound
    return found


def _matter_id(
    transaction: Transaction, actor: Actor, listed: tuple[bytes, ...] = ()
) -> Callable[[str], bytes]:
    """Return how a number becomes a matter's id; b"" where it is not the actor's to see.

    What is on the session's list may be named by everybody who takes part.
    """

    def look_up(number: str) -> bytes:
        matter = store.by_number(transaction.connection, read_number(number) or "")
        if matter is None:
            return b""
        return matter.id if matter.id in listed or actors.may_see(actor, matter) else b""

    return look_up


def _erase(transaction: Transaction, folder: Path, session: Session, entry: bytes) -> None:
    """Remove an entry's texts and those of its corrections, on record outside first."""
    chosen = [
        (one.id, field)
        for one in session.entries
        if one.id == entry or (one.type == SessionEvent.CORRECTED and one.refers == entry)
        for field in one.words
    ]
    at = transaction.now_ms()
    erasures.record(folder, [Erasure(event.hex(), field, at) for event, field in chosen])
    transaction.connection.execute("PRAGMA secure_delete=ON")
    for event, field in chosen:
        words.erase(transaction.connection, event, field)
