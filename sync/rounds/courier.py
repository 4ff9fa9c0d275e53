"""Carries what waits to the hub above, whenever there is a line, and brings back what is new.

A round is as large as the line bears: about three seconds of it, so that one that fails every
minute costs little of what it carried.
"""

import contextlib
import fcntl
import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from eventlog.crash_points import CrashPoint, reached
from eventlog.worker import Worker
from eventlog.writer import StorageFull, WriterBusy, WriterStopped
from sync.rounds.client import Unreachable
from sync.rounds.envelope import BadMessage
from sync.rounds.question import Inquirer
from sync.rounds.round import NotJoined, Refused, Round
from sync.rounds.wire import Malformed

FIRST_BYTES = 16 * 1024
LEAST_BYTES = 2 * 1024
MOST_BYTES = 512 * 1024
ROUND_S = 3.0
# How long a commit waits for company before it is carried.
WAKE_AFTER_S = 0.2
LONGEST_PAUSE_S = 300.0
# A round more than this at once is no round any more: the rest waits for the next time.
ROUNDS_MOST = 100_000
# How often it is asked again whether what the hub has is in its replica.
ASKED_AGAIN_MOST = 3
LOCK_NAME = "sync.lock"
DISK_FULL = "disk-full"

logger = logging.getLogger("huiyin.sync")


# A way for a question to reach the hub, and for its answer to come back. Raises Unreachable.
Transport: TypeAlias = Callable[[bytes], bytes]


@dataclass
class Delivery:
    """What a delivery came to: all its rounds together. `failure` is a code, "" where all went.

    `retry_after_s` is when the hub wants to be asked again, where it said so.
    """

    ok: bool = False
    rounds: int = 0
    sent: int = 0
    received: int = 0
    waiting: int = 0
    held: int = 0
    durable: int = 0
    photos_waiting: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    failure: str = ""
    detail: str = ""
    retryable: bool = True
    retry_after_s: float | None = None


class Busy(Exception):
    """Another process carries already. Retryable."""

    code = "busy"


# Neither of these says that the line is down.
LINE_UNTRIED = (NotJoined.code, Busy.code)


class Courier:
    """Makes rounds for one node, one delivery at a time, also beside another process."""

    def __init__(
        self,
        folder: Path,
        inquirer: Inquirer,
        transport: Callable[[], Transport],
        counts: Callable[[], tuple[int, int, int, int]],
        *,
        note_failure: Callable[[str], None] = lambda code: None,
        after: Callable[[Round], None] = lambda round: None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`transport` gives the line for a delivery (raises NotJoined where there is no hub);

        `counts` says how many events wait, are held, are durable, and how many photos wait;
        `after` is told of each round.
        """
        self._folder = folder
        self._inquirer = inquirer
        self._transport = transport
        self._counts = counts
        self._note_failure = note_failure
        self._after = after
        self._clock_s = clock_s
        self._bytes = FIRST_BYTES
        # What is done so far, for those who watch.
        self.under_way: Delivery | None = None
        self._one_at_a_time = threading.Lock()

    def deliver(self, *, with_photos: bool = True) -> Delivery:
        """Make rounds until nothing is left to say, and return what came of them. Never raises."""
        delivery = self.under_way = Delivery()
        try:
            with self._one_at_a_time, self._alone():
                transport = self._transport()
                self._make_rounds(delivery, transport, with_photos)
            delivery.ok = True
        except Unreachable as error:
            delivery.failure, delivery.detail = error.code, str(error)
            delivery.retry_after_s = error.retry_after_s
            self._bytes = max(LEAST_BYTES, self._bytes // 2)
        except BadMessage as error:
            delivery.failure, delivery.detail = "not-the-hub", str(error)
        except (Busy, NotJoined, Refused, Malformed) as error:
            delivery.failure, delivery.detail = error.code, str(error)
            delivery.retryable = isinstance(error, Busy)
        except (WriterBusy, WriterStopped) as error:
            delivery.failure, delivery.detail = Busy.code, str(error)
        except (StorageFull, OSError) as error:
            # Of the line nothing comes this way. What the answer settles is settled another time.
            delivery.failure, delivery.detail = DISK_FULL, str(error)
        finally:
            self.under_way = None
        delivery.waiting, delivery.held, delivery.durable, delivery.photos_waiting = self._counts()
        if delivery.failure and delivery.failure not in LINE_UNTRIED:
            with contextlib.suppress(StorageFull, WriterBusy, WriterStopped):
                self._note_failure(delivery.failure)
            logger.info("no delivery: %s %s", delivery.failure, delivery.detail)
        return delivery

    def _make_rounds(self, delivery: Delivery, transport: Transport, with_photos: bool) -> None:
        again = lost = 0
        for _ in range(ROUNDS_MOST):
            pending = self._inquirer.ask(
                up_bytes=self._bytes, room_bytes=self._bytes, with_photos=with_photos
            )
            began = self._clock_s()
            reached(CrashPoint.ASKING)
            answer = transport(pending.message)
            reached(CrashPoint.ANSWER_CAME)
            took_s = self._clock_s() - began
            self._adapt(took_s, len(pending.message) + len(answer))
            round_made = self._inquirer.take_answer(pending, answer)
            reached(CrashPoint.ROUND_MADE)
            self._add(delivery, round_made, len(pending.message), len(answer))
            self._after(round_made)
            lost += round_made.lost
            if lost > ASKED_AGAIN_MOST:
                return
            delivery.waiting, held, _, photos = self._counts()
            goes_on = round_made.goes_on or round_made.unsure
            if pending.says_something or goes_on:
                again = 0
                if not (delivery.waiting or held or photos or goes_on):
                    return
                continue
            again += 1
            # Photos that wait were left out for a while: the hub took none of them just now.
            if again > ASKED_AGAIN_MOST or not (delivery.waiting or held):
                return

    def _add(self, delivery: Delivery, round_made: Round, up: int, down: int) -> None:
        delivery.rounds += 1
        delivery.sent += round_made.sent
        delivery.received += round_made.received
        delivery.bytes_up += up
        delivery.bytes_down += down
        delivery.refused += [(event.hex(), code) for event, code in round_made.refused]

    def _adapt(self, took_s: float, size_bytes: int) -> None:
        """Let the next round be as large as the line bears, by what this one took."""
        if took_s > ROUND_S:
            self._bytes = max(LEAST_BYTES, self._bytes // 2)
        elif took_s < ROUND_S / 3 and size_bytes > self._bytes // 2:
            self._bytes = min(MOST_BYTES, self._bytes * 2)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock, so that the server and a command don't both carry."""
        descriptor = os.open(self._folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Busy("another process carries already") from error
            yield
        finally:
            os.close(descriptor)


class Rounds:
    """Delivers whenever something waits, and every so often in any case, in a thread."""

    def __init__(
        self, courier: Courier, *, every_s: float, waits: Callable[[], bool] = lambda: True
    ) -> None:
        """`waits` says whether anything is there to deliver; asked where something was written.

        Where `every_s` is infinite, it delivers only when somebody asks for it (`now`).
        """
        self._courier = courier
        self._every_s = every_s
        self._waits = waits
        self._asked = False
        self._worker = Worker("sync", self._step)
        # Before then a delivery has to have a reason.
        self._next_s = 0.0
        self._failures = 0
        self.last: Delivery | None = None

    def start(self) -> None:
        """Begin, where that was not done yet."""
        # A thousand stations that were switched on together don't ask together.
        self._worker.start(random.uniform(0.0, min(self._every_s, 5.0) / 5))

    def wake(self) -> None:
        """Something was written: deliver soon what waits, unless the line was down just now."""
        if not self._failures and math.isfinite(self._every_s):
            self._worker.wake()

    def now(self) -> None:
        """Somebody asks for it: deliver at once, whatever was before."""
        self._failures = 0
        self._asked = True
        self._worker.start()
        self._worker.hurry()

    def stop(self) -> None:
        """End it; a delivery under way ends with the process, for it can be cut anywhere."""
        self._worker.stop(0.5)

    def _step(self) -> float | None:
        """Deliver, where it is time, or something waits, or somebody asks for it.

        A round writes, too: when the hub was heard. That alone is no reason for another. However
        much is written, it is looked at only so often.
        """
        left_s = self._next_s - time.monotonic()
        if left_s > 0 and not self._asked:
            if not self._worker.rest(WAKE_AFTER_S):
                return 0.0
            if not self._asked and not self._waits():
                return max(0.0, left_s - WAKE_AFTER_S)
        self._asked = False
        try:
            self._note(self._courier.deliver())
        except Exception:
            logger.exception("a delivery failed in a way that was not foreseen")
            self._note(Delivery(failure="error"))
        pause_s = self._pause_s()
        self._next_s = time.monotonic() + pause_s
        return pause_s if math.isfinite(self._every_s) else None

    def _note(self, delivery: Delivery) -> None:
        self.last = delivery
        is_down = not delivery.ok and delivery.failure not in LINE_UNTRIED
        self._failures = self._failures + 1 if is_down else 0

    def _pause_s(self) -> float:
        """Return how long to wait: longer with each failure, never in step with others."""
        if not self._failures:
            return self._every_s * random.uniform(0.8, 1.2)
        told_s = heeded_s(None if self.last is None else self.last.retry_after_s)
        if told_s:
            return told_s
        longest = max(self._every_s, LONGEST_PAUSE_S)
        return min(longest, 2.0 ** min(self._failures, 16)) * random.uniform(0.5, 1.5)


def heeded_s(retry_after_s: float | None) -> float:
    """Return when to ask again a hub that was too busy and said when, 0 where it did not.

    A little later than told: it tells whole seconds, and many the same ones.
    """
    return (retry_after_s or 0.0) * random.uniform(1.0, 1.25)
