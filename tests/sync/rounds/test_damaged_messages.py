"""Questions and answers that were cut, changed or blown up on the way: all is taken, or nothing.

A byte is flipped in one bit; the full count flips each bit of each byte.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import zstandard
from nacl.signing import SigningKey

from eventlog.keys import make_keys
from sync.nodes.audit import Finding
from sync.rounds import envelope, wire
from sync.rounds.envelope import BadMessage, MessageKind
from sync.rounds.reception import QUESTION_MOST_BYTES
from sync.rounds.round import PendingQuestion, Refused
from sync.rounds.wire import EVENTS_MOST, Malformed, Question
from tests.counts import FULL
from tests.sync.rounds.test_exchange import findings
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, states

BITS = range(8) if FULL else (3,)
pytestmark = pytest.mark.faults
MEMORY_MOST_BYTES = 64 * 1024 * 1024


def damaged(message: bytes) -> Iterator[bytes]:
    """Yield a message cut at every byte, and with bits flipped at every byte."""
    for place in range(len(message)):
        yield message[:place]
        for bit in BITS:
            yield message[:place] + bytes((message[place] ^ 1 << bit,)) + message[place + 1 :]


def test_of_a_damaged_question_nothing_is_taken(both: tuple[SmallHub, SmallStation]) -> None:
    hub, station = both
    station.write(
        lined(1, "村口桥板断了", station="shiweng", secret="张三 13912345678"),
        lined(2, "路灯不亮", station="shiweng"),
    )
    asked = station.inquirer.ask(up_bytes=10_000)
    events, folded = ids(hub.log), states(hub.log)
    for message in damaged(asked.message):
        answer = hub.answer(message)
        with pytest.raises((BadMessage, Refused)):
            station.inquirer.take_answer(asked, answer)
    assert (ids(hub.log), states(hub.log)) == (events, folded)
    assert station.counts()[0] == 2 and Finding.FORGED in findings(hub)
    assert hub.log.verify().ok
    assert station.deliver().ok and station.counts() == (0, 0, 2, 0)
    assert ids(hub.log) == ids(station.log)


def test_of_a_damaged_answer_nothing_is_taken(both: tuple[SmallHub, SmallStation]) -> None:
    hub, station = both
    station.write(lined(1, "村口桥板断了", station="shiweng"))
    hub.write(lined(3, "县里的答复", station="shiweng", secret="李四 13987654321"))
    asked = station.inquirer.ask(up_bytes=10_000)
    answer = hub.answer(asked.message)
    events, folded, counts = ids(station.log), states(station.log), station.counts()
    for message in damaged(answer):
        with pytest.raises(BadMessage):
            station.inquirer.take_answer(asked, message)
    assert (ids(station.log), states(station.log), station.counts()) == (events, folded, counts)
    station.inquirer.take_answer(asked, answer)
    assert station.counts() == (0, 0, 1, 0) and ids(hub.log) == ids(station.log)
    assert station.log.verify().ok


def test_bytes_beside_the_signature_are_no_message(both: tuple[SmallHub, SmallStation]) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了"))
    asked = station.inquirer.ask(up_bytes=10_000)
    before = ids(hub.log)
    for message in (asked.message + b"\0", asked.message * 2, b"\0" + asked.message, b""):
        with pytest.raises((BadMessage, Refused)):
            station.inquirer.take_answer(asked, hub.answer(message))
    assert ids(hub.log) == before


def grown_bytes(work: Callable[[], object]) -> int:
    """Return by how much the memory of this process grew at most while something was done."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    work()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def packed(content: bytes) -> bytes:
    """Return a body that unpacks to the content, as small as it can be made."""
    parameters = zstandard.ZstdCompressionParameters.from_level(
        19, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=False
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(content)


def sent_by(key: SigningKey, body: bytes, hub: SmallHub) -> bytes:
    """Return a question with a body that was packed elsewhere, signed as it should be."""
    head = bytes((envelope.VERSION, 1)) + envelope.node_id(bytes(key.verify_key))
    signed = envelope._to_sign(MessageKind.QUESTION, hub.card.verify_key, head, body)
    return head + key.sign(signed).signature + body


def many_items(count: int) -> bytes:
    """Return a question of events without a byte in them: each a small thing once unpacked."""
    items = b"\xdd" + count.to_bytes(4, "big") + b"\x91\xc4\x00" * count
    return b"\x82\xa1t\x01\xa1e\x91\x91" + items


def small_texts(size_bytes: int) -> bytes:
    """Return a question about so large, all of whose events have many texts without a letter."""
    item = [bytes(40), {f"{number:x}": [None, b"", None] for number in range(8)}]
    count = size_bytes // len(msgspec.msgpack.encode(item)) // EVENTS_MOST
    return msgspec.msgpack.encode({"t": 1, "e": [[[item] * EVENTS_MOST]] * count})


BOMBS = {
    "zeros": bytes(100 * 1024 * 1024),
    "just below the cap": msgspec.msgpack.encode(
        {"t": 1, "zz": bytes(envelope.UNPACKED_MOST_BYTES - 1024)}
    ),
    "one long offer": msgspec.msgpack.encode({"t": 1, "o": [bytes(30 * 1024 * 1024)]}),
    "a million offers": msgspec.msgpack.encode({"t": 1, "o": [b""] * 1_000_000}),
    "a million events": many_items(1_000_000),
    "small texts": small_texts(QUESTION_MOST_BYTES),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("by_a_stranger", [True, False], ids=["a stranger's", "a station's"])
def test_a_bomb_costs_little_memory(
    both: tuple[SmallHub, SmallStation], name: str, by_a_stranger: bool
) -> None:
    hub, station = both
    keys = make_keys() if by_a_stranger else station.keys
    message = sent_by(SigningKey(keys.signing), packed(BOMBS[name]), hub)
    assert len(BOMBS[name]) > 100 * len(message)
    before = ids(hub.log)
    grown = grown_bytes(lambda: hub.answer(message))
    assert grown <= MEMORY_MOST_BYTES, f"{grown:,} bytes"
    assert ids(hub.log) == before
    station.write(lined(1, "还能送"))
    assert station.deliver().ok and station.counts() == (0, 0, 1, 0)


def test_an_answer_that_is_malformed_settles_nothing(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了"))

    def line(message: bytes) -> bytes:
        return envelope.close(
            b"\x81\xa1t\xa3not",
            SigningKey(hub.keys.signing),
            MessageKind.ANSWER,
            about=envelope.digest(message),
        )

    station.line = line
    delivery = station.deliver()
    assert (delivery.failure, delivery.retryable) == (Malformed.code, False)
    assert station.counts()[0] == 1


def test_a_question_of_a_wrong_shape_is_refused_whole(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    station.write(lined(1, "第一件"), lined(2, "第二件"))
    asked = station.inquirer.ask(up_bytes=10_000)
    before = ids(hub.log)
    for spoil in (_wrong_sequence, _no_event, _a_text_too_many):
        message = spoiled(asked, spoil, station, hub)
        content = envelope.open_message(
            hub.answer(message),
            hub.card.verify_key,
            MessageKind.ANSWER,
            about=envelope.digest(message),
        )
        assert wire.decode_answer(content).failed == Malformed.code
    assert ids(hub.log) == before and Finding.MALFORMED in findings(hub)


def spoiled(
    asked: PendingQuestion, spoil: Callable[[Question], None], station: SmallStation, hub: SmallHub
) -> bytes:
    """Return a question changed by who signs it, as broken software would."""
    question = wire.decode_question(wire.encode_message(asked.question))
    spoil(question)
    return envelope.close(
        wire.encode_message(question),
        SigningKey(station.keys.signing),
        MessageKind.QUESTION,
        about=hub.card.verify_key,
    )


def _wrong_sequence(question: Question) -> None:
    question.runs[0].sequence = -1


def _no_event(question: Question) -> None:
    question.runs[0].items[-1].body = b"\x93\x01\x02"


def _a_text_too_many(question: Question) -> None:
    item = question.runs[0].items[-1]
    item.words = {**item.words, "unknown": (None, b"x", None)}
