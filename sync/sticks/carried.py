"""The lower node's side of a stick: a bundle of questions is written, and its answers taken in.

Each question is kept until its answer comes, weeks later, by whatever stick, in any order, or
never: then the next bundle says the same once more.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
from nacl.signing import SigningKey

from eventlog.keys import Keys
from eventlog.log import Log
from eventlog.transaction import Transaction
from sync.rounds import uplink, upstream
from sync.rounds.envelope import BadMessage, node_id
from sync.rounds.question import Inquirer
from sync.rounds.round import NotJoined, PendingQuestion, Round
from sync.rounds.uplink import Packed, Safety
from sync.rounds.wire import Question
from sync.sticks import bundle_file
from sync.sticks.bundle_file import (
    BadBundle,
    Bundle,
    BundleFromAnother,
    BundleKind,
    Head,
    Record,
    RecordKind,
    WrongWay,
)

# Half of what a bundle may hold: what else goes along has the rest.
MOST_BYTES = bundle_file.BUNDLE_MOST_BYTES // 2
QUESTION_BYTES = 512 * 1024
ROOM_BYTES = 1024 * 1024
# Of questions that wait for an answer; a full bundle has about as many.
KEPT_MOST = 1000
DIGEST_BYTES = 32


class Written(NamedTuple):
    """What a bundle holds: questions, events, parts of photos; `more` where not all found room."""

    questions: int
    events: int
    parts: int
    size_bytes: int
    more: bool


@dataclass
class Returned:
    """What a bundle that came back told. `unknown` are answers to what this node never asked,

    as where it was put back from an older image; nothing is taken of them.
    """

    answers: int = 0
    unknown: int = 0
    received: int = 0
    settled: int = 0
    durable: int = 0
    lost: bool = False
    refused: list[tuple[bytes, str]] = field(default_factory=list)


def write_up(
    log: Log,
    keys: Keys,
    inquirer: Inquirer,
    target: Path | IO[bytes],
    *,
    most_bytes: int = MOST_BYTES,
    progress: Callable[[int], None] = lambda size_bytes: None,
) -> Written:
    """Write all that waits, texts first, photos up to `most_bytes`; return what went in.

    Raises NotJoined, OSError.
    """
    with log.reading() as connection:
        hub = upstream.read(connection)
    if hub is None:
        raise NotJoined
    pending: list[PendingQuestion] = []
    packed, parts, more = Packed(), 0, False

    def questions() -> Iterator[Record]:
        nonlocal parts, more
        size = 0
        while True:
            inquiry = inquirer.ask(up_bytes=QUESTION_BYTES, room_bytes=ROOM_BYTES, packed=packed)
            is_empty = not (inquiry.sent or inquiry.offered or inquiry.question.parts)
            if pending and is_empty:
                break
            if pending and size + len(inquiry.message) > most_bytes:
                more = True
                break
            packed.add(inquiry.sent, inquiry.offered, inquiry.question.parts)
            parts += len(inquiry.question.parts)
            size += len(inquiry.message)
            yield Record(RecordKind.MESSAGE, inquiry.message)
            # A bundle of half a gigabyte is not to lie in memory as well.
            inquiry.message, inquiry.question.runs, inquiry.question.parts = b"", [], []
            inquiry.question.offered = []
            inquiry.sent = [each._replace(body=b"") for each in inquiry.sent]
            pending.append(inquiry)
            progress(size)
        # Before the file has its end: whatever can be answered is known here.
        log.write(lambda transaction: _keep(transaction, pending))

    head = Head(BundleKind.UP, keys.verify_key, node_id(hub.verify_key), log.now_ms())
    size = bundle_file.put(target, head, SigningKey(keys.signing), hub.age_key, questions())
    return Written(len(pending), sum(len(one.sent) for one in pending), parts, size, more)


def take_return(
    log: Log,
    inquirer: Inquirer,
    bundle: Bundle,
    *,
    after: Callable[[Round], None] = lambda round: None,
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> Returned:
    """Take in the answers of a bundle, each checked against its question; return what came.

    `after` is told of each, as of a round by network. Raises NotJoined, BadBundle.
    """
    if bundle.head.kind != BundleKind.RETURN:
        raise WrongWay
    returned = Returned()
    with log.reading() as connection:
        hub = upstream.read(connection)
        before = uplink.counts(connection)
    if hub is None:
        raise NotJoined
    if bundle.head.sender != hub.verify_key:
        raise BundleFromAnother
    for number, content in enumerate(bundle.messages(), 1):
        digest, message = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        with log.reading() as connection:
            pending = _kept(connection, hub, digest)
        progress(number, bundle.count)
        if pending is None:
            returned.unknown += 1
            continue
        try:
            round_made = inquirer.take_late_answer(pending, message)
        except BadMessage as error:
            raise BadBundle("an answer that is not to its question") from error
        log.write(partial(_note_answered, digest=digest))
        _add(returned, round_made)
        after(round_made)
    with log.reading() as connection:
        counts = uplink.counts(connection)
    returned.durable = max(0, counts[Safety.DURABLE] - before[Safety.DURABLE])
    returned.settled = max(0, before[Safety.WAITING] - counts[Safety.WAITING])
    return returned


def _add(returned: Returned, round_made: Round) -> None:
    returned.answers += 1
    returned.received += round_made.received
    returned.lost |= round_made.lost
    returned.refused += [event for event in round_made.refused if event not in returned.refused]


def _keep(transaction: Transaction, pending: list[PendingQuestion]) -> None:
    """Keep questions for their answers, and forget the oldest of those kept before."""
    connection = transaction.connection
    connection.executemany(
        # Written twice within a second it is the same question, which is kept once.
        "INSERT OR IGNORE INTO carried(digest, made_at, voice, sent, offered) VALUES (?,?,?,?,?)",
        [
            (
                one.digest,
                one.question.now_s * 1000,
                one.voice,
                msgspec.msgpack.encode([each.position for each in one.sent]),
                msgspec.msgpack.encode(one.offered),
            )
            for one in pending
        ],
    )
    connection.execute(
        "DELETE FROM carried WHERE number <= (SELECT max(number) FROM carried) - ?", (KEPT_MOST,)
    )


def _kept(
    connection: sqlite3.Connection, hub: upstream.Upstream, digest: bytes
) -> PendingQuestion | None:
    """Return a question as it was kept, or None where this node asked none of that digest."""
    row = connection.execute(
        "SELECT made_at, voice, sent, offered FROM carried WHERE digest=?", (digest,)
    ).fetchone()
    if row is None:
        return None
    made_at, voice, sent, offered = row
    return PendingQuestion(
        b"",
        Question(made_at // 1000),
        hub,
        voice,
        sent=uplink.at_places(connection, msgspec.msgpack.decode(sent, type=list[int])),
        offered=msgspec.msgpack.decode(offered, type=list[int]),
        digest=digest,
        is_late=True,
    )


def _note_answered(transaction: Transaction, digest: bytes) -> None:
    transaction.connection.execute(
        "UPDATE carried SET answered_at=? WHERE digest=?", (transaction.now_ms(), digest)
    )
