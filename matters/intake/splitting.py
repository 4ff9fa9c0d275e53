"""Splitting a matter into several: each part is a matter of its own, on the same person's page."""

from typing import Any

from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.transaction import Transaction
from matters.intake.intake import free_number, place_and_consents
from matters.matter import Matter
from matters.terms import MatterEvent


def split(transaction: Transaction, matter: Matter, written: Draft, *, by: str) -> None:
    """Raise a matter for each text of the draft, and write on the matter which they are.

    The parts take over place, consents and channel; the contact stays with the first matter.
    """
    parts: list[bytes] = []
    for text in written.words.values():
        part = new_uuid7(transaction.now_ms())
        draft = Draft(MatterEvent.RAISED, part, _data(transaction, matter), {"text": text}, id=part)
        transaction.append([draft], by=by, fresh_subject=True)
        parts.append(part)
    transaction.append([Draft(written.type, matter.id, {"parts": parts})], by=by)


def _data(transaction: Transaction, matter: Matter) -> dict[str, Any]:
    data: dict[str, Any] = {
        "number": free_number(transaction.connection),
        "kind": str(matter.kind),
        "channel": str(matter.channel),
        "split_from": matter.id,
        "people": matter.people,
        **place_and_consents(matter),
    }
    if matter.has_contact:
        data["contact_there"] = True
    return data
