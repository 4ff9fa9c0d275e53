"""The lower node's side of a round: a question is put together, and its answer taken in.

Both are whole: an answer that was cut, or never came, changes nothing, and the next question says
the same once more. A question that travels on a stick is kept until its answer comes (`Kept`).
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nacl.signing import SigningKey

from eventlog import words
from eventlog.events import Event
from eventlog.keys import Keys
from eventlog.log import Log
from eventlog.sealing import Sealer
from eventlog.steps import Step, reached
from eventlog.transaction import Arrival, Transaction
from sync import enrolment, envelope, marks, quarantine, uplink, upstream, wire
from sync.audit import Finding
from sync.audit import note as note_finding
from sync.envelope import MessageKind
from sync.parcels import WrongWords, opened_from, sealed_for
from sync.uplink import Safety
from sync.upstream import Upstream
from sync.wire import Answer, BlobPart, Parcel, Question

EVENTS_MOST = 1000
OFFERED_MOST = 1000


class NotJoined(Exception):
    """This node belongs to no hub yet. Fatal: it must be enrolled first."""

    code = "not-joined"


class Refused(Exception):
    """The hub took nothing of a question. Fatal, until somebody does something about it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NodeDomain(Protocol):
    """What the node's own side decides of what came down."""

    def taken(self, transaction: Transaction, events: Sequence[Event]) -> None:
        """Do what follows from events that were taken in, erasures first."""

    def take_accounts(self, transaction: Transaction, accounts: bytes, hub_ms: int) -> None:
        """Put the accounts in place that the hub told; b"" where they are as they were.

        `hub_ms` is when the hub said so, by its own time: they are good for a while from then.
        """

    def heard(self, hub_ms: int, asked_ms: int, answered_ms: int) -> None:
        """Set the clock by the hub's signed time; asked and answered by the monotonic clock."""


class BlobSource(Protocol):
    """The photos that still have to go up."""

    def parts(self, room_bytes: int) -> list[BlobPart]:
        """Return the next parts of photos that the hub lacks, about so many bytes."""

    def acknowledged(self, blobs: Sequence[tuple[bytes, int, bool]]) -> None:
        """Note up to where the hub has photos, and which are durable."""


@dataclass
class Asking:
    """A question on its way: its bytes, and what its answer will settle."""

    message: bytes
    question: Question
    hub: Upstream
    sent: list[uplink.Waiting] = field(default_factory=list)
    offered: list[int] = field(default_factory=list)
    asked_ms: int = 0

    @property
    def says_something(self) -> bool:
        """Whether the question carries events, photos or offers."""
        return bool(self.sent or self.offered or self.question.parts)


@dataclass
class Round:
    """What a round came to. `more` says that the hub has more to tell at once.

    `unsure` says that the hub speaks in another voice, and has to be asked what it still has.
    `enrolled` says that what opens this node's texts is safe at the hub, and may be forgotten here.
    """

    sent: int = 0
    received: int = 0
    durable: bool = False
    more: bool = False
    lost: bool = False
    refused: list[tuple[bytes, str]] = field(default_factory=list)
    new_voice: bool = False
    enrolled: bool = False
    unsure: bool = False
    site: bytes = b""
    moved: bytes = b""


class Inquirer:
    """Asks the hub above on behalf of one node."""

    def __init__(
        self,
        log: Log,
        keys: Callable[[], Keys],
        domain: NodeDomain,
        *,
        seals_texts: bool,
        blobs: BlobSource | None = None,
        monotonic_ms: Callable[[], int],
        time_unknown: Callable[[], bool] = lambda: False,
        release: str = "",
    ) -> None:
        """`seals_texts` where what came down lies sealed on this disk, as on a station."""
        self._log = log
        self._keys = keys
        self._domain = domain
        self._seals_texts = seals_texts
        self._blobs = blobs
        self._monotonic_ms = monotonic_ms
        self._time_unknown = time_unknown
        self._release = release
        self._said_head = False

    def ask(self, *, up_bytes: int, room_bytes: int = 0, with_photos: bool = True) -> Asking:
        """Return the next question: about `up_bytes` of what waits, texts before photos.

        Raises NotJoined.
        """
        with self._log.reading() as connection:
            connection.execute("BEGIN")
            hub = upstream.read(connection)
            if hub is None:
                raise NotJoined
            asked = Asking(b"", Question(self._log.now_ms() // 1000), hub)
            question = asked.question
            question.time_unknown = self._time_unknown()
            question.cursor_log, question.cursor = hub.cursor_log, hub.cursor
            question.room_bytes = room_bytes
            question.enrolment = hub.enrolment or b""
            question.accounts, question.site = hub.accounts_mark, hub.site_mark
            doubts = uplink.doubtful(connection, min(OFFERED_MOST, max(1, up_bytes // 18)))
            asked.offered = [position for position, _ in doubts]
            question.offered = [event for _, event in doubts]
            if not doubts:
                question.newest = uplink.newest_held(connection)
                asked.sent = self._choose(connection, up_bytes)
                question.runs = wire.pack(self._parcels(connection, asked))
            if not self._said_head:
                self._say_head(connection, question)
            if hub.checked_log != hub.cursor_log and not doubts:
                # Another voice: the hub may have been put back from an older replica.
                question.newest = uplink.newest_sent(connection)
            connection.execute("ROLLBACK")
        if self._blobs is not None and with_photos and not asked.sent and not doubts:
            question.parts = self._blobs.parts(up_bytes)
        if hub.heard_at is None or question.enrolment:
            question.release = self._release
        asked.asked_ms = self._monotonic_ms()
        asked.message = envelope.close(
            wire.encode_message(question),
            SigningKey(self._keys().signing),
            MessageKind.QUESTION,
            about=hub.verify_key,
        )
        return asked

    def _say_head(self, connection: sqlite3.Connection, question: Question) -> None:
        log = self._log.voice.log
        head = connection.execute(
            "SELECT max(sequence) FROM events WHERE log=?", (log,)
        ).fetchone()[0]
        if head is not None:
            question.head_log, question.head = log, head

    def _choose(self, connection: sqlite3.Connection, up_bytes: int) -> list[uplink.Waiting]:
        chosen: list[uplink.Waiting] = []
        size = 0
        for one in uplink.waiting(connection, EVENTS_MOST):
            texts = words.all_of(connection, one.event).values()
            size += len(one.body) + sum(len(word.body) + 40 for word in texts)
            if chosen and size > up_bytes:
                break
            chosen.append(one)
        return chosen

    def _parcels(self, connection: sqlite3.Connection, asked: Asking) -> list[Parcel]:
        found: list[Parcel] = []
        to_hub = Sealer(asked.hub.sealing_key)
        for one in asked.sent:
            texts = words.all_of(connection, one.event)
            if not self._seals_texts:
                # A hub's contact details stay with it; its texts are for the hub above alone.
                texts = sealed_for(texts, to_hub, None)
            found.append(Parcel(one.body, texts, marks.kept(connection, one.event)))
        return found

    def take(self, asked: Asking, message: bytes) -> Round:
        """Take in the hub's answer and return what came of the round.

        Raises BadMessage where the answer is not the hub's (a portal, a proxy: retryable),
        Malformed, Refused.
        """
        answered_ms = self._monotonic_ms()
        content = envelope.open_message(
            message,
            asked.hub.verify_key,
            MessageKind.ANSWER,
            about=envelope.digest(asked.message),
        )
        answer = wire.decode_answer(content)
        self._domain.heard(answer.now_ms, asked.asked_ms, answered_ms)
        if answer.failed:
            self._log.write(
                lambda transaction: upstream.note_tried(
                    transaction.connection, transaction.now_ms(), answer.failed
                )
            )
            raise Refused(answer.failed)
        arrivals = [(self._here(arrival), mark) for arrival, mark in wire.unpack(answer.runs)]
        found = self._log.write(
            lambda transaction: self._settle(transaction, asked, answer, arrivals)
        ).result
        if self._blobs is not None and answer.blobs:
            self._blobs.acknowledged(answer.blobs)
        return found

    def _here(self, arrival: Arrival) -> Arrival:
        """Return an event with its texts as they are to lie on this disk."""
        if self._seals_texts:
            # Nobody need be here to open them: the hub has signed for them.
            return arrival
        keys = self._keys()
        try:
            texts = opened_from(arrival.event, arrival.words, [keys.unsealer], keys.sealer)
        except WrongWords:
            texts = {}
        return arrival._replace(words=texts)

    def _settle(
        self,
        transaction: Transaction,
        asked: Asking,
        answer: Answer,
        arrivals: list[tuple[Arrival, bytes]],
    ) -> Round:
        """Write down what an answer says. Runs as a job of the writer."""
        connection, now = transaction.connection, transaction.now_ms()
        found = Round(
            sent=len(asked.sent),
            durable=answer.durable,
            more=answer.more,
            lost=answer.lost,
            new_voice=answer.new_voice,
            site=answer.site,
            moved=answer.moved,
            unsure=bool(asked.hub.cursor_log and answer.cursor_log)
            and answer.cursor_log != asked.hub.cursor_log,
        )
        if answer.now_ms >= upstream.doubted_ms(connection):
            self._settle_safety(connection, asked, answer)
        for place, code in answer.refused:
            if place < len(asked.sent):
                event = asked.sent[place].event
                uplink.note_refused(connection, event, code, now)
                found.refused.append((event, code))
        if answer.enrolled and answer.durable:
            # Before the hub's replica has it, what this node hands over is not safe there.
            said = enrolment.read_welcome(answer.enrolled)
            upstream.note_enrolled(connection, said.name, said.station)
            found.enrolled = True
        found.received = self._take_in(transaction, arrivals, now)
        if answer.cursor_log:
            upstream.move_cursor(connection, answer.cursor_log, answer.cursor)
            reached(Step.CURSOR_MOVED)
        self._domain.take_accounts(transaction, answer.accounts, answer.now_ms)
        if answer.accounts_mark:
            upstream.note_marks(connection, accounts=answer.accounts_mark)
        if answer.new_voice:
            voice = self._log.take_new_voice(transaction)
            note_finding(connection, now, Finding.NEW_VOICE, node=None, detail=voice.log.hex())
        if asked.question.head_log:
            self._said_head = True
        if asked.question.newest and not answer.lost:
            upstream.note_checked(connection, answer.cursor_log or asked.hub.cursor_log)
        upstream.note_heard(connection, now)
        return found

    def _settle_safety(self, connection: sqlite3.Connection, asked: Asking, answer: Answer) -> None:
        """Note how safe what was sent and offered is now.

        Not called for an answer of before the hub was found to have lost something: such a one
        may lie on a stick for weeks.
        """
        sent = [one.position for one in asked.sent]
        missing = {asked.offered[place] for place in answer.missing if place < len(asked.offered)}
        there = [position for position in asked.offered if position not in missing]
        uplink.mark(connection, [*sent, *there], Safety.HELD)
        uplink.mark(connection, sorted(missing), Safety.WAITING)
        if answer.durable:
            uplink.settle(connection, sent, asked.question.newest)
            reached(Step.SETTLED)
        if answer.lost:
            uplink.doubt_all(connection)
            upstream.note_doubt(connection, answer.now_ms)

    def _take_in(
        self, transaction: Transaction, arrivals: list[tuple[Arrival, bytes]], now: int
    ) -> int:
        connection = transaction.connection
        # Before they are taken in: what has a mark came from above, and does not go up again.
        for arrival, mark in arrivals:
            if mark:
                marks.keep(connection, arrival.event.id, mark)
        taken = transaction.take_in([arrival for arrival, _ in arrivals])
        for arrival in taken.clashing:
            quarantine.keep(connection, arrival, node=0, code=Finding.CLASH, now_ms=now)
            note_finding(connection, now, Finding.CLASH, node=None, detail=arrival.event.id.hex())
        if arrivals:
            self._domain.taken(transaction, [arrival.event for arrival, _ in arrivals])
        return len(taken.fresh)
