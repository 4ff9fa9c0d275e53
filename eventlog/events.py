"""Events: what happened, in bytes that never change once they are written.

The bytes are a MessagePack array, in the order of `Event`'s fields. They are kept as written and
never encoded again, so hashes and signatures over them hold for good, on every node, also of
types that a node does not know.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

FORMAT = 1
GENESIS = bytes(32)


class Event(msgspec.Struct, array_like=True, frozen=True):
    """One event.

    - `format`: 1. Fields are only ever added, at the end.
    - `log`, `sequence`, `previous`: the chain of the log that it was written into: 8 random
      bytes, a count from 1, and the SHA-256 of the event before it there.
    - `id`: 16 bytes, UUIDv7. `subject`: 16 bytes, what the event is about.
    - `type`: `noun.verb`; the noun picks the projection.
    - `rank`: one more than the highest that its author had seen on the subject, from 0.
    - `at`: milliseconds since 1970, UTC, by the clock of the node that wrote it, right or wrong.
    - `by`: `role:account`, "villager" or "system"; never a name.
    - `data`: structure only; no free words and no contact detail (DESIGN decision 7). Its
      `clock` is `unknown` where the node did not know the time.
    - `words`: field name to salted commitment, for each text beside the log.
    """

    format: int
    log: bytes
    sequence: int
    previous: bytes
    id: bytes
    subject: bytes
    type: str
    rank: int
    at: int
    by: str
    data: dict[str, Any]
    words: dict[str, bytes]

    @property
    def noun(self) -> str:
        """The part of the type before the dot."""
        return self.type.partition(".")[0]


class Draft(NamedTuple):
    """An event that is yet to be appended: the writer adds chain, rank and commitments.

    `secret` words are sealed before they are stored, whatever the node (contact details).
    """

    type: str
    subject: bytes
    data: Mapping[str, Any]
    words: Mapping[str, str] = {}
    secret: Mapping[str, str] = {}
    id: bytes | None = None


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder(Event)


def encode(event: Event) -> bytes:
    """Return the exact bytes of an event, to be stored, hashed, signed and sent as they are."""
    return _encoder.encode(event)


def decode(body: bytes) -> Event:
    """Return the event that the bytes hold. Raises msgspec.DecodeError where they hold none."""
    return _decoder.decode(body)


def digest(body: bytes) -> bytes:
    """Return the SHA-256 of an event's bytes: the `previous` of the next one in its log."""
    return hashlib.sha256(body).digest()


def in_order(events: list[Event]) -> list[Event]:
    """Return a subject's events in the one order in which every node folds them: (rank, id)."""
    return sorted(events, key=lambda event: (event.rank, event.id))
