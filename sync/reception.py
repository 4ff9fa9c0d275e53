"""The hub's side of a round: a question is read, taken in, and answered.

In three steps, so that each runs where it belongs: `read` (signature, texts; any thread), `take` (a
job of the writer), `answer` (after the replica was asked; any thread). Whatever a question holds,
either all of it is kept or nothing: what may not be folded is put into quarantine.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from nacl.signing import SigningKey

from eventlog import words
from eventlog.clock import OFF_MOST_MS, TOLERANCE_MS
from eventlog.events import Event
from eventlog.events import digest as event_digest
from eventlog.keys import Keys
from eventlog.log import Log
from eventlog.sealing import Sealer, Unsealer
from eventlog.steps import Step, reached
from eventlog.transaction import Arrival, Transaction
from sync import audit, downlink, enrolment, envelope, marks, nodes, quarantine, wire
from sync.audit import Finding
from sync.downlink import Downlink
from sync.enrolment import BadCode, Enrolment, HubCard
from sync.envelope import UNPACKED_MOST_BYTES, BadMessage, ForeignMessage, MessageKind
from sync.nodes import Peer
from sync.parcels import WrongWords, opened_from, sealed_for
from sync.wire import EVENTS_MOST, Answer, Malformed, Parcel, Question

ROOM_USUAL_BYTES = 256 * 1024
ROOM_MOST_BYTES = 16 * 1024 * 1024
# A question by network is cut to half a megabyte (`sync/courier.py`); a stick holds weeks.
LIVE_MOST_BYTES = 4 * 1024 * 1024
HEARD_EVERY_MS = 60_000
# A sender whose time is off by more is not believed about when something happened.
OFF_MS = TOLERANCE_MS
# So long before it was invited a station may have been in use.
BEFORE_MS = OFF_MOST_MS


class NotTaken(Exception):
    """A question of which nothing is taken; the sender is told the code. Fatal for the sender."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Domain(Protocol):
    """What the hub's domain decides of an exchange."""

    def why_not(self, connection: sqlite3.Connection, arrival: Arrival, station: str) -> str:
        """Return why a station may not write an event (a code), or ""."""

    def taken(
        self, transaction: Transaction, events: Sequence[Event], doubtful: Sequence[Event]
    ) -> None:
        """Do what follows from events that were taken in; of the doubtful the time is unknown."""

    def accounts_mark(self, connection: sqlite3.Connection, station: str) -> bytes:
        """Return 8 bytes that change when the accounts of a station's staff do."""

    def accounts_of(self, connection: sqlite3.Connection, station: str, reading: bytes) -> bytes:
        """Return the accounts of a station's staff, encoded.

        `reading` is the private half of the station's key, for its staff; b"" where it is unknown.
        """


class Blobs(Protocol):
    """Where the photos that stations send are put together."""

    def take(
        self, parts: Sequence[wire.BlobPart], unsealers: Sequence[Unsealer]
    ) -> list[tuple[bytes, int, bool]]:
        """Keep parts of photos; return for each photo up to where it is here, and if durable."""


@dataclass
class Asked:
    """A question that was read: who asks, what was brought, and what may not be folded, and why."""

    message: bytes
    question: Question
    peer: Peer
    introduction: Enrolment | None = None
    arrivals: list[tuple[int, Arrival]] = field(default_factory=list)
    refused: list[tuple[int, Arrival, str]] = field(default_factory=list)
    is_live: bool = True
    blobs: list[tuple[bytes, int, bool]] = field(default_factory=list)

    @property
    def wants_safety(self) -> bool:
        """Whether the sender waits to hear that something is in the replica."""
        asked = self.question
        return bool(self.arrivals or self.refused or asked.newest or asked.enrolment)


class Taken(NamedTuple):
    """What became of a question: the peer as it is now, and what the answer has to say."""

    peer: Peer
    new_voice: bool = False
    refused: Sequence[tuple[int, str]] = ()


class _Secrets(NamedTuple):
    unsealers: list[Unsealer]
    sealer: Sealer
    reading: bytes


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
        blobs: Blobs | None = None,
        site_mark: Callable[[], bytes] = lambda: b"",
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        self._log = log
        self._keys = keys
        self.card = card
        self._signing = SigningKey(keys.signing)
        self._queue = queue
        self._domain = domain
        self._blobs = blobs
        self._site_mark = site_mark
        self._now_ms = now_ms or log.now_ms
        self._secrets: dict[bytes, _Secrets] = {}

    # Reading.

    def read(self, message: bytes, *, is_live: bool = True) -> Asked:
        """Return a question whose signature and texts were found right.

        `is_live` is False for a bundle, which may be weeks old. Raises NotTaken, whose code
        the sender is told by `failure`; what somebody should know is on record then.
        """
        try:
            sender = envelope.sender_of(message)
            with self._log.reading() as connection:
                peer = nodes.by_key(connection, sender)
                if peer is None:
                    return self._read_first(connection, message, is_live)
                asked = self._opened(message, peer, is_live)
                if peer.revoked_at is not None:
                    self._set_aside(asked, peer.revoked_at)
                self._sort(connection, asked)
                return asked
        except ForeignMessage as error:
            self._note(Finding.FORGED, None)
            raise NotTaken(error.code) from error
        except BadMessage as error:
            raise NotTaken(error.code) from error
        except Malformed as error:
            self._note(Finding.MALFORMED, None)
            raise NotTaken(error.code) from error

    def _opened(self, message: bytes, peer: Peer, is_live: bool) -> Asked:
        content = envelope.open_message(
            message,
            peer.verify_key or b"",
            MessageKind.QUESTION,
            about=self.card.verify_key,
            most_bytes=_most_bytes(is_live),
        )
        return Asked(message, wire.decode_question(content), peer, is_live=is_live)

    def _read_first(self, connection: sqlite3.Connection, message: bytes, is_live: bool) -> Asked:
        """Return the first question of a node, which says who it is and proves its code."""
        # Whoever sends this may be anybody: of what it holds nothing is made before it is proven.
        content = envelope.unpack(message, MessageKind.QUESTION, _most_bytes(is_live))
        introduction = wire.introduction_in(content)
        if not introduction:
            self._note(Finding.UNKNOWN_NODE, None)
            raise NotTaken("unknown-node")
        try:
            said = enrolment.read_introduction(introduction)
            found = nodes.by_code(connection, said.code_mark)
            if found is None or found[2] < self._now_ms():
                raise BadCode("no such code")
            peer, code_key, _ = found
            if not enrolment.is_proven(code_key, said, self.card):
                raise BadCode("not proven")
        except BadCode as error:
            self._note(Finding.BAD_CODE, None)
            raise NotTaken(error.code) from error
        content = envelope.open_message(
            message,
            said.verify_key,
            MessageKind.QUESTION,
            about=self.card.verify_key,
            most_bytes=_most_bytes(is_live),
        )
        peer = peer._replace(
            key_id=envelope.node_id(said.verify_key),
            verify_key=said.verify_key,
            reading_key=said.reading_key,
            age_key=said.age_key,
            secrets=said.secrets,
        )
        question = wire.decode_question(content)
        asked = Asked(message, question, peer, said, is_live=is_live)
        self._sort(connection, asked)
        return asked

    def _set_aside(self, asked: Asked, revoked_at: int) -> None:
        """Keep what a node that is shut out signed before that, and take nothing else.

        Its own word is all there is for when that was, so it is put into quarantine.
        """
        before = asked.question.now_s * 1000 < revoked_at

        def job(transaction: Transaction) -> None:
            now = self._now_ms()
            if before:
                for arrival, _ in wire.unpack(asked.question.runs):
                    try:
                        arrival = self._here(asked.peer, arrival)
                    except WrongWords:
                        arrival = arrival._replace(words={})
                    quarantine.keep(
                        transaction.connection,
                        arrival,
                        node=asked.peer.node,
                        code=Finding.REVOKED,
                        now_ms=now,
                    )
            audit.note(transaction.connection, now, Finding.REVOKED, node=asked.peer.node)

        self._log.write(job)
        raise NotTaken("revoked")

    def _sort(self, connection: sqlite3.Connection, asked: Asked) -> None:
        """Undress the events that were brought, and put aside what may not be folded."""
        found = wire.unpack(asked.question.runs)
        if len(found) > EVENTS_MOST:
            raise Malformed("too many events at once")
        for place, (arrival, mark) in enumerate(found):
            why = self._why_not(connection, asked.peer, arrival, mark)
            try:
                arrival = self._here(asked.peer, arrival)
            except WrongWords as error:
                why, arrival = why or error.code, arrival._replace(words={})
            if why:
                asked.refused.append((place, arrival, why))
            else:
                asked.arrivals.append((place, arrival))

    def _why_not(
        self, connection: sqlite3.Connection, peer: Peer, arrival: Arrival, mark: bytes
    ) -> str:
        event = arrival.event
        writer = nodes.writer_of(connection, event.log)
        is_own = writer == peer.node or (
            writer is None
            and connection.execute("SELECT 1 FROM logs WHERE log=?", (event.log,)).fetchone()
            is None
        )
        if mark and marks.is_ours(self._keys.receipt, arrival.body, mark):
            # The hub itself once sent it down: it comes back after a restore.
            return ""
        if not is_own:
            return "another's-log"
        return self._domain.why_not(connection, arrival, peer.station)

    def _here(self, peer: Peer, arrival: Arrival) -> Arrival:
        """Return an event with its texts as they lie at a hub. Raises WrongWords."""
        if not arrival.words:
            return arrival
        secrets = self._secrets_of(peer)
        return arrival._replace(
            words=opened_from(arrival.event, arrival.words, secrets.unsealers, self._keys.sealer)
        )

    def _secrets_of(self, peer: Peer) -> _Secrets:
        """Return what opens a node's texts and seals to it; opened once and kept in memory."""
        key = peer.key_id or b""
        found = self._secrets.get(key)
        if found is None:
            entrusted = nodes.open_secrets(peer.secrets or b"", self._keys.unsealing)
            reading = entrusted.reading if entrusted is not None else b""
            unsealers = [Unsealer(reading)] if reading else []
            found = _Secrets(
                [*unsealers, self._keys.unsealer], Sealer(peer.reading_key or b""), reading
            )
            self._secrets[key] = found
        return found

    def receipt_key_of(self, peer: Peer) -> bytes:
        """Return what makes the follow-up keys of a station, b"" where it is not known."""
        entrusted = nodes.open_secrets(peer.secrets or b"", self._keys.unsealing)
        return b"" if entrusted is None else entrusted.receipt

    # Taking in.

    def take(self, transaction: Transaction, asked: Asked) -> Taken:
        """Write down what a question brought. Runs as a job of the writer."""
        connection, now = transaction.connection, self._now_ms()
        peer = asked.peer
        if asked.introduction is not None:
            peer = self._enrol(transaction, asked, now)
        if peer.revoked_at is not None or peer.enrolled_at is None:
            raise NotTaken("revoked")
        again = self._look_for_forks(transaction, asked, peer, now)
        taken = transaction.take_in([arrival for _, arrival in asked.arrivals])
        for log, above in again.items():
            downlink.refill(transaction, peer.node, log, above)
        places = {arrival.body: place for place, arrival in asked.arrivals}
        refused = [
            *asked.refused,
            *((places[one.body], one, str(Finding.CLASH)) for one in taken.clashing),
        ]
        for _, arrival, code in refused:
            quarantine.keep(connection, arrival, node=peer.node, code=code, now_ms=now)
            audit.note(
                connection, now, Finding.QUARANTINED, node=peer.node, detail=arrival.event.id.hex()
            )
        fresh = [arrival.event for arrival in taken.fresh]
        skew = asked.question.now_s * 1000 - now
        off = asked.question.time_unknown or (asked.is_live and abs(skew) > OFF_MS)
        if off and asked.is_live:
            audit.note(connection, now, Finding.CLOCK_OFF, node=peer.node)
        doubtful = [
            event
            for event in fresh
            if off
            or event.data.get("clock") == "unknown"
            or not peer.invited_at - BEFORE_MS < event.at < now + OFF_MS
        ]
        self._domain.taken(transaction, fresh, doubtful)
        if self._queue.is_behind(connection, peer):
            self._queue.catch_up(transaction, peer)
        nodes.note_heard(
            connection,
            peer.node,
            now_ms=now,
            skew_ms=skew,
            cursor=asked.question.cursor,
            release=asked.question.release[:40],
        )
        return Taken(peer, bool(again), [(place, code) for place, _, code in refused])

    def _enrol(self, transaction: Transaction, asked: Asked, now: int) -> Peer:
        """Put the keys of a new node in place, and queue all that it may see."""
        said, connection = asked.introduction, transaction.connection
        assert said is not None
        found = nodes.by_code(connection, said.code_mark)
        if found is None:
            # Somebody used the code while this was read; or it is this node, asking once more.
            again = nodes.by_key(connection, envelope.node_id(said.verify_key))
            if again is None:
                raise NotTaken("bad-code")
            return again
        nodes.enrol(
            connection,
            found[0].node,
            key_id=envelope.node_id(said.verify_key),
            verify_key=said.verify_key,
            reading_key=said.reading_key,
            age_key=said.age_key,
            secrets=said.secrets,
            now_ms=now,
        )
        peer = nodes.by_key(connection, envelope.node_id(said.verify_key))
        assert peer is not None
        downlink.begin_voice(transaction, self._log.voice.log)
        self._queue.fill(transaction, peer)
        audit.note(connection, now, Finding.ENROLLED, node=peer.node)
        return peer

    def _look_for_forks(
        self, transaction: Transaction, asked: Asked, peer: Peer, now: int
    ) -> dict[bytes, int]:
        """Return in which of the node's logs somebody else wrote as well, and above which place.

        So it is with a disk that was cloned or put back from an old image. Both sides are kept,
        and what the node lacks has to be queued for it.
        """
        connection = transaction.connection
        for log in {arrival.event.log for _, arrival in asked.arrivals}:
            if not connection.execute("SELECT 1 FROM logs WHERE log=?", (log,)).fetchone():
                nodes.note_log(connection, peer.node, log, now)
        own = {
            row[0]
            for row in connection.execute("SELECT log FROM node_logs WHERE node=?", (peer.node,))
        }
        forked: dict[bytes, int] = {}
        for _, arrival in asked.arrivals:
            event = arrival.event
            if event.log not in own:
                continue
            here = connection.execute(
                "SELECT id FROM events WHERE log=? AND sequence=?", (event.log, event.sequence)
            ).fetchall()
            clashes = bool(here) and event.id not in {row[0] for row in here}
            before = connection.execute(
                "SELECT body FROM events WHERE log=? AND sequence=?",
                (event.log, event.sequence - 1),
            ).fetchall()
            strays = bool(before) and event.previous not in {event_digest(row[0]) for row in before}
            if clashes or strays:
                forked[event.log] = min(forked.get(event.log, event.sequence), event.sequence)
        again = {log: sequence - 1 for log, sequence in forked.items()}
        for log in forked:
            audit.note(connection, now, Finding.FORK, node=peer.node, detail=log.hex())
        behind = self._behind(connection, asked, peer) if asked.is_live else None
        if behind is not None:
            log, head = behind
            again[log] = min(head, again.get(log, head))
            audit.note(connection, now, Finding.BEHIND, node=peer.node, detail=log.hex())
        return again

    def _behind(
        self, connection: sqlite3.Connection, asked: Asked, peer: Peer
    ) -> tuple[bytes, int] | None:
        """Return (log, head) where the hub has more of a node's log than the node itself."""
        question = asked.question
        log, head = question.head_log, question.head
        if not log:
            return None
        if nodes.writer_of(connection, log) != peer.node:
            return None
        newest = connection.execute(
            "SELECT max(sequence) FROM events WHERE log=?", (log,)
        ).fetchone()[0]
        return (log, head) if newest is not None and newest > head else None

    # Answering.

    def answer(self, asked: Asked, taken: Taken, *, durable: bool) -> bytes:
        """Return the signed answer to a question that was taken."""
        with self._log.reading() as connection:
            connection.execute("BEGIN")
            found = self._answer(connection, asked, taken, durable)
            connection.execute("ROLLBACK")
        reached(Step.ANSWERING)
        return self._closed(asked.message, found)

    def must_write(self, asked: Asked) -> bool:
        """Return whether a question has to be taken by `take`, or may be answered as it is."""
        peer = asked.peer
        if asked.arrivals or asked.refused or asked.introduction is not None:
            return True
        if peer.heard_at is None or abs(self._now_ms() - peer.heard_at) > HEARD_EVERY_MS:
            return True
        with self._log.reading() as connection:
            return (
                self._queue.is_behind(connection, peer)
                or self._behind(connection, asked, peer) is not None
            )

    def failure(self, message: bytes, code: str) -> bytes:
        """Return the signed answer that says why nothing of a question was taken."""
        return self._closed(message, Answer(self._now_ms(), failed=code))

    def _answer(
        self, connection: sqlite3.Connection, asked: Asked, taken: Taken, durable: bool
    ) -> Answer:
        question, peer = asked.question, taken.peer
        found = Answer(
            self._now_ms(),
            durable=durable and asked.wants_safety,
            refused=list(taken.refused),
            new_voice=taken.new_voice,
            blobs=asked.blobs,
            moved=peer.moved_to or b"",
        )
        if question.newest and not _knows(connection, question.newest):
            found.lost, found.durable = True, False
        found.missing = [
            place for place, event in enumerate(question.offered) if not _knows(connection, event)
        ]
        if question.enrolment and peer.enrolled_at is not None:
            found.enrolled = enrolment.welcome(peer.name, peer.station)
        self._add_accounts(connection, found, question, peer)
        mark = self._site_mark()
        if mark != question.site:
            found.site = mark
        self._add_events(connection, found, question, peer)
        return found

    def _add_accounts(
        self, connection: sqlite3.Connection, found: Answer, question: Question, peer: Peer
    ) -> None:
        if not peer.station:
            return
        mark = self._domain.accounts_mark(connection, peer.station)
        if mark != question.accounts:
            reading = self._secrets_of(peer).reading
            found.accounts = self._domain.accounts_of(connection, peer.station, reading)
            found.accounts_mark = mark

    def _add_events(
        self, connection: sqlite3.Connection, found: Answer, question: Question, peer: Peer
    ) -> None:
        log = self._log.voice.log
        after = downlink.where_to_go_on(connection, log, question.cursor_log, question.cursor)
        room = min(question.room_bytes or ROOM_USUAL_BYTES, ROOM_MOST_BYTES)
        secrets = self._secrets_of(peer)
        unsealer = self._keys.unsealer if secrets.reading else None
        parcels: list[Parcel] = []
        position, size = after, 0
        for one in downlink.visible(connection, peer.node, after):
            texts = words.all_of(connection, one.event)
            public = self._queue.is_public(one.body)
            parcel = Parcel(
                one.body,
                texts if public else sealed_for(texts, secrets.sealer, unsealer),
                marks.mark_of(self._keys.receipt, one.body),
            )
            size += len(one.body) + sum(len(word.body) for word in parcel.words.values()) + 60
            if parcels and size > room:
                break
            parcels.append(parcel)
            position = one.position
        found.runs = wire.pack(parcels)
        found.more = position < downlink.newest(connection, peer.node)
        if position != question.cursor or log != question.cursor_log:
            found.cursor_log, found.cursor = log, position

    def _closed(self, message: bytes, found: Answer) -> bytes:
        return envelope.close(
            wire.encode_message(found),
            self._signing,
            MessageKind.ANSWER,
            about=envelope.digest(message),
        )

    def _note(self, finding: Finding, node: int | None, detail: str = "") -> None:
        """Put a finding on record, in a transaction of its own."""
        self._log.write(
            lambda transaction: audit.note(
                transaction.connection, self._now_ms(), finding, node=node, detail=detail
            )
        )


def _most_bytes(is_live: bool) -> int:
    """Return how much a question may hold once it is unpacked."""
    return LIVE_MOST_BYTES if is_live else UNPACKED_MOST_BYTES


def _knows(connection: sqlite3.Connection, event: bytes) -> bool:
    """Return whether the hub has an event, folded or in quarantine."""
    row = connection.execute("SELECT 1 FROM events WHERE id=?", (event,)).fetchone()
    return row is not None or quarantine.is_kept(connection, event)
