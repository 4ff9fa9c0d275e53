"""Newer nodes with older ones: nothing that one does not know is refused, changed or lost.

The messages of the other release are made by hand: names that nobody has here, events of types
and nouns to come, and events of a later format with more fields.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.signing import SigningKey

from eventlog.events import GENESIS, decode, digest, encode
from eventlog.identifiers import new_uuid7
from eventlog.keys import make_keys
from eventlog.log import Log
from eventlog.transaction import Arrival
from sync.nodes import nodes
from sync.rounds import envelope, uplink, wire
from sync.rounds.envelope import MessageKind
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined

LATER: dict[str, Any] = {"zz": {"deep": [1, None, b"x", {"a": 1.5}]}, "Q9": [[]], "zy": "以后的"}


def bodies(log: Log) -> dict[bytes, bytes]:
    """Return the exact bytes of every event by its id."""
    with log.reading() as connection:
        return dict(connection.execute("SELECT id, body FROM events").fetchall())


def later_event(
    log: bytes, sequence: int, previous: bytes, type: str, *, format: int = 2, more: int = 2
) -> bytes:
    """Return an event of a later release: another format, and more fields at the end."""
    now = 1_790_000_000_000
    fields: list[Any] = [
        *(format, log, sequence, previous, new_uuid7(now), (7).to_bytes(16, "big"), type, 0),
        *(now, "liaison:1", {"station": "shiweng", "later": [1, 2]}, {}),
        *({"field": number} for number in range(more)),
    ]
    return msgspec.msgpack.encode(fields)


def chain(log: bytes, makers: list[Callable[[int, bytes], bytes]]) -> list[bytes]:
    """Return events that follow each other in a log."""
    previous, found = GENESIS, []
    for sequence, make in enumerate(makers, 1):
        found.append(make(sequence, previous))
        previous = digest(found[-1])
    return found


def of_later_releases(log: bytes) -> list[bytes]:
    """Return a log whose events are each of another release to come."""

    def made(type: str, format: int, more: int) -> Callable[[int, bytes], bytes]:
        return lambda sequence, previous: later_event(
            log, sequence, previous, type, format=format, more=more
        )

    return chain(
        log,
        [
            made("note.sung", 1, 0),
            made("note.lined", 2, 1),
            # So many fields that the array begins with other bytes, and a format of two bytes.
            made("note.lined", 3, 9),
            made("note.danced", 200, 2),
            made("opera.sung", 2, 2),
        ],
    )


def write_later(node: SmallHub | SmallStation, events: list[bytes]) -> None:
    """Put events into a node's log as its newer release would, which writes these itself."""
    arrivals = [Arrival(body, decode(body), {}) for body in events]
    node.log.write(lambda transaction: transaction.take_in(arrivals))


def with_more(
    message: bytes, kind: MessageKind, key: SigningKey, about: bytes, change: Callable[[Any], None]
) -> bytes:
    """Return a message changed as another release would have written it, signed anew."""
    found = msgspec.msgpack.decode(envelope.unpack(message, kind))
    change(found)
    return envelope.close(msgspec.msgpack.encode(found), key, kind, about=about)


def longer(content: dict[str, Any]) -> None:
    """Add names that nobody knows here, and fields at the end of what travels as arrays."""
    content.update(LATER)
    for run in content.get("e", []):
        run[:] = [*run, *[b"", 0, b""][len(run) - 1 :], "later"] if len(run) == 4 else run
        for item in run[0]:
            item[:] = [*item, *[{}, b""][len(item) - 1 :], {"later": 1}]


def newer_station(station: SmallStation, hub: SmallHub) -> None:
    """Let a station speak as a newer release does, to a hub of this one."""

    def line(message: bytes) -> bytes:
        newer = with_more(
            message,
            MessageKind.QUESTION,
            SigningKey(station.keys.signing),
            hub.card.verify_key,
            longer,
        )
        answer = hub.answer(newer)
        # The answer is about what was really sent, which the station here doesn't know.
        return with_more(
            answer,
            MessageKind.ANSWER,
            SigningKey(hub.keys.signing),
            envelope.digest(message),
            lambda content: None,
        )

    station.line = line


def newer_hub(station: SmallStation, hub: SmallHub) -> None:
    """Let a hub speak as a newer release does, to a station of this one."""

    def line(message: bytes) -> bytes:
        return with_more(
            hub.answer(message),
            MessageKind.ANSWER,
            SigningKey(hub.keys.signing),
            envelope.digest(message),
            longer,
        )

    station.line = line


@pytest.mark.parametrize("speaks", [newer_station, newer_hub])
def test_what_is_not_known_in_a_message_is_passed_over(
    both: tuple[SmallHub, SmallStation], speaks: Callable[[SmallStation, SmallHub], None]
) -> None:
    hub, station = both
    speaks(station, hub)
    station.write(lined(1, "桥板断了", station="shiweng", secret="张三 13912345678"))
    hub.write(lined(2, "县里的话", station="shiweng"))
    delivery = station.deliver()
    assert delivery.ok and not delivery.refused and delivery.received == 1
    assert station.counts() == (0, 0, 1, 0)
    assert len(bodies(station.log)) == 2
    assert bodies(station.log).items() <= bodies(hub.log).items()


def test_events_of_later_releases_go_up_and_down_byte_for_byte(
    both: tuple[SmallHub, SmallStation], tmp_path: Path
) -> None:
    hub, station = both
    events = of_later_releases(station.log.voice.log)
    write_later(station, events)
    assert station.counts()[0] == len(events)
    delivery = station.deliver()
    assert delivery.ok and not delivery.refused and station.counts() == (0, 0, len(events), 0)
    assert {decode(body).id: body for body in events}.items() <= bodies(hub.log).items()
    # Another machine of the same station gets those of the note that it sees.
    second = SmallStation(tmp_path / "second", keys=make_keys())
    second.join(hub, hub.invite("石瓮站二号", "shiweng"))
    assert second.deliver().ok
    notes = {decode(body).id: body for body in events}
    assert bodies(second.log).items() <= notes.items() and len(bodies(second.log)) >= 4
    for node in (hub, station, second):
        assert node.log.verify().ok
    second.stop()


def test_events_of_later_releases_come_back_to_a_station_that_lost_them(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    first = station.write(lined(1, "这一版写的", station="shiweng"))
    assert station.deliver().ok
    log = station.log.voice.log
    later = chain(
        log,
        [lambda sequence, previous: later_event(log, 2, digest(encode(first[0])), "opera.sung")],
    )
    write_later(hub, later)
    # The hub has more of the station's log than the station: its disk was put back.
    with hub.log.reading() as connection:
        assert nodes.writer_of(connection, log) is not None
    station.stop()
    station.start()
    for _ in range(3):
        assert station.deliver().ok
    assert bodies(station.log)[decode(later[0]).id] == later[0]
    assert station.log.verify().ok and hub.log.verify().ok


def test_a_hub_put_back_from_an_old_copy_gets_later_events_back_byte_for_byte(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    events = of_later_releases(station.log.voice.log)
    write_later(station, events)
    assert station.deliver().ok
    before = bodies(station.log)
    hub.stop()
    for path in hub.folder.glob("huiyin.db*"):
        path.unlink()
    (hub.folder / "voice.json").unlink()
    hub.start()
    assert not ids(hub.log)
    station.join(hub, hub.invite("石瓮站", "shiweng"))
    for _ in range(3):
        hub.clock.now_ms += 1000
        assert station.deliver().ok
    assert len(before) == len(events) and before.items() <= bodies(hub.log).items()
    with station.log.reading() as connection:
        assert uplink.counts(connection)[uplink.Safety.DURABLE] == len(events)


def test_an_event_of_any_shape_travels_as_it_is() -> None:
    for more in (0, 1, 3, 4, 20):
        for format in (1, 2, 127, 128, 70_000):
            log = bytes(range(8))
            body = later_event(log, 300, bytes(32), "note.sung", format=format, more=more)
            runs = wire.pack([wire.Parcel(body, {})])
            ((arrival, mark),) = wire.unpack(runs)
            assert (arrival.body, mark) == (body, b"")
