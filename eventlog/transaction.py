"""What a job may do while the writer's transaction is open: append events and see them folded."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from eventlog import words
from eventlog.crash_points import CrashPoint, reached
from eventlog.events import FORMAT, GENESIS, Draft, Event, decode, digest, encode
from eventlog.identifiers import new_uuid7
from eventlog.projections import Projection, encode_state, projection_of
from eventlog.sealing import Sealer
from eventlog.voice import Voice
from eventlog.words import Word

# SQLite before 3.32 takes 999 values at most in one statement.
IDS_AT_ONCE = 500


class Arrival(NamedTuple):
    """An event of another node: its exact bytes, the same decoded, and its texts by field."""

    body: bytes
    event: Event
    words: Mapping[str, Word]


class TakenIn(NamedTuple):
    """What became of arrivals: those that were new, and those whose id other bytes have here.

    `completed` were here, and brought texts that were missing.
    """

    fresh: list[Arrival]
    clashing: list[Arrival]
    completed: list[Arrival]


class Witness(Protocol):
    """Is told of events, its own and others', once they are folded; may write rows beside them."""

    def __call__(self, transaction: "Transaction", events: Sequence[Event]) -> None: ...


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
        is_boxed: Callable[[str], bool] = lambda type: False,
        witness: Witness | None = None,
    ) -> None:
        """`is_boxed` says of an event's type whether its texts are sealed on this disk; `witness`
        is told of events once they are folded, and may write more rows beside them.
        """
        self.connection = connection
        self.now_ms = now_ms
        self._time_unknown = time_unknown
        self._log = log
        self._projections = projections
        self._sealer = sealer
        self._is_boxed = is_boxed
        self._witness = witness
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
        if self._witness is not None:
            self._witness(self, written)
        reached(CrashPoint.APPENDED)
        return written

    def take_in(self, arrivals: Sequence[Arrival]) -> TakenIn:
        """Keep events of other nodes as they are, and fold what they touch, each subject once.

        An event that is here already brings nothing but texts that are missing here; texts that
        were erased are not taken again. Nothing is checked but that an id stands for the same
        bytes: signatures and commitments are the caller's to check.
        """
        found = TakenIn([], [], [])
        touched: dict[bytes, int] = {}
        here = self._here([arrival.event.id for arrival in arrivals])
        erased = self._erased([arrival.event.id for arrival in arrivals if arrival.words])
        for arrival in arrivals:
            event = arrival.event
            known = here.get(event.id)
            if known is not None and known[0] != arrival.body:
                found.clashing.append(arrival)
                continue
            position = known[1] if known is not None else self._insert(event, arrival.body)
            there = words.all_of(self.connection, event.id) if known is not None else {}
            added = 0
            for field, word in arrival.words.items():
                if field not in there and (event.id, field) not in erased:
                    words.store(self.connection, event.id, field, word)
                    added += 1
            if known is None:
                here[event.id] = arrival.body, position
                found.fresh.append(arrival)
            elif added:
                found.completed.append(arrival)
            if known is None or added:
                touched[event.subject] = max(position, touched.get(event.subject, 0))
        for subject, position in touched.items():
            refold(self.connection, self._projections, subject, self.events_of(subject), position)
        if self._witness is not None and found.fresh:
            self._witness(self, [arrival.event for arrival in found.fresh])
        return found

    def _here(self, events: Sequence[bytes]) -> dict[bytes, tuple[bytes, int]]:
        """Return body and position of those events that are in the log, by their ids."""
        return {
            row[0]: (row[1], row[2])
            for part, marks in _in_parts(events)
            for row in self.connection.execute(
                f"SELECT id, body, position FROM events WHERE id IN ({marks})", part
            )
        }

    def _erased(self, events: Sequence[bytes]) -> set[tuple[bytes, str]]:
        """Return which texts of these events were erased, by event and field."""
        return {
            (row[0], row[1])
            for part, marks in _in_parts(events)
            for row in self.connection.execute(
                f"SELECT event, field FROM erased WHERE event IN ({marks})", part
            )
        }

    def change_voice(self, voice: Voice) -> None:
        """Go on in another log from here: what is appended next begins it."""
        self._log, self._head = voice.log, None

    def _write(
        self, draft: Draft, by: str, at: int, rank: int | None, doubt: Mapping[str, str]
    ) -> tuple[Event, int]:
        connection = self.connection
        texts = self._committed(draft)
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
        position = self._insert(event, body)
        for field, word in texts.items():
            words.store(connection, event.id, field, word)
        self._head = (event.sequence, digest(body))
        return event, position

    def _committed(self, draft: Draft) -> dict[str, Word]:
        """Return the texts of a draft as they are to lie on this disk, with their commitments."""
        sealer, boxes = self._sealer, self._is_boxed(draft.type)
        if sealer is None:
            if draft.secret or boxes:
                raise RuntimeError("this node has no key to seal texts with")
            return {field: words.commit(text) for field, text in draft.words.items()}
        texts = {
            field: words.commit_boxed(text, sealer) if boxes else words.commit(text)
            for field, text in draft.words.items()
        }
        for field, text in draft.secret.items():
            texts[field] = words.commit_sealed(text, sealer)
        return texts

    def _insert(self, event: Event, body: bytes) -> int:
        cursor = self.connection.execute(
            "INSERT INTO events(id, log, sequence, subject, rank, type, body) "
            "VALUES (?,?,?,?,?,?,?)",
            (event.id, event.log, event.sequence, event.subject, event.rank, event.type, body),
        )
        return cursor.lastrowid or 0

    def _read_head(self) -> tuple[int, bytes]:
        row = self.connection.execute(
            "SELECT sequence, body FROM events WHERE log=? ORDER BY sequence DESC LIMIT 1",
            (self._log,),
        ).fetchone()
        return (0, GENESIS) if row is None else (row[0], digest(row[1]))


def _in_parts(ids: Sequence[bytes]) -> Iterator[tuple[Sequence[bytes], str]]:
    """Yield ids in parts that one statement bears, each with its question marks."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        part = ids[start : start + IDS_AT_ONCE]
        yield part, ",".join("?" * len(part))


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
