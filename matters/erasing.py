"""Erasing: which texts of a matter go when the office erases its contact or its words."""

from pathlib import Path

from eventlog import erasures, words
from eventlog.erasures import Erasure
from eventlog.transaction import Transaction
from matters import attempts, store
from matters.listing import waiting
from matters.matter import Matter
from matters.terms import MatterEvent


def texts_to_erase(matter: Matter, what: str) -> list[tuple[bytes, str]]:
    """Return (event id, field) of every text that `what` means: contact, or words with all else.

    The reason of an erasure stays, for it is the office's account of what it did.
    """
    found: list[tuple[bytes, str]] = []
    for step in matter.steps:
        for field in step.words:
            if what == "contact" and field != "contact":
                continue
            if step.type == "matter.erased":
                continue
            found.append((step.event, field))
    return found


def erase(transaction: Transaction, folder: Path, matter: Matter, what: str) -> int:
    """Remove the texts, on record outside the database first; return how many there were.

    Called with the transaction open, beside the appended `matter.erased`.
    """
    chosen = texts_to_erase(matter, what)
    if what == "words":
        tried = attempts.events_about(transaction.connection, matter.id)
        chosen += [(event, "fields") for event in tried]
        chosen += _echoed(transaction, matter)
    at = transaction.now_ms()
    erasures.record(folder, [Erasure(event.hex(), field, at) for event, field in chosen])
    transaction.connection.execute("PRAGMA secure_delete=ON")
    erased = sum(words.erase(transaction.connection, event, field) for event, field in chosen)
    waiting.forget(transaction.connection, matter.id)
    return erased


def _echoed(transaction: Transaction, matter: Matter) -> list[tuple[bytes, str]]:
    """Return the copies of the matter's answers that were written to those who follow it."""
    found: list[tuple[bytes, str]] = []
    for follower in matter.followers:
        other = store.by_id(transaction.connection, follower)
        found += [
            (step.event, "text")
            for step in (other.steps if other is not None else ())
            if step.type == MatterEvent.ECHOED and step.data.get("of") == matter.id
        ]
    return found
