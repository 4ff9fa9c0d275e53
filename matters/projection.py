"""What the log says of matters and imports, as rows."""

import sqlite3
from collections.abc import Sequence

import msgspec

from eventlog.events import Event
from matters.deadlines import month_of
from matters.lifecycle import fold
from matters.marks import days_to_answer, marks_of, people_of
from matters.matter import Matter
from matters.shapes import WrongShape, text_in, time_of
from matters.terms import RecordEvent

_COLUMNS = (
    "id, number, position, state, kind, category, area, station, deputy, lead, grade, channel, "
    "month, received_at, due_at, answered, publicity, published_at, batch, content, quarantine, "
    "contested, marks, people, answer_days"
)
_INSERT = (
    f"INSERT OR REPLACE INTO matters({_COLUMNS}) "
    f"VALUES ({','.join('?' * len(_COLUMNS.split(',')))})"
)


class MattersProjection:
    """Projection of the noun `matter` into `matters` and `dispatched`."""

    noun = "matter"

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
        connection.execute(
            _INSERT,
            (
                matter.id,
                matter.number,
                position,
                matter.state,
                matter.kind,
                matter.category,
                matter.area,
                matter.station,
                matter.deputy,
                matter.lead,
                matter.grade,
                matter.channel,
                month_of(matter.received_at),
                matter.received_at,
                matter.due_at,
                matter.answered,
                matter.publicity,
                matter.published_at,
                matter.batch,
                matter.content,
                matter.quarantine,
                len(matter.contested),
                int(marks_of(matter)),
                people_of(matter),
                days_to_answer(matter),
            ),
        )
        if len(matter.steps) > 1:
            connection.execute("DELETE FROM dispatched WHERE matter=?", (matter.id,))
            units = {unit for unit in (matter.lead, *matter.assisting) if unit}
            connection.executemany(
                "INSERT INTO dispatched(unit, matter) VALUES (?,?)",
                [(unit, matter.id) for unit in sorted(units)],
            )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the tables."""
        connection.execute("DELETE FROM matters")
        connection.execute("DELETE FROM dispatched")


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

    def fold(self, events: Sequence[Event]) -> Import:
        """Return the import that the events give; a second approval changes nothing."""
        found = Import(id=events[0].subject if events else b"")
        started = False
        for event in events:
            try:
                at, file_name = time_of(event.at), text_in(event.data, "file")
            except WrongShape:
                continue
            if event.type == RecordEvent.IMPORT_STARTED and not started:
                started = True
                found.started_at, found.file_name = at, file_name
            elif event.type == RecordEvent.IMPORT_APPROVED and found.approved_at is None:
                found.approved_at, found.approved_by = at, event.by
        return found

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: Import, position: int
    ) -> None:
        """Put the import's row in place. The transaction is open."""
        connection.execute(
            "INSERT OR REPLACE INTO imports(id, file_name, started_at, approved_at, approved_by) "
            "VALUES (?,?,?,?,?)",
            (state.id, state.file_name, state.started_at, state.approved_at, state.approved_by),
        )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the table."""
        connection.execute("DELETE FROM imports")
