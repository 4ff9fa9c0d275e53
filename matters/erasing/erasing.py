"""Erasing: which texts of a matter go when the office erases its contact or its words.

An erasure takes the texts of the events at no higher rank than its own, whichever node wrote them
and whenever they arrive. What ranks higher was written by one who knew of the erasure, and stays.
So every node ends up with the same texts, in whatever order the events came.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from eventlog import erasures, words
from eventlog.erasures import Erasure
from eventlog.transaction import Transaction
from matters import attempts, store
from matters.erasing import pictures
from matters.listing import waiting
from matters.matter import Matter, Step
from matters.terms import MatterEvent

NEVER = -1


class Reach(NamedTuple):
    """Up to which ranks a matter's contact, and all of its words, are erased; else NEVER."""

    contact: int
    words: int


class Erased(NamedTuple):
    """What went: how many texts, and pictures that the second database has to forget (SHA-256)."""

    texts: int
    pictures: tuple[str, ...]


class Text(NamedTuple):
    """A text of an event, and the matter (or attempt) that the event is about."""

    subject: bytes
    event: bytes
    field: str


def reach_of(matter: Matter) -> Reach:
    """Return how far the matter's erasures reach; a contested one reaches nothing until kept."""
    contact = all_words = NEVER
    for step in matter.steps:
        if step.type == MatterEvent.ERASED and step.stands:
            contact = max(contact, step.rank)
            if step.data.get("what") != "contact":
                all_words = max(all_words, step.rank)
    return Reach(contact, all_words)


def erase_again(transaction: Transaction, folder: Path, subject: bytes) -> Erased:
    """Remove every text that the matter's erasures mean and that is here; return what went.

    Called with the transaction open, beside an appended `matter.erased`, and whenever events of
    the matter were taken in from elsewhere. The texts are on record outside the database first.
    """
    matter = store.by_id(transaction.connection, subject)
    if matter is None:
        return Erased(0, ())
    chosen = [
        *_own(transaction, matter),
        *_copied_from_others(transaction, matter),
        *_copied_to_others(transaction, matter),
    ]
    texts = [text for text in chosen if _is_there(transaction, text)]
    if texts:
        erase_texts(transaction, folder, [(text.event, text.field) for text in texts])
        for touched in {text.subject for text in texts}:
            waiting.forget(transaction.connection, touched)
    forgotten = (
        pictures.no_longer_named(transaction.connection, [matter], [matter.id])
        if matter.words_erased
        else ()
    )
    return Erased(len(texts), tuple(forgotten))


def erase_texts(transaction: Transaction, folder: Path, texts: Sequence[tuple[bytes, str]]) -> None:
    """Remove texts, given by event and field, for good; on record outside the database first."""
    at = transaction.now_ms()
    erasures.record(folder, [Erasure(event.hex(), field, at) for event, field in texts])
    transaction.connection.execute("PRAGMA secure_delete=ON")
    for event, field in texts:
        words.erase(transaction.connection, event, field)


def _own(transaction: Transaction, matter: Matter) -> Iterator[Text]:
    """Yield the texts of its own events, of types that are not known here too, and attempts.

    The reason of an erasure stays, for it is the office's account of what it did.
    """
    reach = reach_of(matter)
    if reach.contact == NEVER:
        return
    for event in transaction.events_of(matter.id):
        if event.type == MatterEvent.ERASED:
            continue
        for field in event.words:
            if event.rank <= (reach.contact if field == "contact" else reach.words):
                yield Text(matter.id, event.id, field)
    for tried in attempts.events_about(transaction.connection, matter.id, seen_before=reach.words):
        yield Text(matter.id, tried, "fields")


def _copied_from_others(transaction: Transaction, matter: Matter) -> Iterator[Text]:
    """Yield its copies of answers that were erased where they were given."""
    for step in _echoes(matter):
        of = step.data.get("of")
        leading = store.by_id(transaction.connection, of) if isinstance(of, bytes) else None
        if leading is not None and _is_erased(leading, step):
            yield Text(matter.id, step.event, "text")


def _copied_to_others(transaction: Transaction, matter: Matter) -> Iterator[Text]:
    """Yield the copies of its erased answers at all that ever followed it, and their followers."""
    if reach_of(matter).words == NEVER:
        return
    passed = {matter.id}
    ahead = [*_ever_followed(matter)]
    while ahead:
        follower = ahead.pop()
        other = None if follower in passed else store.by_id(transaction.connection, follower)
        passed.add(follower)
        if other is None:
            continue
        ahead.extend(_ever_followed(other))
        for step in _echoes(other):
            if step.data.get("of") == matter.id and _is_erased(matter, step):
                yield Text(other.id, step.event, "text")


def _echoes(matter: Matter) -> Iterator[Step]:
    return (
        step for step in matter.steps if step.type == MatterEvent.ECHOED and "text" in step.words
    )


def _ever_followed(matter: Matter) -> Iterator[bytes]:
    """Yield the matters that were merged into this one, though they have parted since."""
    for step in matter.steps:
        follower = step.data.get("from")
        if step.type == MatterEvent.JOINED and isinstance(follower, bytes):
            yield follower


def _is_erased(leading: Matter, echo: Step) -> bool:
    """Return whether the answer that an echo repeats is one that an erasure reaches.

    An echo whose answer is not here waits until it is.
    """
    reach = reach_of(leading).words
    if "answer" not in echo.data:
        return reach != NEVER
    return any(step.event == echo.data["answer"] and step.rank <= reach for step in leading.steps)


def _is_there(transaction: Transaction, text: Text) -> bool:
    row = transaction.connection.execute(
        "SELECT 1 FROM words WHERE event=? AND field=?", (text.event, text.field)
    ).fetchone()
    return row is not None
