"""The hub's side of a stick: a bundle of questions is taken in, and one of answers written.

What is needed to answer a question is kept: a stick goes back weeks later, or a second one when the
first was lost. Imported again, or in another order, a bundle changes nothing.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
from nacl.signing import SigningKey

from eventlog.keys import Keys
from eventlog.log import Log
from eventlog.transaction import Transaction
from sync.nodes import audit, nodes
from sync.nodes.audit import Finding
from sync.nodes.nodes import Peer
from sync.rounds import envelope
from sync.rounds.received_question import Outcome, QuestionRefused, ReceivedQuestion
from sync.rounds.reception import Reception
from sync.rounds.wire import Question
from sync.sticks import bundle_file
from sync.sticks.bundle_file import (
    PAYLOAD_BYTES,
    BadBundle,
    Bundle,
    BundleForAnother,
    BundleKind,
    Head,
    Record,
    RecordKind,
    WrongWay,
)
from sync.sticks.carried import KEPT_MOST


class NothingToAnswer(Exception):
    """No bundle of that node was read here, or it was shut out. Fatal."""

    code = "nothing-to-answer"


class SeveralNodes(Exception):
    """Bundles of several nodes wait for an answer; `names` are theirs. One has to be chosen."""

    code = "several-nodes"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass
class BroughtIn:
    """What a bundle brought: events that are new, known, put aside; photos; and what was refused.

    `node` is the name of who made it, "" where that is not known. `refused` are codes of questions
    of which nothing was taken.
    """

    node: str = ""
    questions: int = 0
    fresh: int = 0
    known: int = 0
    aside: int = 0
    photos: int = 0
    refused: list[str] = field(default_factory=list)


class Answered(NamedTuple):
    """What a bundle of answers holds, for which node; `pending` are those not yet durable."""

    node: str
    answers: int
    pending: int
    size_bytes: int


class _Kept(NamedTuple):
    number: int
    digest: bytes
    question: Question
    events: int
    refused: list[tuple[int, str]]
    new_voice: bool
    position: int


def take_up(
    log: Log,
    reception: Reception,
    bundle: Bundle,
    *,
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> BroughtIn:
    """Take in the questions of a bundle, and return what they brought.

    Each is taken in a transaction of its own, so that others are served meanwhile. Raises WrongWay.
    """
    if bundle.head.kind != BundleKind.UP:
        raise WrongWay
    brought = BroughtIn()
    for number, message in enumerate(bundle.messages(), 1):
        _take_one(log, reception, message, brought)
        progress(number, bundle.count)
    with log.reading() as connection:
        peer = nodes.by_key(connection, bundle.sender)
    brought.node = "" if peer is None else peer.name
    return brought


def _take_one(log: Log, reception: Reception, message: bytes, brought: BroughtIn) -> None:
    brought.questions += 1
    digest = envelope.digest(message)
    with log.reading() as connection:
        row = connection.execute(
            "SELECT events FROM bundles_in WHERE digest=?", (digest,)
        ).fetchone()
    if row is not None:
        brought.known += row[0]
        return
    try:
        received = reception.read_question(message, is_live=False)
        reception.take_blobs(received)
        outcome = log.write(lambda transaction: _take(transaction, reception, received)).result
    except QuestionRefused as error:
        brought.refused.append(error.code)
        return
    brought.fresh += outcome.fresh
    brought.aside += len(outcome.refused)
    brought.known += (
        len(received.arrivals) + len(received.refused) - outcome.fresh - len(outcome.refused)
    )
    sizes = {part.sha256: part.size_bytes for part in received.question.parts}
    brought.photos += sum(
        offset >= sizes.get(sha256, offset) for sha256, offset, _ in received.blobs
    )


def _take(transaction: Transaction, reception: Reception, received: ReceivedQuestion) -> Outcome:
    """Take a question in, and keep what its answer needs, in one transaction."""
    outcome = reception.take_question(transaction, received)
    connection = transaction.connection
    newest = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()[0]
    # What is in no event, as what was put aside or a node's keys, has no position of its own: it is
    # in the replica for certain once the event that follows is.
    is_behind = bool(not outcome.fresh and (outcome.refused or received.introduction is not None))
    question = msgspec.structs.replace(
        received.question,
        runs=[],
        parts=[msgspec.structs.replace(part, body=b"") for part in received.question.parts],
    )
    connection.execute(
        "INSERT OR IGNORE INTO bundles_in(digest, node, question, events, refused, new_voice, "
        "position, read_at) VALUES (?,?,?,?,?,?,?,?)",
        (
            received.digest,
            outcome.peer.node,
            msgspec.msgpack.encode(question),
            len(received.arrivals) + len(received.refused),
            msgspec.msgpack.encode(list(outcome.refused)),
            outcome.new_voice,
            newest + is_behind,
            transaction.now_ms(),
        ),
    )
    connection.execute(
        "DELETE FROM bundles_in WHERE node=? AND number <= (SELECT number FROM bundles_in "
        "WHERE node=? ORDER BY number DESC LIMIT 1 OFFSET ?)",
        (outcome.peer.node, outcome.peer.node, KEPT_MOST),
    )
    return outcome


def note_rejected(log: Log, error: BadBundle) -> None:
    """Put on record that a bundle for another node was brought here; nothing for other errors."""
    if isinstance(error, BundleForAnother):
        log.write(
            lambda transaction: audit.note(
                transaction.connection, transaction.now_ms(), Finding.ANOTHERS_BUNDLE, node=None
            )
        )


def node_to_answer(connection: sqlite3.Connection, name: str = "") -> Peer:
    """Return the node of a name, or without one the only one that waits for an answer.

    Raises NothingToAnswer, SeveralNodes.
    """
    rows = connection.execute(
        "SELECT n.name, min(b.answered_at IS NOT NULL) FROM bundles_in b "
        "JOIN nodes n ON n.node=b.node WHERE n.revoked_at IS NULL GROUP BY n.node ORDER BY n.name"
    ).fetchall()
    names = [row[0] for row in rows if not row[1]] or [row[0] for row in rows]
    if name and name in {row[0] for row in rows}:
        names = [name]
    elif name or not names:
        raise NothingToAnswer(name)
    if len(names) > 1:
        raise SeveralNodes(names)
    peer = nodes.by_name(connection, names[0])
    assert peer is not None
    return peer


def write_return(
    log: Log,
    keys: Keys,
    reception: Reception,
    peer: Peer,
    target: Path | IO[bytes],
    *,
    durable: Callable[[int], bool],
    site: Callable[[bytes], Iterable[bytes]] = lambda mark: (),
    progress: Callable[[int], None] = lambda size_bytes: None,
) -> Answered:
    """Write the answers to the newest questions of a node, with all that is to go down to it.

    Those that were answered before are answered again, for a stick can get lost. `durable` says
    whether the replica has everything up to a position; `site` yields what the site's copy of that
    mark lacks. Raises NothingToAnswer, OSError.
    """
    with log.reading() as connection:
        kept = _kept(connection, peer.node)
    if not kept or peer.age_key is None or peer.key_id is None:
        raise NothingToAnswer(peer.name)
    newest = max(kept, key=lambda one: (one.question.now_s, one.number))
    older = [one for one in kept if one is not newest]
    safe = {one.number: durable(one.position) for one in kept}
    answers = size = 0

    def records() -> Iterator[Record]:
        nonlocal answers, size
        for one in older:
            message = reception.answer(
                *_read_again(reception, peer, one), durable=safe[one.number], with_news=False
            )
            answers += 1
            yield Record(RecordKind.MESSAGE, one.digest + message)
        received, outcome = _read_again(reception, peer, newest)
        for message in reception.answers(received, outcome, durable=safe[newest.number]):
            answers, size = answers + 1, size + len(message)
            progress(size)
            yield Record(RecordKind.MESSAGE, newest.digest + message)
        for part in site(newest.question.site):
            for start in range(0, len(part), PAYLOAD_BYTES):
                yield Record(RecordKind.PAYLOAD, part[start : start + PAYLOAD_BYTES])
            size += len(part)
            progress(size)

    head = Head(BundleKind.RETURN, keys.verify_key, peer.key_id, log.now_ms())
    written = bundle_file.put(target, head, SigningKey(keys.signing), peer.age_key, records())
    log.write(lambda transaction: _note_answered(transaction, kept))
    return Answered(peer.name, answers, sum(not each for each in safe.values()), written)


def _read_again(reception: Reception, peer: Peer, kept: _Kept) -> tuple[ReceivedQuestion, Outcome]:
    """Return a question and what became of it, as they were when it was read."""
    received = ReceivedQuestion(
        kept.digest, kept.question, peer, is_live=False, has_brought=bool(kept.events)
    )
    # Of photos it is asked anew: what was only here then may be in the replica now.
    reception.take_blobs(received)
    return received, Outcome(peer, kept.new_voice, kept.refused)


def _kept(connection: sqlite3.Connection, node: int) -> list[_Kept]:
    """Return what is kept of a node's questions, the oldest first."""
    rows = connection.execute(
        "SELECT number, digest, question, events, refused, new_voice, position FROM bundles_in "
        "WHERE node=? ORDER BY number",
        (node,),
    )
    return [
        _Kept(
            number,
            digest,
            msgspec.msgpack.decode(question, type=Question),
            events,
            msgspec.msgpack.decode(refused, type=list[tuple[int, str]]),
            bool(new_voice),
            position,
        )
        for number, digest, question, events, refused, new_voice, position in rows
    ]


def _note_answered(transaction: Transaction, kept: Sequence[_Kept]) -> None:
    transaction.connection.executemany(
        "UPDATE bundles_in SET answered_at=? WHERE number=?",
        [(transaction.now_ms(), one.number) for one in kept],
    )
