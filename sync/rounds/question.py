"""The lower node's side of a round: a question is put together, and its answer taken in.

Both are whole: an answer that was cut, or never came, changes nothing, and the next question says
the same once more. A question that travels on a stick is kept until its answer comes, weeks later
and in any order (`sync/sticks/carried.py`).
"""

import sqlite3
from collections.abc import Callable

from nacl.signing import SigningKey

from eventlog import words
from eventlog.crash_points import CrashPoint, reached
from eventlog.database import one_moment
from eventlog.keys import Keys
from eventlog.log import Log
from eventlog.sealing import Sealer
from eventlog.transaction import Arrival, Transaction
from sync.nodes import enrolment, quarantine
from sync.nodes.audit import Finding
from sync.nodes.audit import note as note_finding
from sync.photos.source import BlobQueue
from sync.rounds import envelope, marks, uplink, upstream, wire
from sync.rounds.envelope import MessageKind
from sync.rounds.parcels import WrongWords, opened_from, sealed_for
from sync.rounds.round import NodeDomain, NotJoined, PendingQuestion, Refused, Round
from sync.rounds.uplink import Packed, Safety
from sync.rounds.upstream import Upstream
from sync.rounds.wire import Answer, Parcel, Question

EVENTS_MOST = 1000
OFFERED_MOST = 1000


class Inquirer:
    """Asks the hub above on behalf of one node."""

    def __init__(
        self,
        log: Log,
        keys: Callable[[], Keys],
        domain: NodeDomain,
        *,
        seals_texts: bool,
        blobs: BlobQueue | None = None,
        monotonic_ms: Callable[[], int],
        time_unknown: Callable[[], bool] = lambda: False,
        release: str = "",
        site_cursor: Callable[[], bytes] = lambda: b"",
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
        self._site_cursor = site_cursor
        self._said_head = False

    def ask(
        self,
        *,
        up_bytes: int,
        room_bytes: int = 0,
        with_photos: bool = True,
        packed: Packed | None = None,
    ) -> PendingQuestion:
        """Return the next question: about `up_bytes` of what waits, texts before photos.

        `packed` is given for a bundle: then all that is not settled goes along, also what the hub
        may have, for to ask would take another way there and back. Raises NotJoined.
        """
        with self._log.reading() as connection, one_moment(connection):
            hub = upstream.read(connection)
            if hub is None:
                raise NotJoined
            question = Question(self._log.now_ms() // 1000)
            is_late = packed is not None
            pending = PendingQuestion(b"", question, hub, self._log.voice.log, is_late=is_late)
            question.time_unknown = self._time_unknown()
            question.cursor_log, question.cursor = hub.cursor_log, hub.cursor
            question.room_bytes = room_bytes
            question.enrolment = hub.enrolment or b""
            question.accounts = hub.accounts_mark
            # By network the site goes by itself; a stick brings what the copy lacks.
            question.site = hub.site_mark if packed is None else self._site_cursor()
            doubts = False
            if packed is None:
                doubts = self._say_events(connection, pending, up_bytes)
            else:
                self._pack_events(connection, pending, up_bytes, packed)
        if self._blobs is not None and with_photos and not pending.sent and not doubts:
            question.parts = self._blobs.parts(up_bytes, packed.photos if packed else {})
        if hub.heard_at is None or question.enrolment:
            question.release = self._release
        pending.asked_ms = self._monotonic_ms()
        pending.message = envelope.close(
            wire.encode_message(question),
            SigningKey(self._keys().signing),
            MessageKind.QUESTION,
            about=hub.verify_key,
        )
        pending.digest = envelope.digest(pending.message)
        return pending

    def _say_events(
        self, connection: sqlite3.Connection, pending: PendingQuestion, up_bytes: int
    ) -> bool:
        """Put into a question what waits, or what the hub has to be asked for first: then True."""
        question = pending.question
        most = min(OFFERED_MOST, max(1, up_bytes // 18))
        doubts = uplink.of_state(connection, Safety.DOUBTFUL, most)
        pending.offered = [position for position, _ in doubts]
        question.offered = [event for _, event in doubts]
        if not doubts:
            question.newest = uplink.newest(connection, Safety.HELD)
            waiting = uplink.waiting(connection, EVENTS_MOST, Safety.WAITING)
            pending.sent = uplink.fitting(connection, waiting, up_bytes)
            question.runs = wire.pack(self._parcels(connection, pending))
        is_checked = pending.hub.checked_log == pending.hub.cursor_log
        if not doubts and not (self._said_head and is_checked):
            # Also in one voice a hub may lack what it had: its whole folder was put back.
            question.newest = uplink.newest(connection, Safety.HELD, Safety.DURABLE)
        if not self._said_head:
            self._say_head(connection, question)
        return bool(doubts)

    def _pack_events(
        self,
        connection: sqlite3.Connection,
        pending: PendingQuestion,
        up_bytes: int,
        packed: Packed,
    ) -> None:
        """Put into a question of a bundle what is not settled and not yet in the bundle."""
        if packed.is_empty:
            pending.question.newest = uplink.newest(connection, Safety.HELD, Safety.DURABLE)
        held = uplink.of_state(connection, Safety.HELD, wire.OFFERED_MOST, packed.offered)
        pending.offered = [position for position, _ in held]
        pending.question.offered = [event for _, event in held]
        unsettled = (Safety.WAITING, Safety.DOUBTFUL)
        left = uplink.waiting(connection, EVENTS_MOST, *unsettled, after=packed.position)
        pending.sent = uplink.fitting(connection, left, up_bytes)
        pending.question.runs = wire.pack(self._parcels(connection, pending))

    def _say_head(self, connection: sqlite3.Connection, question: Question) -> None:
        log = self._log.voice.log
        head = connection.execute(
            "SELECT max(sequence) FROM events WHERE log=?", (log,)
        ).fetchone()[0]
        # Also where nothing of it is here: an image may be from before its first event.
        question.head_log, question.head = log, head or 0
        own = connection.execute(
            "SELECT log FROM logs ORDER BY epoch DESC LIMIT ?", (wire.OTHER_LOGS_MOST,)
        ).fetchall()
        standing = [(one, *_without_a_gap(connection, one)) for (one,) in own]
        question.other_logs = [each for each in standing if each[0] != log or each[2]]

    def _parcels(self, connection: sqlite3.Connection, pending: PendingQuestion) -> list[Parcel]:
        parcels: list[Parcel] = []
        to_hub = Sealer(pending.hub.sealing_key)
        for event in pending.sent:
            texts = words.all_of(connection, event.event)
            if not self._seals_texts:
                # A hub's contact details stay with it; its texts are for the hub above alone.
                texts = sealed_for(texts, to_hub, None)
            parcels.append(Parcel(event.body, texts, marks.kept(connection, event.event)))
        return parcels

    def take_answer(self, pending: PendingQuestion, message: bytes) -> Round:
        """Take in the hub's answer and return what came of the round.

        Raises BadMessage where the answer is not the hub's (a portal, a proxy: retryable),
        Malformed, Refused.
        """
        answered_ms = self._monotonic_ms()
        answer = self._opened(pending, message)
        self._domain.heard(answer.now_ms, pending.asked_ms, answered_ms)
        if answer.failed:
            self._log.write(
                lambda transaction: upstream.note_tried(
                    transaction.connection, transaction.now_ms(), answer.failed
                )
            )
            raise Refused(answer.failed)
        return self._take(pending, answer)

    def take_late_answer(self, pending: PendingQuestion, message: bytes) -> Round:
        """Take in an answer that came on a stick, and return what came of it.

        It may be weeks old, older than what came by network meanwhile, or come twice. Raises as
        `take_answer`.
        """
        answer = self._opened(pending, message)
        self._domain.heard_at_least(answer.now_ms)
        if answer.failed:
            raise Refused(answer.failed)
        return self._take(pending, answer)

    def _opened(self, pending: PendingQuestion, message: bytes) -> Answer:
        content = envelope.open_message(
            message, pending.hub.verify_key, MessageKind.ANSWER, about=pending.digest
        )
        return wire.decode_answer(content)

    def _take(self, pending: PendingQuestion, answer: Answer) -> Round:
        arrivals = [(self._here(arrival), mark) for arrival, mark in wire.unpack(answer.runs)]
        if self._blobs is not None and (answer.lost or _speaks_anew(pending.hub, answer)):
            # Before the new voice is noted, for it is told only once.
            self._blobs.doubt(answer.now_ms)
        round_made = self._log.write(
            lambda transaction: self._settle(transaction, pending, answer, arrivals)
        ).result
        if self._blobs is not None and (pending.question.parts or answer.blobs):
            self._blobs.acknowledged(pending.question.parts, answer.blobs, answer.now_ms)
        return round_made

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
        pending: PendingQuestion,
        answer: Answer,
        arrivals: list[tuple[Arrival, bytes]],
    ) -> Round:
        """Write down what an answer says. Runs as a job of the writer."""
        connection, now = transaction.connection, transaction.now_ms()
        hub = upstream.read(connection) or pending.hub
        is_news = not pending.is_late or answer.now_ms >= hub.answered_ms
        round_made = Round(
            sent=len(pending.sent),
            durable=answer.durable,
            more=answer.more,
            lost=answer.lost,
            new_voice=answer.new_voice and pending.voice == self._log.voice.log,
            site=b"" if pending.is_late else answer.site,
            moved=answer.moved if is_news else b"",
            unsure=_speaks_anew(hub, answer),
            head_wanted=answer.head_wanted,
        )
        self._settle_safety(connection, pending, answer)
        for place, code in answer.refused:
            if place < len(pending.sent):
                event = pending.sent[place].event
                uplink.note_refused(connection, event, code, now)
                round_made.refused.append((event, code))
        round_made.received = self._take_in(transaction, arrivals, now)
        if answer.cursor_log:
            upstream.move_cursor(connection, answer.cursor_log, answer.cursor)
            reached(CrashPoint.CURSOR_MOVED)
        if is_news:
            self._take_news(transaction, answer)
            upstream.note_answered(connection, answer.now_ms)
        if round_made.new_voice:
            voice = self._log.take_new_voice(transaction)
            self._said_head = False
            note_finding(connection, now, Finding.NEW_VOICE, node=None, detail=voice.log.hex())
        elif pending.question.head_log:
            self._said_head = True
        elif answer.head_wanted:
            self._said_head = False
        if round_made.lost or round_made.unsure:
            self._doubt(connection)
            upstream.note_checked(connection)
        elif pending.question.newest:
            upstream.note_checked(connection)
        if pending.is_late:
            upstream.note_returned(connection, now)
        else:
            upstream.note_heard(connection, now)
        return round_made

    def _take_news(self, transaction: Transaction, answer: Answer) -> None:
        """Note what an older answer may not undo: who this node is, and who may sign in there."""
        connection = transaction.connection
        if answer.enrolled and answer.durable:
            # Before the hub's replica has it, what this node hands over is not safe there.
            enrolled = enrolment.read_welcome(answer.enrolled)
            upstream.note_enrolled(connection, enrolled.name, enrolled.station)
        self._domain.take_accounts(transaction, answer.accounts, answer.now_ms)
        if answer.accounts_mark:
            upstream.note_marks(connection, accounts=answer.accounts_mark)

    def _settle_safety(
        self, connection: sqlite3.Connection, pending: PendingQuestion, answer: Answer
    ) -> None:
        """Note how safe what was sent and offered is now."""
        sent = [event.position for event in pending.sent]
        missing = {
            pending.offered[place] for place in answer.missing if place < len(pending.offered)
        }
        there = [position for position in pending.offered if position not in missing]
        uplink.hold(connection, [*sent, *there])
        uplink.mark(connection, sorted(missing), Safety.WAITING)
        if answer.durable and pending.is_late:
            # What the hub took after this was asked is not covered by so old an answer.
            uplink.mark(connection, [*sent, *there], Safety.DURABLE)
        elif answer.durable:
            uplink.settle(connection, sent, pending.question.newest)
            reached(CrashPoint.SETTLED)

    def _doubt(self, connection: sqlite3.Connection) -> None:
        """Have the hub asked for all that it had, for it was or may have been put back.

        In another voice it may lack anything that came after its replica, whatever it was given
        back by others since. What is still on a stick was asked of the hub as it was.
        """
        uplink.doubt_all(connection)
        upstream.forget_asked(connection)
        self._said_head = False

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


def _without_a_gap(connection: sqlite3.Connection, log: bytes) -> tuple[int, int]:
    """Return up to where a log is here without a gap, and how many events are behind that."""
    head = connection.execute(
        "SELECT min(sequence) FROM (SELECT 0 AS sequence UNION ALL SELECT sequence FROM events "
        "WHERE log=?1) here WHERE NOT EXISTS "
        "(SELECT 1 FROM events WHERE log=?1 AND sequence=here.sequence + 1)",
        (log,),
    ).fetchone()[0]
    behind = connection.execute(
        "SELECT count(*) FROM events WHERE log=? AND sequence>?", (log, head)
    ).fetchone()[0]
    return head, behind


def _speaks_anew(hub: Upstream, answer: Answer) -> bool:
    """Return whether the hub speaks in another voice than when it was heard last.

    Or did so, and was not asked yet what it still has: a release before did that later.
    """
    if answer.cursor_log and hub.cursor_log not in (b"", answer.cursor_log):
        return True
    return hub.checked_log not in (b"", hub.cursor_log)
