"""What the log says of matters and imports, as rows."""

import sqlite3
from collections.abc import Sequence

import msgspec

from acts.shanghai import month_of
from eventlog.events import Event
from matters import store
from matters.erasing import pictures
from matters.ledgers import tallies
from matters.ledgers.marks import days_to_answer, marks_of, people_of
from matters.lifecycle import fold
from matters.listing import waiting
from matters.matter import Matter
from matters.shapes import WrongShape, text_in, time_of
from matters.terms import Desk, Grade, MatterEvent, Publicity, RecordEvent, Role

# What takes a matter out of the notices.
_HIDING = (MatterEvent.WITHDRAWN, MatterEvent.ERASED, MatterEvent.RECLASSIFIED)


class MattersProjection:
    """Projection of the noun `matter` into `matters`, `numbers`, `dispatched` and so on.

    `postings` and `tallies` are a step behind (`matters/listing/waiting.py`), and whoever reads
    them knows it.
    """

    noun = "matter"
    version = 5

    def fold(self, events: Sequence[Event]) -> Matter:
        """Return the matter that the events give."""
        return fold(events)

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: Matter, position: int
    ) -> None:
        """Put the matter's row and those of its units in place. The transaction is open."""
        matter = state
        if not matter.number:
            return
        stands = connection.execute("SELECT seq FROM matters WHERE id=?", (matter.id,)).fetchone()
        if stands is None:
            tallies.note_fresh(connection, _insert(connection, None, matter, position))
        else:
            tallies.note_change(connection, stands[0])
            connection.execute("DELETE FROM matters WHERE seq=?", (stands[0],))
            _insert(connection, stands[0], matter, position)
        if len(matter.steps) > 1:
            connection.execute("DELETE FROM dispatched WHERE matter=?", (matter.id,))
            units = {unit for unit in (matter.lead, *matter.assisting) if unit}
            connection.executemany(
                "INSERT INTO dispatched(unit, matter) VALUES (?,?)",
                [(unit, matter.id) for unit in sorted(units)],
            )
            connection.execute("DELETE FROM numbers WHERE matter=?", (matter.id,))
            connection.executemany(
                "INSERT INTO numbers(number, matter) VALUES (?,?)",
                [(number, matter.id) for number in matter.numbers],
            )
        if matter.photos or matter.publicity is not Publicity.NONE:
            pictures.write_named(connection, matter)

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the tables."""
        for table in (
            *("matters", "numbers", "dispatched", "matter_pictures"),
            *("postings", "tallies", "waiting"),
        ):
            connection.execute(f"DELETE FROM {table}")

    def complete(self, connection: sqlite3.Connection) -> None:
        """Index and count what waits, after all matters were folded. The transaction is open."""
        while waiting.work_off(connection):
            pass

    def erased(self, connection: sqlite3.Connection, subject: bytes) -> None:
        """Take the erased words of a matter out of the search. The transaction is open."""
        waiting.forget(connection, subject)


def _insert(connection: sqlite3.Connection, seq: int | None, matter: Matter, position: int) -> int:
    """Write the matter's row and return its `seq`, a new one where it is None."""
    row = _row(connection, seq, matter, position)
    # No REPLACE: it costs twice as much, also where there is nothing to be replaced.
    statement = f"INSERT INTO matters({','.join(row)}) VALUES ({','.join('?' * len(row))})"
    return connection.execute(statement, tuple(row.values())).lastrowid or 0


def _row(
    connection: sqlite3.Connection, seq: int | None, matter: Matter, position: int
) -> dict[str, object]:
    """Return the values of the matter's row by column: the one list of these columns."""
    desk = matter.desk
    approved_at = _approved_at(connection, matter)
    return {
        "seq": seq,
        "id": matter.id,
        "number": matter.number,
        "position": position,
        "state": matter.state,
        "desk": desk,
        "kind": matter.kind,
        "category": matter.category,
        "area": matter.area,
        "station": matter.station,
        "deputy": matter.deputy,
        "body": matter.body,
        "taken_by": _taken_by(matter),
        "lead": matter.lead,
        "grade": matter.grade,
        "alarm": matter.alarm,
        "rush": desk is Desk.FRAME and (matter.alarm or matter.grade is Grade.URGENT),
        "key": matter.key,
        "level": matter.level,
        "round": matter.round,
        "channel": matter.channel,
        "month": month_of(matter.received_at),
        "received_at": matter.received_at,
        "due_at": matter.due_at,
        "replied_at": matter.replied_at,
        "running": matter.open_with_unit and matter.due_at is not None,
        "press_due_at": matter.press_due_at,
        "extension": matter.extension_until is not None,
        "asked": matter.paused,
        "unsatisfied": matter.unsatisfied,
        "answered": matter.answered,
        "answer_days": days_to_answer(matter),
        "people": people_of(matter),
        "marks": int(marks_of(matter)),
        "publicity": matter.publicity,
        "published_at": matter.published_at,
        "first_shown_at": _first_shown_at(matter, approved_at),
        "shown": matter.publicity is Publicity.PUBLISHED
        or (matter.publicity is Publicity.DRAFT and approved_at is not None),
        "batch": matter.batch,
        "handover": matter.handover,
        "split_from": matter.split_from,
        "merged_into": matter.merged_into,
        "content": matter.content,
        "quarantine": matter.quarantine,
        "contested": len(matter.contested),
    }


def _taken_by(matter: Matter) -> str:
    """Return the account of the deputy who took the matter up, or ""."""
    for step in matter.steps:
        role, _, account = step.by.partition(":")
        if step.type == MatterEvent.ADOPTED and role == Role.DEPUTY and step.stands:
            return account
    return ""


def _approved_at(connection: sqlite3.Connection, matter: Matter) -> int | None:
    """Return when the office let the import be public that the matter came with, or None."""
    if not matter.batch or matter.publicity is Publicity.NONE:
        return None
    return store.approved_at(connection, matter.batch)


def _first_shown_at(matter: Matter, approved_at: int | None) -> int | None:
    """Return since when the matter was first among the notices; None if it never was.

    An import that was approved only after the matter had been withdrawn did not show it.
    """
    if matter.publicity is Publicity.NONE:
        return None
    moments = [
        step.counts_from
        for step in matter.steps
        if step.type == MatterEvent.PUBLISHED and step.stands
    ][:1]
    if approved_at is not None and (
        matter.publicity is not Publicity.WITHDRAWN
        or not any(
            s.type in _HIDING and s.stands and s.counts_from < approved_at for s in matter.steps
        )
    ):
        moments.append(approved_at)
    return min(moments, default=None)


class Import(msgspec.Struct, kw_only=True):
    """One import of an old file as a whole; `approved_at` once the office let it be public."""

    id: bytes
    file_name: str = ""
    started_at: int = 0
    approved_at: int | None = None
    approved_by: str = ""


class ImportsProjection:
    """Projection of the noun `import` into `imports`."""

    noun = "import"
    version = 3

    def fold(self, events: Sequence[Event]) -> Import:
        """Return the import that the events give; a second approval changes nothing."""
        batch = Import(id=events[0].subject if events else b"")
        started = False
        for event in events:
            try:
                at, file_name = time_of(event.at), text_in(event.data, "file")
            except WrongShape:
                continue
            if event.type == RecordEvent.IMPORT_STARTED and not started:
                started = True
                batch.started_at, batch.file_name = at, file_name
            elif event.type == RecordEvent.IMPORT_APPROVED and batch.approved_at is None:
                batch.approved_at, batch.approved_by = at, event.by
        return batch

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: Import, position: int
    ) -> None:
        """Put the import's row in place. The transaction is open."""
        row = connection.execute(
            "SELECT approved_at FROM imports WHERE id=?", (state.id,)
        ).fetchone()
        stood = [] if row is not None and row[0] == state.approved_at else _stood(connection, state)
        connection.execute(
            "INSERT OR REPLACE INTO imports(id, file_name, started_at, approved_at, approved_by) "
            "VALUES (?,?,?,?,?)",
            (state.id, state.file_name, state.started_at, state.approved_at, state.approved_by),
        )
        if state.approved_at is not None:
            tallies.show_batch(connection, state.id)
            for matter in stood:
                connection.execute(
                    "UPDATE matters SET first_shown_at=? WHERE id=?",
                    (_first_shown_at(matter, state.approved_at), matter.id),
                )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the table."""
        connection.execute("DELETE FROM imports")


def _stood(connection: sqlite3.Connection, batch: Import) -> list[Matter]:
    """Return the matters of an import that an approval does not show, but may date otherwise.

    It may arrive after a later one, or after the office had published some by hand.
    """
    rows = connection.execute(
        "SELECT id FROM matters WHERE batch=? AND batch != x'' AND publicity != ? "
        "AND (shown OR publicity != ?)",
        (batch.id, Publicity.NONE, Publicity.DRAFT),
    ).fetchall()
    matters = (store.by_id(connection, identity) for (identity,) in rows)
    return [matter for matter in matters if matter is not None]
