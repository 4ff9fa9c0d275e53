"""What a round says: a station's question, the hub's answer, and events in as few bytes as may be.

Both are MessagePack maps with names of one letter, in which what is empty does not stand; a name
that a node does not know is passed over, so an older node understands a newer one. Events travel in
runs: of the first its place in its log is told, of those that follow it only what is their own. The
exact bytes of each are put together again from that (`EventRun`).
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from eventlog.events import Event, decode, digest
from eventlog.transaction import Arrival
from eventlog.words import Word

Said = TypeVar("Said")
SEQUENCE_MOST = 2**63 - 1
PARTS_MOST = 1000
# Of its own logs a node tells so many beside the newest; it takes another when it was put back.
OTHER_LOGS_MOST = 100
# In place of an offset: the hub takes nothing more of that photo.
REFUSED_OFFSET = -1
# What a message may hold at most. Checked while it is unpacked: a few bytes that stand for
# millions of small things must not cost memory.
EVENTS_MOST = 2000
OFFERED_MOST = 2000
TEXTS_MOST = 64
# No event is smaller, with an id, a subject and its commitments' map.
_EVENT_LEAST_BYTES = 38
# One letter each; they are the format, and never given to another.
_LETTERS = {
    "now_ms": "t",
    "now_s": "t",
    "time_unknown": "u",
    "cursor_log": "l",
    "cursor": "p",
    "newest": "m",
    "head_log": "g",
    "head": "h",
    "runs": "e",
    "offered": "o",
    "enrolment": "x",
    "accounts": "a",
    "site": "s",
    "parts": "k",
    "room_bytes": "q",
    "release": "r",
    "durable": "d",
    "lost": "b",
    "more": "n",
    "missing": "w",
    "refused": "f",
    "new_voice": "v",
    "accounts_mark": "i",
    "blobs": "c",
    "enrolled": "z",
    "failed": "j",
    "moved": "B",
    "head_wanted": "C",
    "other_logs": "D",
}
# The first bytes of an event: an array of so many fields, and its format.
_PREFIX_BYTES = 2
_BIN8 = 0xC4
_MAP16, _FIXMAP, _FIXMAP_MOST = 0xDE, 0x80, 16


class Malformed(Exception):
    """A message whose content has not the shape that it should have. Fatal."""

    code = "malformed"


class EventItem(msgspec.Struct, array_like=True, omit_defaults=True):
    """One event of a run: its bytes without its place, and its texts as `[salt, body, key]`.

    `mark` is the hub's own mark on the event (`sync/rounds/marks.py`), which a station keeps.
    """

    body: Annotated[bytes, Meta(min_length=_EVENT_LEAST_BYTES)]
    words: Annotated[
        dict[str, tuple[bytes | None, bytes, bytes | None]], Meta(max_length=TEXTS_MOST)
    ] = {}
    mark: bytes = b""


class EventRun(msgspec.Struct, array_like=True, omit_defaults=True):
    """Events that follow each other in one log. Without a log, each body is whole."""

    items: Annotated[list[EventItem], Meta(max_length=EVENTS_MOST)]
    log: bytes = b""
    sequence: int = 0
    previous: bytes = b""


class BlobPart(msgspec.Struct, array_like=True):
    """A part of a photo: its SHA-256, its whole size in bytes, where the part begins, and the part.

    The hash is of the photo as it was taken, the rest of it as it travels. An empty part asks how
    it stands. `sealing` is the key that it is sealed with, wrapped; b"" where it is not sealed.
    It and the media type stand in the first part only.
    """

    sha256: bytes
    size_bytes: int
    offset: int
    body: bytes
    sealing: bytes = b""
    media_type: str = ""


class Question(msgspec.Struct, omit_defaults=True, rename=_LETTERS):
    """What a node says to its upstream hub, and what it asks for.

    - `now_s`: its idea of the time, in whole seconds; `time_unknown` where it has none.
    - `cursor_log`, `cursor`: up to where it has what came down.
    - `newest`: the id of the newest event that the hub took and has not called durable; the
      newest of all once the hub writes in another voice, to see whether it still has it.
    - `head_log`, `head`: its own log and how far that goes, told once after each start and where
      the hub asks for it: a disk that was put back from an older image is found out by it.
      `other_logs`: of its logs of before, and of any with a gap, (log, up to where there is none,
      how many events it has behind that).
    - `runs`: events. `offered`: ids of events, of which the hub says which it lacks.
    - `enrolment`: who it is, the first time (`sync/nodes/enrolment.py`).
    - `accounts`: the mark of the accounts that it has. `site`: the mark of its copy of the site.
    - `parts`: of photos. `room_bytes`: how much the answer may hold, 0 for as much as is usual.
    - `release`: of the program, told now and then.
    """

    now_s: int
    time_unknown: bool = False
    cursor_log: bytes = b""
    cursor: int = 0
    newest: bytes = b""
    head_log: bytes = b""
    head: int = 0
    other_logs: Annotated[list[tuple[bytes, int, int]], Meta(max_length=OTHER_LOGS_MOST)] = []
    runs: Annotated[list[EventRun], Meta(max_length=EVENTS_MOST)] = []
    offered: Annotated[list[bytes], Meta(max_length=OFFERED_MOST)] = []
    enrolment: bytes = b""
    accounts: bytes = b""
    site: bytes = b""
    parts: list[BlobPart] = []
    room_bytes: int = 0
    release: str = ""


class Introducing(msgspec.Struct, rename=_LETTERS):
    """Of a question only who it is from, as `Question.enrolment` has it."""

    enrolment: bytes = b""


class Answer(msgspec.Struct, omit_defaults=True, rename=_LETTERS):
    """What the hub says to a question.

    - `now_ms`: the hub's time, for clocks that have none.
    - `durable`: whether what was sent, and `newest`, is in the hub's replica.
    - `lost`: the hub doesn't know `newest`: it was put back from an older copy.
    - `cursor_log`, `cursor`: what to ask for next; left out where nothing came.
    - `runs`: events. `more`: there are more of them.
    - `missing`: of the offered events, those that the hub lacks, by their place.
    - `refused`: events that were kept in quarantine: place in the question, and why.
    - `new_voice`: others wrote in this node's log: it must go on in a new one.
    - `accounts`, `accounts_mark`: who may sign in there, where it is not who may by now.
    - `blobs`: up to where the hub has each photo that was sent, and whether that is durable;
      REFUSED_OFFSET where it takes no more of one.
    - `site`: the mark of the site as it is now. `enrolled`: the answer to an enrolment.
    - `failed`: why nothing of the question was taken: a code.
    - `moved`: to which hub the node belongs now, signed.
    - `head_wanted`: the node is to say `head_log` and `head` in its next question.
    """

    now_ms: int
    durable: bool = False
    lost: bool = False
    cursor_log: bytes = b""
    cursor: int = 0
    runs: list[EventRun] = []
    more: bool = False
    missing: list[int] = []
    refused: list[tuple[int, str]] = []
    new_voice: bool = False
    accounts: bytes = b""
    accounts_mark: bytes = b""
    blobs: list[tuple[bytes, int, bool]] = []
    site: bytes = b""
    enrolled: bytes = b""
    failed: str = ""
    moved: bytes = b""
    head_wanted: bool = False


_encoder = msgspec.msgpack.Encoder()
_introducing = msgspec.msgpack.Decoder(Introducing)
_questions = msgspec.msgpack.Decoder(Question)
_answers = msgspec.msgpack.Decoder(Answer)


def encode_message(message: Question | Answer) -> bytes:
    """Return a question or an answer as it travels."""
    encoded = _encoder.encode(message)
    if encoded[0] == _MAP16 and encoded[1] == 0 and encoded[2] < _FIXMAP_MOST:
        # msgspec counts the fields that a message could have, not those that it has.
        return bytes((_FIXMAP | encoded[2],)) + encoded[3:]
    return encoded


def decode_question(content: bytes) -> Question:
    """Return the question that the bytes hold. Raises Malformed."""
    return _decoded(_questions, content)


def introduction_in(content: bytes) -> bytes:
    """Return a question's `enrolment` and unpack nothing else. Raises Malformed."""
    return _decoded(_introducing, content).enrolment


def decode_answer(content: bytes) -> Answer:
    """Return the answer that the bytes hold. Raises Malformed."""
    return _decoded(_answers, content)


def _decoded(decoder: msgspec.msgpack.Decoder[Said], content: bytes) -> Said:
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise Malformed(str(error)) from error


class Parcel(NamedTuple):
    """An event to be sent: its exact bytes, its texts as they are to travel, and the hub's mark."""

    body: bytes
    words: dict[str, Word]
    mark: bytes = b""


def check_parts(parts: Sequence[BlobPart]) -> None:
    """Raise Malformed where a part is of no photo, or goes beyond its end."""
    if len(parts) > PARTS_MOST:
        raise Malformed("too many parts at once")
    for part in parts:
        if len(part.sha256) != 32 or not 0 <= part.offset <= part.size_bytes - len(part.body):
            raise Malformed("a part of a wrong shape")


def pack(parcels: Iterable[Parcel]) -> list[EventRun]:
    """Return events as runs, in the order in which they come."""
    runs: list[EventRun] = []
    follows: tuple[bytes, int, bytes] | None = None
    for parcel in parcels:
        texts = {
            field: (word.salt, word.body, word.wrapped_key) for field, word in parcel.words.items()
        }
        event = decode(parcel.body)
        bare = _without_place(parcel.body, event)
        if bare is None:
            runs.append(EventRun([EventItem(parcel.body, texts, parcel.mark)]))
            follows = None
            continue
        if follows != (event.log, event.sequence, event.previous):
            runs.append(EventRun([], event.log, event.sequence, event.previous))
        runs[-1].items.append(EventItem(bare, texts, parcel.mark))
        follows = (event.log, event.sequence + 1, digest(parcel.body))
    return runs


def unpack(runs: Sequence[EventRun]) -> list[tuple[Arrival, bytes]]:
    """Return the events of runs with the hub's mark on each. Raises Malformed."""
    arrivals: list[tuple[Arrival, bytes]] = []
    for run in runs:
        sequence, previous = run.sequence, run.previous
        for item in run.items:
            body = _with_place(item.body, run.log, sequence, previous) if run.log else item.body
            try:
                event = decode(body)
            except (msgspec.DecodeError, RecursionError) as error:
                raise Malformed(f"no event: {error}") from error
            _check(event)
            texts = {
                field: Word(event.words.get(field, b""), *word)
                for field, word in item.words.items()
            }
            if set(texts) - set(event.words):
                raise Malformed("a text that its event does not know")
            arrivals.append((Arrival(body, event, texts), item.mark))
            sequence, previous = sequence + 1, digest(body)
    return arrivals


def _check(event: Event) -> None:
    """Raise Malformed where an event has no place in any log, or ids of no length."""
    if (
        len(event.id) != 16
        or len(event.subject) != 16
        or len(event.log) != 8
        or len(event.previous) != 32
        or not 1 <= event.sequence <= SEQUENCE_MOST
        or not 0 <= event.rank <= SEQUENCE_MOST
        or not 0 <= event.at <= SEQUENCE_MOST
    ):
        raise Malformed("an event of a wrong shape")


def _place(log: bytes, sequence: int, previous: bytes) -> bytes:
    return (
        bytes((_BIN8, len(log))) + log + _encoder.encode(sequence)
        + bytes((_BIN8, len(previous))) + previous
    )  # fmt: skip


def _without_place(body: bytes, event: Event) -> bytes | None:
    """Return an event's bytes without its place in the log; None where they are put otherwise."""
    place = _place(event.log, event.sequence, event.previous)
    if body[_PREFIX_BYTES : _PREFIX_BYTES + len(place)] != place:
        return None
    return body[:_PREFIX_BYTES] + body[_PREFIX_BYTES + len(place) :]


def _with_place(bare: bytes, log: bytes, sequence: int, previous: bytes) -> bytes:
    if not 0 <= sequence <= SEQUENCE_MOST or len(log) > 255 or len(previous) > 255:
        raise Malformed("no such place in a log")
    return bare[:_PREFIX_BYTES] + _place(log, sequence, previous) + bare[_PREFIX_BYTES:]
