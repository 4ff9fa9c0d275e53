"""History: rows of old files taken in as matters, with the dates of the file (real input).

Historical rows start no clocks; their public texts are drafts until the office approves the whole
import in one recorded act.
"""

from typing import Any, NamedTuple

from eventlog.events import Draft
from eventlog.transaction import Transaction
from matters import echoes, store
from matters.actors import Actor
from matters.intake.intake import contact_of, free_number
from matters.terms import Channel, Kind, MatterEvent, RecordEvent
from stations.register_log import subject_of


class HistoricalRow(NamedTuple):
    """One row of an old file, cleaned. Times are milliseconds since 1970, UTC."""

    source_number: str
    name: str
    phone: str
    title: str
    text: str
    received_at: int
    category: str = ""
    area: str = ""
    station: str = ""
    kind: Kind = Kind.HELP
    answer: str = ""
    replied_at: int | None = None

    @property
    def identity(self) -> bytes:
        """The id of the matter, from the row's own content: a second import finds it again.

        The source's number is a part of it, for the same message can stand twice under two.
        The answer is none, so that a later file with the answer speaks of the same matter.
        """
        return subject_of("row", "\x1f".join((*self.message, self.category)))

    @property
    def message(self) -> tuple[str, ...]:
        """What makes two rows the same message, whatever category each was put into."""
        return (self.source_number, self.name, self.title, self.text, str(self.received_at))


class Taken(NamedTuple):
    """What became of a batch of rows: how many were new, were there already, got an answer."""

    new: int
    known: int
    answered: int


def import_identity(file_digest: bytes) -> bytes:
    """Return the subject of an import: the same for the same file."""
    return subject_of("import", file_digest.hex())


def begin_import(
    transaction: Transaction, identity: bytes, file_name: str, *, actor: Actor
) -> bool:
    """Record that an import began; return False where the same file was begun before."""
    if transaction.events_of(identity):
        return False
    # The name of a file that staff chose is structure of the import, not words of a person.
    draft = Draft(RecordEvent.IMPORT_STARTED, identity, {"file": file_name[:200]})
    transaction.append([draft], by=actor.signature, fresh_subject=True)
    return True


def take_rows(
    transaction: Transaction, batch: bytes, rows: list[HistoricalRow], *, actor: Actor
) -> Taken:
    """Write rows as matters, all of them in one transaction; rows that are there stay as they are.

    A row whose matter came unanswered with an earlier file, and which now has an answer, adds it.
    """
    new = known = answered = 0
    for row in rows:
        identity = row.identity
        events = transaction.events_of(identity)
        if not events:
            _take(transaction, batch, row, actor)
            new += 1
        elif row.answer and not any("answer" in event.words for event in events):
            late = Draft(
                MatterEvent.ANSWER_IMPORTED,
                identity,
                {"replied_at": row.replied_at, "batch": batch},
                {"answer": row.answer, "title": row.title, "text": row.text},
            )
            before = store.by_id(transaction.connection, identity)
            transaction.append([late], by=actor.signature)
            after = store.by_id(transaction.connection, identity)
            if before is not None and after is not None:
                echoes.follow_through(transaction, before, after, late, by=actor.signature)
            answered += 1
        else:
            known += 1
    return Taken(new, known, answered)


def _take(transaction: Transaction, batch: bytes, row: HistoricalRow, actor: Actor) -> None:
    data: dict[str, Any] = {
        "number": free_number(transaction.connection),
        "kind": str(row.kind),
        "channel": str(Channel.IMPORT),
        "received_at": row.received_at,
        "batch": batch,
        "source_number": row.source_number,
    }
    for field in ("category", "area", "station", "replied_at"):
        value = getattr(row, field)
        if value:
            data[field] = value
    texts = {"text": row.text, "title": row.title, "answer": row.answer}
    draft = Draft(
        MatterEvent.IMPORTED,
        row.identity,
        data,
        {field: text for field, text in texts.items() if text},
        contact_of(row.name, row.phone),
        row.identity,
    )
    transaction.append([draft], by=actor.signature, fresh_subject=True)


def approve_import(transaction: Transaction, identity: bytes, *, actor: Actor) -> None:
    """Record that the office lets the whole import be public."""
    transaction.append([Draft(RecordEvent.IMPORT_APPROVED, identity, {})], by=actor.signature)
