"""One set of rounds for all that carry submissions from a station to a hub, ours and the peers'.

Up only, from a sender that has synced before: what a first meeting costs is not counted.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Protocol

from bench.exchange.counting_line import Traffic, counting
from bench.exchange.texts import lone_text, texts
from bench.processes import NotReadyError

BATCH = 1_000
SENDERS = 4
EACH = 500


class Sender(Protocol):
    """A station. Both return when it is done, and raise NotReadyError where it can't be."""

    def write(self, texts: Sequence[str]) -> None:
        """Put submissions where they wait to be sent."""

    def sync(self) -> None:
        """Go through one round, at the end of which the hub has what waited."""


# Yields sender number so-and-so, of 0 to SENDERS, that talks to the hub at an address.
Connect = Callable[[int, str], AbstractContextManager[Sender]]


@dataclass(frozen=True)
class Rounds:
    """What was measured of one of them; with `missing`, why nothing was.

    Bytes are those of TCP's payload both ways, with HTTP's headers.
    """

    who: str
    lone: Traffic | None = None
    nothing_new: Traffic | None = None
    batch: Traffic | None = None
    documents_s: float | None = None
    missing: str = ""

    @property
    def batch_bytes_each(self) -> float | None:
        """Bytes a document in the batch."""
        return None if self.batch is None else self.batch.size_bytes / BATCH


def measured(who: str, port: int, connect: Connect, held: Callable[[], int]) -> Rounds:
    """Return the figures of a hub that listens on a port of 127.0.0.1 and holds nothing yet.

    `held` says how many submissions it holds. Raises NotReadyError where any did not arrive.
    The rate is taken without the counting line, which would use up a core that both could do with.
    """
    with counting(port) as line, connect(0, line.address) as sender:
        sender.write(texts(1, seed=1))
        sender.sync()
        # The first round after something was sent may still have a last word about it.
        sender.sync()
        line.take()
        sender.sync()
        nothing_new = line.take()
        sender.write([lone_text(seed=2)])
        sender.sync()
        lone = line.take()
        _expect(2, held)
        sender.write(texts(BATCH, seed=3))
        line.take()
        sender.sync()
        batch = line.take()
        _expect(2 + BATCH, held)
    rate = _documents_s(f"http://127.0.0.1:{port}", connect, held)
    return Rounds(who, lone, nothing_new, batch, rate)


def _documents_s(address: str, connect: Connect, held: Callable[[], int]) -> float:
    before = held()
    waiting = texts(SENDERS * EACH, seed=4)
    with ExitStack() as stack, ThreadPoolExecutor(SENDERS) as pool:
        senders = [
            stack.enter_context(connect(number, address)) for number in range(1, SENDERS + 1)
        ]
        for number, sender in enumerate(senders):
            sender.write(waiting[number : number + 1])
        # Each meets the hub once beforehand, as in `measured`.
        list(pool.map(_sync, senders))
        for number, sender in enumerate(senders):
            sender.write(waiting[SENDERS + number :: SENDERS])
        began = time.perf_counter()
        list(pool.map(_sync, senders))
        took = time.perf_counter() - began
    _expect(before + len(waiting), held)
    return (len(waiting) - SENDERS) / took


def _sync(sender: Sender) -> None:
    sender.sync()


def _expect(count: int, held: Callable[[], int]) -> None:
    found = held()
    if found != count:
        raise NotReadyError(f"{found} submissions arrived, and not {count}")
