"""Many stations that ask one hub at the same time, from a few processes."""

import multiprocessing
import random
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from time import sleep, time

from sync.rounds import envelope, wire
from sync.rounds.client import HubLine, Unreachable
from sync.rounds.courier import heeded_s
from sync.rounds.envelope import MessageKind

PROCESSES = 2
TRIES_MOST = 100
_ANSWER_WITHIN_S = 600.0


@dataclass(frozen=True)
class Sent:
    """What became of questions: all together. `turned_away` counts answers with 429 or 503."""

    seconds: float
    requests: int
    turned_away: int
    cut: int
    durable: int
    refused: int
    failed: int
    slowest_s: float


@dataclass(frozen=True)
class One:
    """What became of one question; times in seconds since 1970."""

    began: float
    ended: float
    turned_away: int = 0
    cut: int = 0
    durable: bool = False
    refused: int = 0
    failed: bool = False


def send_all(url: str, hub_key: bytes, messages: Sequence[bytes], at_once: int) -> Sent:
    """Send every question until it was answered, so many at the same time; return what came.

    A station that is turned away comes again when the hub told it to.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        # What starting the processes takes is not the hub's.
        list(pool.map(_warm, range(PROCESSES)))
        tasks = [
            pool.submit(_send, url, hub_key, list(messages[part::PROCESSES]), at_once // PROCESSES)
            for part in range(PROCESSES)
        ]
        found = list(chain.from_iterable(task.result() for task in tasks))
    began = min(one.began for one in found)
    return Sent(
        max(one.ended for one in found) - began,
        len(found) + sum(one.turned_away + one.cut for one in found),
        sum(one.turned_away for one in found),
        sum(one.cut for one in found),
        sum(one.durable for one in found),
        sum(one.refused for one in found),
        sum(one.failed for one in found),
        max(one.ended - one.began for one in found),
    )


def _warm(number: int) -> int:
    sleep(0.2)
    return number


def _send(url: str, hub_key: bytes, messages: list[bytes], at_once: int) -> list[One]:
    threading.stack_size(256 * 1024)
    with ThreadPoolExecutor(max(1, at_once)) as pool:
        return list(pool.map(lambda message: ask(url, hub_key, message), messages))


def ask(url: str, hub_key: bytes, message: bytes) -> One:
    """Return what became of one question, sent until it was answered."""
    line = HubLine(url, answer_within_s=_ANSWER_WITHIN_S)
    began = time()
    turned_away = cut = 0
    for _ in range(TRIES_MOST):
        try:
            told = line.exchange(message)
        except Unreachable as error:
            turned_away += error.retry_after_s is not None
            cut += error.retry_after_s is None
            sleep(heeded_s(error.retry_after_s) or random.uniform(0.5, 1.5))
            continue
        answer = wire.decode_answer(
            envelope.open_message(told, hub_key, MessageKind.ANSWER, about=envelope.digest(message))
        )
        return One(
            began,
            time(),
            turned_away,
            cut,
            answer.durable,
            len(answer.refused),
            bool(answer.failed),
        )
    return One(began, time(), turned_away, cut, failed=True)
