"""Carrying out what is done in a session: load, decide, append, in one job of the writer."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from acts.act import Act
from acts.field import FieldKind
from acts.reader import WrongValue
from acts.refusals import N_
from eventlog.identifiers import new_uuid7
from eventlog.transaction import Transaction
from matters import actors, store
from matters.actors import Actor
from matters.erasing.erasing import erase_texts
from matters.intake.receipts import read_number
from matters.known import Known, event_named
from matters.refusals import NotFound
from matters.sessions import store as sessions_store
from matters.sessions.acts import SessionEvent
from matters.sessions.session import Session, decide_act, decide_opening


def open_session(
    transaction: Transaction, raw: Mapping[str, Any], *, actor: Actor, known: Known
) -> Session:
    """Write a session and return it. Raises a Refusal."""
    subject = new_uuid7(transaction.now_ms())
    draft = decide_opening(
        subject,
        raw,
        actor=actor,
        county=SessionCounty(known, transaction, actor),
        now_ms=transaction.now_ms(),
    )
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
    before = required(transaction, session)
    county = SessionCounty(known, transaction, actor, before)
    draft = decide_act(before, act, raw, actor=actor, county=county, seen=seen)
    transaction.append([draft], by=actor.signature)
    if act.type is SessionEvent.ERASED:
        _erase(transaction, folder, before, draft.data["entry"])
    return required(transaction, session)


def required(transaction: Transaction, session: bytes) -> Session:
    """Return the session of that id. Raises NotFound."""
    folded = sessions_store.by_id(transaction.connection, session)
    if folded is None:
        raise NotFound
    return folded


class SessionCounty(NamedTuple):
    """What the fields of a session's acts are looked up in: the county, matters, the session."""

    known: Known
    transaction: Transaction
    actor: Actor
    session: Session | None = None

    def ends(self, start_ms: int, limit: str) -> date:
        """Return the last day of a limit that starts at `start_ms`. Raises BadLimit."""
        return self.known.ends(start_ms, limit)

    def find(self, noun: str, text: str) -> Any:
        """Return what a text means, also a matter by its number, and what the session holds.

        What is on the session's list may be named by everybody who takes part. Raises WrongValue.
        """
        if noun in _HELD:
            event = event_named(text, _NOT_HELD)
            entry = self.session.entry(event) if self.session is not None else None
            if entry is None or _HELD[noun] not in ("", entry.type):
                raise WrongValue("unknown", _NOT_HELD)
            return event
        if noun != FieldKind.MATTER:
            return self.known.find(noun, text)
        matter = store.by_number(self.transaction.connection, read_number(text) or "")
        listed = self.session.matters if self.session is not None else ()
        if matter is None or not (matter.id in listed or actors.may_see(self.actor, matter)):
            raise WrongValue("unknown", N_("没有这个编号的事项：{number}"), number=text)
        return matter.id


_NOT_HELD = N_("这次会里没有这一条。")
# Of which type an entry is that a field refers to; "" for any.
_HELD: dict[str, str] = {
    FieldKind.QUESTION: SessionEvent.QUESTION_PUT,
    FieldKind.PROMISE: SessionEvent.PROMISE_MADE,
    FieldKind.ENTRY: "",
}


def _erase(transaction: Transaction, folder: Path, session: Session, entry: bytes) -> None:
    """Remove an entry's texts and those of its corrections."""
    chosen = [
        (written.id, field)
        for written in session.entries
        if written.id == entry
        or (written.type == SessionEvent.CORRECTED and written.refers == entry)
        for field in written.words
    ]
    erase_texts(transaction, folder, chosen)
