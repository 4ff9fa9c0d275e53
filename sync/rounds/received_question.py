"""A question at the hub, on its way from being read to being answered; and who decides of it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from eventlog.events import Event
from eventlog.transaction import Arrival, Transaction
from sync.nodes.enrolment import Enrolment
from sync.nodes.nodes import Peer
from sync.rounds.wire import Question


class QuestionRefused(Exception):
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


@dataclass
class ReceivedQuestion:
    """A question that was read: who asks, what was brought, and what may not be folded, and why.

    `digest` is the message's, to which the answer refers; `has_brought` says that it brought events
    where these are no more at hand, as long after a bundle.
    """

    digest: bytes
    question: Question
    peer: Peer
    introduction: Enrolment | None = None
    arrivals: list[tuple[int, Arrival]] = field(default_factory=list)
    refused: list[tuple[int, Arrival, str]] = field(default_factory=list)
    is_live: bool = True
    own_logs: set[bytes] = field(default_factory=set)
    blobs: list[tuple[bytes, int, bool]] = field(default_factory=list)
    has_brought: bool = False

    @property
    def wants_safety(self) -> bool:
        """Whether the sender waits to hear that something is in the replica.

        By network it asks for that by `newest`, and offers only what it doubts.
        """
        asked = self.question
        return bool(
            (self.arrivals or self.refused or self.has_brought or asked.newest or asked.enrolment)
            or (asked.offered and not self.is_live)
        )


class Outcome(NamedTuple):
    """What became of a question: the peer as it is now, and what the answer has to say.

    `fresh` is how many of its events were not here before.
    """

    peer: Peer
    new_voice: bool = False
    refused: Sequence[tuple[int, str]] = ()
    fresh: int = 0
