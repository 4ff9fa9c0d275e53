"""One round as the lower node has it: a question on its way, what came of it, and who decides."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from eventlog.events import Event
from eventlog.transaction import Transaction
from sync.rounds import uplink
from sync.rounds.upstream import Upstream
from sync.rounds.wire import Question


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

    def heard_at_least(self, hub_ms: int) -> None:
        """Note that it is this late or later: the hub's signed time of an answer on a stick."""


@dataclass
class PendingQuestion:
    """A question on its way: its bytes, and what its answer will settle.

    `is_late` where it goes on a stick, and its answer may come at any time.
    """

    message: bytes
    question: Question
    hub: Upstream
    voice: bytes
    sent: list[uplink.Waiting] = field(default_factory=list)
    offered: list[int] = field(default_factory=list)
    asked_ms: int = 0
    digest: bytes = b""
    is_late: bool = False

    @property
    def says_something(self) -> bool:
        """Whether the question carries events, photos or offers."""
        return bool(self.sent or self.offered or self.question.parts)


@dataclass
class Round:
    """What a round came to. `more` says that the hub has more to tell at once.

    `head_wanted` says that the hub waits to hear how far this node's log goes.
    `unsure` says that the hub speaks in another voice, and has to be asked what it still has.
    """

    sent: int = 0
    received: int = 0
    durable: bool = False
    more: bool = False
    lost: bool = False
    refused: list[tuple[bytes, str]] = field(default_factory=list)
    new_voice: bool = False
    unsure: bool = False
    head_wanted: bool = False
    site: bytes = b""
    moved: bytes = b""

    @property
    def goes_on(self) -> bool:
        """Whether there is something to ask at once, whatever waits here."""
        return self.more or self.lost or self.new_voice or self.head_wanted
