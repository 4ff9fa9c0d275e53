"""1,500 stations that reconnect at once, with fifty events each (FAULTS.md), and slow senders.

The hub is real from `server.exchange.endpoint` down; the stations are what they send: questions
signed and sealed as a station's are, which come again when the hub says 429, as
`sync.rounds.courier` does. In the small count a second of waiting is a fiftieth of one.
"""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from nacl.signing import SigningKey

from eventlog import words
from eventlog.events import FORMAT, GENESIS, Event, digest, encode
from eventlog.identifiers import new_uuid7
from eventlog.keys import make_keys
from eventlog.transaction import Transaction
from server.exchange import endpoint as address
from server.exchange.endpoint import SyncEndpoint
from sync.nodes import nodes
from sync.nodes.enrolment import Enrolment
from sync.nodes.nodes import Secrets
from sync.rounds import envelope, wire
from sync.rounds.envelope import MessageKind
from sync.rounds.wire import Parcel, Question
from tests.counts import FULL
from tests.sync.rounds.test_damaged_messages import grown_bytes
from tests.sync.small_nodes import SmallHub
from tests.sync.small_server import exchange_of, post

STATIONS, EVENTS = (1500, 50) if FULL else (80, 15)
SCALE = 1.0 if FULL else 0.02
WITHIN_S = 600.0
# The hub's own tables and caches grow with what is in them; what must not grow is what waits.
MEMORY_MOST_BYTES = (192 if FULL else 64) * 1024 * 1024
pytestmark = [pytest.mark.faults, pytest.mark.alone]


class Sender(NamedTuple):
    """A station that is enrolled: the ids of its events, and the question that brings them."""

    events: set[bytes]
    message: bytes


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[SmallHub]:
    running = SmallHub(tmp_path / "hub")
    yield running
    running.stop()


def sender(hub: SmallHub, transaction: Transaction, number: int) -> Sender:
    """Enrol a station as its first round would, and write its question with all that waits."""
    keys, now = make_keys(), hub.clock()
    secrets = nodes.seal_secrets(Secrets(keys.unsealing, keys.receipt), hub.card.sealing_key)
    mark = number.to_bytes(8, "big")
    node = nodes.invite(
        transaction.connection,
        f"{number}号站",
        f"station-{number}",
        code_mark=mark,
        code_key=bytes(32),
        code_until=now,
        now_ms=now,
    )
    sealing = keys.unsealer.public_key
    peer = nodes.enrol(
        transaction.connection,
        node,
        key_id=envelope.node_id(keys.verify_key),
        said=Enrolment(b"", keys.verify_key, sealing, keys.age_key, secrets, b""),
        now_ms=now,
    )
    # As its first round did, which was before anything was here.
    hub.queue.fill(transaction, peer)
    log, previous = os.urandom(8), GENESIS
    parcels: list[Parcel] = []
    written: set[bytes] = set()
    for sequence in range(1, EVENTS + 1):
        word = words.commit_boxed(f"{number}号站第{sequence}件:路灯不亮", keys.sealer)
        id, subject = new_uuid7(now), os.urandom(16)
        named = {"station": f"station-{number}"}
        commitments = {"text": word.commitment}
        event = Event(
            *(FORMAT, log, sequence, previous, id, subject, "note.lined", 0, now, "liaison:1"),
            data=named,
            words=commitments,
        )
        body = encode(event)
        written.add(id)
        previous = digest(body)
        parcels.append(Parcel(body, {"text": word}))
    question = Question(now // 1000, runs=wire.pack(parcels))
    message = envelope.close(
        wire.encode_message(question),
        SigningKey(keys.signing),
        MessageKind.QUESTION,
        about=hub.card.verify_key,
    )
    return Sender(written, message)


def senders(hub: SmallHub) -> list[Sender]:
    """Enrol all stations."""
    return hub.log.write(lambda t: [sender(hub, t, n) for n in range(STATIONS)]).result


class Crowd:
    """All stations at once, and what they were told."""

    def __init__(self, hub: SmallHub, exchange: SyncEndpoint) -> None:
        self.hub, self.exchange = hub, exchange
        self.pauses_s: list[float] = []
        self.durable = 0

    async def carry(self, one: Sender) -> None:
        """Send a question until the hub takes it."""
        while True:
            told = await post(self.exchange, one.message)
            if told.status == 200:
                break
            assert told.status == 429, told
            pause_s = float(told.headers[b"retry-after"])
            self.pauses_s.append(pause_s)
            await asyncio.sleep(pause_s * random.uniform(1.0, 2.0) * SCALE)
        content = envelope.open_message(
            told.body,
            self.hub.card.verify_key,
            MessageKind.ANSWER,
            about=envelope.digest(one.message),
        )
        answer = wire.decode_answer(content)
        assert not answer.failed and not answer.refused
        self.durable += answer.durable

    async def all_of(self, crowd: list[Sender]) -> None:
        """Let all of them come at one moment."""
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*map(self.carry, crowd))


@pytest.mark.timeout(1800)
def test_all_stations_reconnect_at_once(hub: SmallHub) -> None:
    everyone = senders(hub)
    crowd = Crowd(hub, exchange_of(hub))
    began = time.monotonic()
    grown = grown_bytes(lambda: asyncio.run(crowd.all_of(everyone)))
    took_s = time.monotonic() - began
    # None was refused for good, and whoever was sent away was told another time than the others.
    assert crowd.durable == STATIONS
    assert len(crowd.pauses_s) >= STATIONS - address.AT_ONCE_MOST
    assert min(crowd.pauses_s) >= address.RETRY_FROM_S
    assert max(crowd.pauses_s) <= address.RETRY_TO_S and len(set(crowd.pauses_s)) > 10
    with hub.log.reading() as connection:
        there = {row[0] for row in connection.execute("SELECT id FROM events")}
    assert there == set().union(*(one.events for one in everyone))
    assert grown <= MEMORY_MOST_BYTES, f"{grown:,} bytes, {took_s:.0f} s"
    assert hub.log.verify().ok


def test_senders_that_fall_silent_keep_nobody_out(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "BODY_WITHIN_S", 1.0)
    (one,) = hub.log.write(lambda t: [sender(hub, t, 1)]).result
    exchange = exchange_of(hub)
    statuses: list[int] = []

    async def silent() -> None:
        begun = asyncio.Event()

        async def receive() -> Any:
            if begun.is_set():
                await asyncio.get_running_loop().create_future()
            begun.set()
            return {"type": "http.request", "body": b"x" * 100, "more_body": True}

        async def send(event: Any) -> None:
            if event["type"] == "http.response.start":
                statuses.append(event["status"])

        await exchange({"type": "http", "method": "POST", "path": "/sync"}, receive, send)

    async def both() -> int:
        waiting = [asyncio.create_task(silent()) for _ in range(4 * address.AT_ONCE_MOST)]
        await asyncio.sleep(0)
        told = await post(exchange, one.message)
        assert not statuses
        await asyncio.gather(*waiting)
        return told.status

    assert asyncio.run(both()) == 200
    # They were let go, and nothing of what they had begun is kept.
    assert statuses == [408] * 4 * address.AT_ONCE_MOST and exchange._held_bytes == 0


def test_what_is_under_way_together_has_a_limit(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "HELD_MOST_BYTES", 1000)
    (one,) = hub.log.write(lambda t: [sender(hub, t, 1)]).result
    exchange = exchange_of(hub)
    assert asyncio.run(post(exchange, one.message * 2)).status == 429
    assert exchange._held_bytes == 0
    monkeypatch.setattr(address, "BODY_MOST_BYTES", 100)
    assert asyncio.run(post(exchange, one.message)).status == 413
    monkeypatch.undo()
    assert asyncio.run(post(exchange, one.message)).status == 200
