"""The hub's side of a round: a question is read, taken in, and answered.

In three steps, so that each runs where it belongs: `read_question` (signature, texts; any thread),
`take_question` (a job of the writer), `answer` (after the replica was asked; any thread). Whatever
a question holds, either all of it is kept or nothing: what may not be folded is put into
quarantine.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from eventlog.clock import OFF_MOST_MS, TOLERANCE_MS
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.keys import Keys
from eventlog.log import Log
from eventlog.transaction import Arrival, Transaction
from sync.nodes import audit, enrolment, nodes, quarantine
from sync.nodes.audit import Finding
from sync.nodes.enrolment import BadCode, Enrolment, HubCard
from sync.nodes.nodes import Peer
from sync.photos.sink import BlobSink
from sync.rounds import downlink, envelope, marks, wire
from sync.rounds.answer import AnswerWriter
from sync.rounds.downlink import Downlink
from sync.rounds.entrusted import Entrusted
from sync.rounds.envelope import BadMessage, ForeignMessage, MessageKind
from sync.rounds.forks import (
    behind_of,
    brings_a_log,
    lacking_of,
    look_for_forks,
    may_write,
    note_logs,
)
from sync.rounds.parcels import WrongWords
from sync.rounds.received_question import Domain, Outcome, QuestionRefused, ReceivedQuestion
from sync.rounds.wire import EVENTS_MOST, Malformed

# Of a question, unpacked; what is decoded takes ten times the room. By network and on a stick it is
# cut to half a megabyte of events (`sync/rounds/courier.py`, `sync/sticks/carried.py`).
QUESTION_MOST_BYTES = 4 * 1024 * 1024
HEARD_EVERY_MS = 60_000
# A sender whose time is off by more is not believed about when something happened.
OFF_MS = TOLERANCE_MS
# So long before it was invited a station may have been in use.
BEFORE_MS = OFF_MOST_MS


class Reception:
    """Answers the nodes below one hub."""

    def __init__(
        self,
        log: Log,
        keys: Keys,
        card: HubCard,
        queue: Downlink,
        domain: Domain,
        *,
        blobs: BlobSink | None = None,
        site_mark: Callable[[], bytes] = lambda: b"",
        now_ms: Callable[[], int] | None = None,
        doubts: Callable[[], bool] = lambda: False,
    ) -> None:
        """`doubts` says whether this hub's own clock may be wrong."""
        self._log = log
        self._keys = keys
        self.card = card
        self.entrusted = Entrusted(log, keys)
        self._queue = queue
        self.domain = domain
        self._blobs = blobs
        self._now_ms = now_ms or log.now_ms
        self._doubts = doubts
        writer = AnswerWriter(
            log,
            keys,
            self.entrusted,
            queue,
            domain,
            site_mark=site_mark,
            now_ms=self._now_ms,
            now_for=self._now_for,
        )
        self.answer = writer.answer
        self.answers = writer.answers
        self.failure = writer.failure

    # Reading.

    def read_question(self, message: bytes, *, is_live: bool = True) -> ReceivedQuestion:
        """Return a question whose signature and texts were found right.

        `is_live` is False for a bundle, which may be weeks old. Raises QuestionRefused, whose code
        the sender is told by `failure`; what somebody should know is on record then.
        """
        try:
            sender = envelope.sender_of(message)
            with self._log.reading() as connection:
                peer = nodes.by_key(connection, sender)
                if peer is None or (peer.revoked_at is not None and _introduction_in(message)):
                    return self._read_first(connection, message, is_live)
                received = self._opened(message, peer, is_live, None)
                if peer.revoked_at is not None:
                    self._set_aside(received, peer.revoked_at)
                self._sort(connection, received)
                return received
        except ForeignMessage as error:
            self._note(Finding.FORGED, None)
            raise QuestionRefused(error.code) from error
        except BadMessage as error:
            raise QuestionRefused(error.code) from error
        except Malformed as error:
            self._note(Finding.MALFORMED, None)
            raise QuestionRefused(error.code) from error

    def _opened(
        self, message: bytes, peer: Peer, is_live: bool, introduction: Enrolment | None
    ) -> ReceivedQuestion:
        content = envelope.open_message(
            message,
            peer.verify_key or b"",
            MessageKind.QUESTION,
            about=self.card.verify_key,
            most_bytes=QUESTION_MOST_BYTES,
        )
        question = wire.decode_question(content)
        digest = envelope.digest(message)
        return ReceivedQuestion(digest, question, peer, introduction, is_live=is_live)

    def _read_first(
        self, connection: sqlite3.Connection, message: bytes, is_live: bool
    ) -> ReceivedQuestion:
        """Return the first question of a node, which says who it is and proves its code."""
        # Whoever sends this may be anybody: of what it holds nothing is made before it is proven.
        introduction = _introduction_in(message)
        if not introduction:
            self._note(Finding.UNKNOWN_NODE, None)
            raise QuestionRefused("unknown-node")
        try:
            introduced = enrolment.read_introduction(introduction)
            invited = nodes.by_code(connection, introduced.code_mark)
            if invited is None or invited[2] < self._now_ms():
                raise BadCode("no such code")
            peer, code_key, _ = invited
            if not enrolment.is_proven(code_key, introduced, self.card):
                raise BadCode("not proven")
        except BadCode as error:
            self._note(Finding.BAD_CODE, None)
            raise QuestionRefused(error.code) from error
        peer = peer._replace(
            key_id=envelope.node_id(introduced.verify_key),
            verify_key=introduced.verify_key,
            reading_key=introduced.reading_key,
            age_key=introduced.age_key,
            secrets=introduced.secrets,
        )
        received = self._opened(message, peer, is_live, introduced)
        self._sort(connection, received)
        return received

    def _set_aside(self, received: ReceivedQuestion, revoked_at: int) -> None:
        """Keep what a node that is shut out signed before that, and take nothing else.

        Its own word is all there is for when that was, so it is put into quarantine.
        """
        before = received.question.now_s * 1000 < revoked_at

        def job(transaction: Transaction) -> None:
            now = self._now_ms()
            if before:
                for arrival, _ in wire.unpack(received.question.runs):
                    try:
                        arrival = self.entrusted.here(received.peer, arrival)
                    except WrongWords:
                        arrival = arrival._replace(words={})
                    quarantine.keep(
                        transaction.connection,
                        arrival,
                        node=received.peer.node,
                        code=Finding.REVOKED,
                        now_ms=now,
                    )
            audit.note(transaction.connection, now, Finding.REVOKED, node=received.peer.node)

        self._log.write(job)
        raise QuestionRefused("revoked")

    def _sort(self, connection: sqlite3.Connection, received: ReceivedQuestion) -> None:
        """Undress the events that were brought, and put aside what may not be folded."""
        wire.check_parts(received.question.parts)
        marked = wire.unpack(received.question.runs)
        if len(marked) > EVENTS_MOST:
            raise Malformed("too many events at once")
        writers: dict[bytes, bool] = {}
        for place, (arrival, mark) in enumerate(marked):
            log = arrival.event.log
            if log not in writers:
                writers[log] = may_write(connection, received.peer, log)
            why = self._why_not(connection, received.peer, arrival, mark, writers[log])
            try:
                arrival = self.entrusted.here(received.peer, arrival)
            except WrongWords as error:
                why, arrival = why or error.code, arrival._replace(words={})
            if why:
                received.refused.append((place, arrival, why))
                continue
            received.arrivals.append((place, arrival))
            if not mark or not marks.is_ours(self._keys.receipt, arrival.body, mark):
                received.own_logs.add(arrival.event.log)

    def _why_not(
        self,
        connection: sqlite3.Connection,
        peer: Peer,
        arrival: Arrival,
        mark: bytes,
        is_own: bool,
    ) -> str:
        if mark and marks.is_ours(self._keys.receipt, arrival.body, mark):
            # The hub itself once sent it down: it comes back after a restore.
            return ""
        if not is_own:
            return "another's-log"
        return self.domain.why_not(connection, arrival, peer.station)

    # Taking in.

    def take_question(self, transaction: Transaction, received: ReceivedQuestion) -> Outcome:
        """Write down what a question brought. Runs as a job of the writer."""
        connection, now = transaction.connection, self._now_ms()
        peer = received.peer
        if received.introduction is not None:
            peer = self._enrol(transaction, received, now)
        if peer.revoked_at is not None or peer.enrolled_at is None:
            raise QuestionRefused("revoked")
        for log in note_logs(connection, received, peer, now):
            self._queue.follow(transaction, peer, log)
        again = look_for_forks(connection, received, peer, now)
        taken = transaction.take_in([arrival for _, arrival in received.arrivals])
        for arrival in taken.fresh:
            log = arrival.event.log
            writer = nodes.writer_of(connection, log)
            if writer is not None and writer != peer.node:
                # Another gave it back after a restore; who wrote it may have been put back, too.
                downlink.give_back(connection, writer, arrival.event.id)
            elif writer is not None and not received.is_live:
                # So may be who sent a stick, since it wrote that.
                if nodes.logs_after(connection, writer, log):
                    downlink.give_back(connection, writer, arrival.event.id)
                nodes.want_head(connection, writer)
        for log, above in {**lacking_of(connection, received, peer), **again}.items():
            downlink.refill(transaction, peer.node, log, above)
        if received.is_live and received.question.head_log:
            nodes.want_head(connection, peer.node, False)
        places = {arrival.body: place for place, arrival in received.arrivals}
        refused = [
            *received.refused,
            *((places[one.body], one, str(Finding.CLASH)) for one in taken.clashing),
        ]
        for _, arrival, code in refused:
            quarantine.keep(connection, arrival, node=peer.node, code=code, now_ms=now)
            audit.note(
                connection, now, Finding.QUARANTINED, node=peer.node, detail=arrival.event.id.hex()
            )
        if refused:
            events = [arrival.event.id for _, arrival, _ in refused]
            _put_on_record(transaction, "quarantine.kept", {"events": events})
        fresh = [arrival.event for arrival in taken.fresh]
        now = self._now_for(received)
        skew = received.question.now_s * 1000 - now
        off = received.question.time_unknown or (received.is_live and abs(skew) > OFF_MS)
        if off and received.is_live:
            audit.note(connection, now, Finding.CLOCK_OFF, node=peer.node)
        doubtful = [
            event
            for event in fresh
            if off
            or event.data.get("clock") == "unknown"
            or not peer.invited_at - BEFORE_MS < event.at < now + OFF_MS
        ]
        # A text may come when its erasure is long here, by a stick of before: it goes again.
        completed = [arrival.event for arrival in taken.completed]
        self.domain.taken(transaction, [*fresh, *completed], doubtful)
        if self._queue.is_behind(connection, peer):
            self._queue.catch_up(transaction, peer)
        nodes.note_heard(
            connection,
            peer.node,
            now_ms=now,
            skew_ms=skew if received.is_live else None,
            cursor=received.question.cursor,
            release=received.question.release[:40],
        )
        codes = [(place, code) for place, _, code in refused]
        return Outcome(peer, bool(again), codes, len(fresh))

    def _enrol(self, transaction: Transaction, received: ReceivedQuestion, now: int) -> Peer:
        """Put the keys of a new node in place, and queue all that it may see."""
        said, connection = received.introduction, transaction.connection
        assert said is not None
        key_id = envelope.node_id(said.verify_key)
        invited = nodes.by_code(connection, said.code_mark)
        if invited is None:
            # Somebody used the code while this was read; or it is this node, asking once more.
            again = nodes.by_key(connection, key_id)
            if again is None:
                raise QuestionRefused("bad-code")
            return again
        peer = nodes.enrol(connection, invited[0].node, key_id=key_id, said=said, now_ms=now)
        # An event, for what is durable is told by the position of the newest one.
        _put_on_record(transaction, "node.enrolled", {"node": peer.key_id})
        downlink.begin_voice(transaction, self._log.voice.log)
        self._queue.fill(transaction, peer)
        audit.note(connection, now, Finding.ENROLLED, node=peer.node)
        return peer

    def take_blobs(self, received: ReceivedQuestion) -> None:
        """Keep the parts of photos that a question brought, and note what the answer says of them.

        Outside the log's transaction, for photos lie in a database of their own, and before
        `answer`. Blocks. Raises StorageFull, WriterBusy, WriterStopped.
        """
        parts = received.question.parts
        if self._blobs is None or not parts:
            return
        peer = received.peer
        taken = self._blobs.take(peer.key_id or b"", parts, self.entrusted.of(peer).unsealers)
        received.blobs = taken.blobs
        for sha256 in taken.wrong:
            self._note(Finding.WRONG_PHOTO, peer.node, sha256.hex())

    def _now_for(self, received: ReceivedQuestion) -> int:
        """Return the time for an exchange with one sender: this hub's.

        While its clock is doubted it is the sender's, who knows it: no station is to be set wrong.
        """
        question = received.question
        if received.is_live and not question.time_unknown and self._doubts():
            return question.now_s * 1000
        return self._now_ms()

    def must_write(self, received: ReceivedQuestion) -> bool:
        """Return whether a question has to be taken in, or may be answered as it is."""
        peer = received.peer
        if received.arrivals or received.refused or received.introduction is not None:
            return True
        if peer.heard_at is None or abs(self._now_ms() - peer.heard_at) > HEARD_EVERY_MS:
            return True
        with self._log.reading() as connection:
            return (
                self._queue.is_behind(connection, peer)
                or brings_a_log(connection, received)
                or behind_of(connection, received, peer) is not None
                or bool(lacking_of(connection, received, peer))
                or (peer.head_wanted and bool(received.question.head_log))
            )

    def _note(self, finding: Finding, node: int | None, detail: str = "") -> None:
        """Put a finding on record, in a transaction of its own."""
        self._log.write(
            lambda transaction: audit.note(
                transaction.connection, self._now_ms(), finding, node=node, detail=detail
            )
        )


def _introduction_in(message: bytes) -> bytes:
    """Return what a message says of who it is from, b"" where it is not of a node that joins."""
    content = envelope.unpack(message, MessageKind.QUESTION, QUESTION_MOST_BYTES)
    return wire.introduction_in(content)


def _put_on_record(transaction: Transaction, type: str, data: dict[str, Any]) -> None:
    draft = Draft(type, new_uuid7(transaction.now_ms()), data)
    transaction.append([draft], by="system", fresh_subject=True)
