"""The hub's answer to a question: what became of it, and what is new for the one who asked."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec
from nacl.signing import SigningKey

from eventlog import words
from eventlog.crash_points import CrashPoint, reached
from eventlog.database import one_moment
from eventlog.keys import Keys
from eventlog.log import Log
from sync.nodes import enrolment, quarantine
from sync.nodes.nodes import Peer
from sync.rounds import downlink, envelope, marks, wire
from sync.rounds.downlink import Downlink
from sync.rounds.entrusted import Entrusted
from sync.rounds.envelope import MessageKind
from sync.rounds.parcels import sealed_for
from sync.rounds.received_question import Domain, Outcome, ReceivedQuestion
from sync.rounds.wire import Answer, Parcel, Question

ROOM_USUAL_BYTES = 256 * 1024
ROOM_MOST_BYTES = 16 * 1024 * 1024


class AnswerWriter:
    """Puts answers together and signs them, for one hub."""

    def __init__(
        self,
        log: Log,
        keys: Keys,
        entrusted: Entrusted,
        queue: Downlink,
        domain: Domain,
        *,
        site_mark: Callable[[], bytes],
        now_ms: Callable[[], int],
        now_for: Callable[[ReceivedQuestion], int],
    ) -> None:
        """`now_for` is the time as a sender is told it: it sets its clock by that."""
        self._log = log
        self._keys = keys
        self._signing = SigningKey(keys.signing)
        self._entrusted = entrusted
        self._queue = queue
        self._domain = domain
        self._site_mark = site_mark
        self._now_ms = now_ms
        self._now_for = now_for

    def answer(
        self, received: ReceivedQuestion, outcome: Outcome, *, durable: bool, with_news: bool = True
    ) -> bytes:
        """Return the signed answer to a question that was taken.

        Without news it says only what became of what was brought.
        """
        with self._log.reading() as connection, one_moment(connection):
            answer = self._answer(connection, received, outcome, durable, with_news)
        reached(CrashPoint.ANSWERING)
        return self._closed(received.digest, answer)

    def answers(
        self, received: ReceivedQuestion, outcome: Outcome, *, durable: bool
    ) -> Iterator[bytes]:
        """Yield signed answers to one question until all that is to go down is told.

        For a bundle, in which the sender cannot ask for more; it takes them in this order.
        """
        question = msgspec.structs.replace(received.question)
        received = replace(received, question=question)
        while True:
            with self._log.reading() as connection, one_moment(connection):
                answer = self._answer(connection, received, outcome, durable, True)
            yield self._closed(received.digest, answer)
            if not answer.more or not answer.cursor_log:
                return
            question.cursor_log, question.cursor = answer.cursor_log, answer.cursor
            question.accounts = answer.accounts_mark or question.accounts

    def failure(self, message: bytes, code: str) -> bytes:
        """Return the signed answer that says why nothing of a question was taken."""
        return self._closed(envelope.digest(message), Answer(self._now_ms(), failed=code))

    def _answer(
        self,
        connection: sqlite3.Connection,
        received: ReceivedQuestion,
        outcome: Outcome,
        durable: bool,
        with_news: bool,
    ) -> Answer:
        question, peer = received.question, outcome.peer
        answer = Answer(
            self._now_for(received),
            durable=durable and received.wants_safety,
            refused=list(outcome.refused),
            new_voice=outcome.new_voice,
            blobs=received.blobs,
            moved=peer.moved_to or b"",
            head_wanted=bool(received.is_live and peer.head_wanted and not question.head_log),
        )
        if question.newest and not _knows(connection, question.newest):
            answer.lost, answer.durable = True, False
        answer.missing = [
            place for place, event in enumerate(question.offered) if not _knows(connection, event)
        ]
        if question.enrolment and peer.enrolled_at is not None:
            answer.enrolled = enrolment.welcome(peer.name, peer.station)
        if not with_news:
            return answer
        self._add_accounts(connection, answer, question, peer)
        mark = self._site_mark()
        if mark != question.site:
            answer.site = mark
        self._add_events(connection, answer, question, peer)
        return answer

    def _add_accounts(
        self, connection: sqlite3.Connection, answer: Answer, question: Question, peer: Peer
    ) -> None:
        if not peer.station:
            return
        mark = self._domain.accounts_mark(connection, peer.station)
        if mark != question.accounts:
            reading = self._entrusted.of(peer).reading
            answer.accounts = self._domain.accounts_of(connection, peer.station, reading)
            answer.accounts_mark = mark

    def _add_events(
        self, connection: sqlite3.Connection, answer: Answer, question: Question, peer: Peer
    ) -> None:
        log = self._log.voice.log
        after = downlink.where_to_go_on(connection, log, question.cursor_log, question.cursor)
        room = min(question.room_bytes or ROOM_USUAL_BYTES, ROOM_MOST_BYTES)
        secrets = self._entrusted.of(peer)
        unsealer = self._entrusted.unsealer if secrets.reading else None
        parcels: list[Parcel] = []
        position, size = after, 0
        for event in downlink.visible(connection, peer.node, after):
            texts = words.all_of(connection, event.event)
            public = self._queue.is_public(event.body)
            parcel = Parcel(
                event.body,
                texts if public else sealed_for(texts, secrets.sealer, unsealer),
                marks.mark_of(self._keys.receipt, event.body),
            )
            size += len(event.body) + sum(len(word.body) for word in parcel.words.values()) + 60
            if parcels and size > room:
                break
            parcels.append(parcel)
            position = event.position
        answer.runs = wire.pack(parcels)
        answer.more = position < downlink.newest(connection, peer.node)
        if position != question.cursor or log != question.cursor_log:
            answer.cursor_log, answer.cursor = log, position

    def _closed(self, digest: bytes, answer: Answer) -> bytes:
        content = wire.encode_message(answer)
        return envelope.close(content, self._signing, MessageKind.ANSWER, about=digest)


def _knows(connection: sqlite3.Connection, event: bytes) -> bool:
    """Return whether the hub has an event, folded or in quarantine."""
    row = connection.execute("SELECT 1 FROM events WHERE id=?", (event,)).fetchone()
    return row is not None or quarantine.is_kept(connection, event)
