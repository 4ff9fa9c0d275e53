"""What a job may do while the writer's transaction is open: append events and see them folded."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from eventlog import words
from eventlog.events import FORMAT, GENESIS, Draft, Event, decode, digest, encode
from eventlog.identifiers import new_uuid7
from eventlog.projections import Projection, encode_state, projection_of
from eventlog.sealing import Sealer


class Transaction:
    """One open write transaction. Owned by the writer thread; dies with the COMMIT.

    Nothing is remembered between transactions: the head of the chain is read once inside each,
    because a command that runs beside the server writes to the same log (DESIGN decision 4).
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        log: bytes,
        projections: Mapping[str, Projection],
        sealer: Sealer | None,
        now_ms: Callable[[], int],
        time_unknown: Callable[[], bool] = lambda: False,
    ) -> None:
        self.connection = connection
        self.now_ms = now_ms
        self._time_unknown = time_unknown
        self._log = log
        self._projections = projections
        self._sealer = sealer
        self._head: tuple[int, bytes] | None = None

    def mark(self) -> object:
        """Return what `roll_back` needs to undo a job's effect on the head of the chain."""
        return self._head

    def roll_back(self, mark: object) -> None:
        """Forget what was appended since `mark`; the rows are undone by the savepoint."""
        self._head = mark  # type: ignore[assignment]  # it came from mark()

    def exists(self, event: bytes) -> bool:
        """Return whether an event of that id is in the log."""
        found = self.connection.execute("SELECT 1 FROM events WHERE id=?", (event,)).fetchone()
        return found is not None

    def events_of(self, subject: bytes) -> list[Event]:
        """Return the subject's events in the order in which they are folded."""
        return events_of(self.connection, subject)

    def append(
        self, drafts: Sequence[Draft], *, by: str, fresh_subject: bool = False
    ) -> list[Event]:
        """Write events with their words and fold what they touch; return them as written.

        All drafts are by one author at one moment; where the time is not known, their data says
        so (`clock`: `unknown`). `fresh_subject` promises that no event of
        their subjects stands in the log yet, and saves two look-ups on the way in.
        Raises sqlite3.IntegrityError where an id is taken.
        """
        # Asked first: should the hub be heard in between, a time that is right is doubted, and
        # not the reverse.
        doubt = {"clock": "unknown"} if self._time_unknown() else {}
        at = self.now_ms()
        written: list[Event] = []
        touched: dict[bytes, tuple[list[Event] | None, int]] = {}
        for draft in drafts:
            fresh = fresh_subject and draft.subject not in touched
            event, position = self._write(draft, by, at, 0 if fresh else None, doubt)
            written.append(event)
            touched[draft.subject] = [event] if fresh else None, position
        for subject, (known, position) in touched.items():
            events = known or self.events_of(subject)
            refold(self.connection, self._projections, subject, events, position)
        return written

    def _write(
        self, draft: Draft, by: str, at: int, rank: int | None, doubt: Mapping[str, str]
    ) -> tuple[Event, int]:
        connection = self.connection
        texts = {field: words.commit(text) for field, text in draft.words.items()}
        if draft.secret:
            if self._sealer is None:
                raise RuntimeError("this node has no key to seal contact details with")
            for field, text in draft.secret.items():
                texts[field] = words.commit_sealed(text, self._sealer)
        if rank is None:
            highest = connection.execute(
                "SELECT max(rank) FROM events WHERE subject=?", (draft.subject,)
            ).fetchone()[0]
            rank = 0 if highest is None else highest + 1
        sequence, previous = self._head or self._read_head()
        event = Event(
            FORMAT,
            self._log,
            sequence + 1,
            previous,
            draft.id or new_uuid7(at),
            draft.subject,
            draft.type,
            rank,
            at,
            by,
            {**draft.data, **doubt},
            {field: word.commitment for field, word in texts.items()},
        )
        body = encode(event)
        cursor = connection.execute(
            "INSERT INTO events(id, log, sequence, subject, rank, type, body) "
            "VALUES (?,?,?,?,?,?,?)",
            (event.id, self._log, event.sequence, event.subject, rank, event.type, body),
        )
        for field, word in texts.items():
            words.store(connection, event.id, field, word)
        self._head = (event.sequence, digest(body))
        return event, cursor.lastrowid or 0

    def _read_head(self) -> tuple[int, bytes]:
        row = self.connection.execute(
            "SELECT sequence, body FROM events WHERE log=? ORDER BY sequence DESC LIMIT 1",
            (self._log,),
        ).fetchone()
        return (0, GENESIS) if row is None else (row[0], digest(row[1]))


def events_of(connection: sqlite3.Connection, subject: bytes) -> list[Event]:
    """Return the subject's events in (rank, id) order."""
    rows = connection.execute(
        "SELECT body FROM events WHERE subject=? ORDER BY rank, id", (subject,)
    )
    return [decode(row[0]) for row in rows]


def refold(
    connection: sqlite3.Connection,
    projections: Mapping[str, Projection],
    subject: bytes,
    events: Sequence[Event],
    position: int,
) -> None:
    """Fold a subject anew and put its state and rows in place. Called with the transaction open.

    A subject whose events are all of unknown nouns has no state.
    """
    projection = projection_of(projections, events)
    if projection is None:
        return
    state = projection.fold(events)
    connection.execute(
        "INSERT OR REPLACE INTO states(subject, noun, position, state) VALUES (?,?,?,?)",
        (subject, projection.noun, position, encode_state(state)),
    )
    projection.replace_rows(connection, subject, state, position)
