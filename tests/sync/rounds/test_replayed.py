"""Messages that are good and in the wrong place: sent again, to another hub, by another node."""

from pathlib import Path

import pytest
from nacl.signing import SigningKey

from eventlog.keys import make_keys
from sync.nodes.audit import Finding
from sync.rounds import envelope, wire
from sync.rounds.envelope import BadMessage, MessageKind
from sync.rounds.round import Refused
from tests.sync.rounds.test_exchange import findings
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, states


def test_a_question_that_is_played_again_changes_nothing(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了", station="shiweng"))
    old = station.inquirer.ask(up_bytes=10_000)
    first = hub.answer(old.message)
    station.inquirer.take_answer(old, first)
    station.write(lined(1, "又断了", station="shiweng"))
    assert station.deliver().ok
    events, folded = ids(hub.log), states(hub.log)
    for _ in range(20):
        hub.answer(old.message)
    assert (ids(hub.log), states(hub.log)) == (events, folded) and hub.log.verify().ok
    # And the old answer settles nothing of what came later.
    station.write(lined(1, "第三次", station="shiweng"))
    asked = station.inquirer.ask(up_bytes=10_000)
    with pytest.raises(BadMessage):
        station.inquirer.take_answer(asked, first)
    assert station.counts()[0] == 1 and station.deliver().ok


def test_a_question_for_another_hub_is_refused_and_noted(
    both: tuple[SmallHub, SmallStation], tmp_path: Path
) -> None:
    _, station = both
    other = SmallHub(tmp_path / "other")
    twin = SmallStation(tmp_path / "twin", keys=station.keys)
    # The other hub knows the same key, so nothing but the hub that it is for tells them apart.
    twin.join(other, other.invite("石瓮站", "shiweng"))
    assert twin.deliver().ok
    station.write(lined(1, "给县里的", station="shiweng"))
    before = ids(other.log)
    station.line = other.answer
    assert station.deliver().failure == "not-the-hub"
    assert ids(other.log) == before and Finding.FORGED in findings(other)
    assert station.counts()[0] == 1
    twin.stop()
    other.stop()


def test_a_node_that_says_it_is_another_is_refused(both: tuple[SmallHub, SmallStation]) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了", station="shiweng"))
    asked = station.inquirer.ask(up_bytes=10_000)
    stranger = SigningKey(make_keys().signing)
    content = wire.encode_message(asked.question)
    forged = envelope.close(content, stranger, MessageKind.QUESTION, about=hub.card.verify_key)
    claims = forged[:2] + asked.message[2 : 2 + envelope.NODE_BYTES] + forged[10:]
    before = ids(hub.log)
    for message, code in ((forged, Finding.UNKNOWN_NODE), (claims, Finding.FORGED)):
        hub.answer(message)
        assert findings(hub)[0] == code
    assert ids(hub.log) == before


def test_the_hub_itself_can_not_be_played_by_who_knows_its_address(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了", station="shiweng"))
    liar = SigningKey(make_keys().signing)

    def line(message: bytes) -> bytes:
        answer = wire.Answer(hub.clock(), durable=True)
        return envelope.close(
            wire.encode_message(answer), liar, MessageKind.ANSWER, about=envelope.digest(message)
        )

    station.line = line
    assert station.deliver().failure == "not-the-hub"
    assert station.counts() == (1, 0, 0, 0)
    with pytest.raises(Refused):
        asked = station.inquirer.ask(up_bytes=10_000)
        station.inquirer.take_answer(asked, hub.reception.failure(asked.message, "revoked"))
    assert station.counts()[0] == 1
