"""One submission that two nodes were sent: one matter, whichever came first, and both receipts."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.events import Event, in_order
from eventlog.identifiers import new_uuid7, uuid_text
from eventlog.log import Log
from matters import store
from matters.actors import VILLAGER
from matters.erasing.pictures import ever_named_by
from matters.execution import read_contact
from matters.intake.intake import Raised, raise_matter
from matters.intake.receipts import key_of, opens
from matters.lifecycle import fold
from matters.listing.similar import similar
from matters.matter import Matter
from matters.registers.categories import Category
from matters.terms import Channel, Grade, Kind, MatterEvent
from stations.register_log import set_record, subject_of
from tests.eventlog.notes import START_MS
from tests.matters.county import (
    AREAS,
    KEYS,
    OFFICE,
    History,
    commanded,
    matter_of,
    open_county,
    submission,
)
from tests.matters.nodes.test_order_of_arrival import exchange

ID = uuid_text(new_uuid7(START_MS))
STATION_KEY = b"s" * 32
EARLIER, LATER = b"\x01" * 16, b"\xff" * 16


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Log, Log]]:
    """A hub and a station that know nothing of each other."""
    hub, station = open_county(tmp_path / "hub"), open_county(tmp_path / "station")
    yield hub, station
    found = hub.verify()
    assert found.ok and station.verify().state_hash == found.state_hash
    hub.stop()
    station.stop()


def sent_to_hub(log: Log, known: tuple[bytes, ...] = (STATION_KEY,), **fields: Any) -> Raised:
    one = submission(id=ID, **fields)
    return log.write(
        lambda t: raise_matter(t, one, actor=VILLAGER, receipt_key=KEYS.receipt, other_keys=known)
    ).result


def sent_to_station(log: Log, event: bytes | None = None, **fields: Any) -> Raised:
    one = submission(id=ID, **fields)
    own = event or new_uuid7(START_MS + 5)
    return log.write(
        lambda t: raise_matter(t, one, actor=VILLAGER, receipt_key=STATION_KEY, event_id=own)
    ).result


@pytest.mark.parametrize("event", [EARLIER, LATER])
def test_both_numbers_open_one_matter(nodes: tuple[Log, Log], event: bytes) -> None:
    hub, station = nodes
    sent: dict[str, Any] = {"name": "王桂兰", "phone": "13900000000"}
    one, other = sent_to_hub(hub, **sent), sent_to_station(station, event, **sent)
    assert one.id == other.id and one.number != other.number
    exchange(hub, station)
    first, second = (other, one) if event == EARLIER else (one, other)
    for log in nodes:
        matter = matter_of(log, one.number)
        assert matter == matter_of(log, other.number) and matter.id == one.id
        assert matter.number == first.number and matter.numbers == (second.number,)
        assert [step.type for step in matter.steps] == [MatterEvent.RAISED] * 2
        assert not matter.contested and matter.has_contact
        with log.reading() as connection:
            assert connection.execute("SELECT count(*) FROM matters").fetchone()[0] == 1
            assert store.number_taken(connection, second.number)
    keys = [KEYS.receipt, STATION_KEY]
    for key in keys:
        assert opens(keys, one.id, key_of(key, one.id))
    contact = hub.write(
        lambda t: read_contact(t, second.number, actor=OFFICE, unsealer=KEYS.unsealer)
    ).result
    assert contact.name == "王桂兰"


@pytest.mark.parametrize("event", [EARLIER, LATER])
def test_each_node_knows_a_repeat_again(nodes: tuple[Log, Log], event: bytes) -> None:
    hub, station = nodes
    one, other = sent_to_hub(hub), sent_to_station(station, event)
    exchange(hub, station)
    commanded(hub, one.number, "assign", lead="roads")
    exchange(hub, station)
    again = sent_to_hub(hub), sent_to_station(station, event)
    assert again == (one._replace(repeat=True), other._replace(repeat=True))


def test_the_hub_knows_what_the_station_took_in(nodes: tuple[Log, Log]) -> None:
    hub, station = nodes
    taken = sent_to_station(station)
    exchange(hub, station)
    assert sent_to_hub(hub) == taken._replace(repeat=True)
    # Without the station's key nobody can tell whether it says the same: both are kept.
    unknown = sent_to_hub(hub, known=())
    assert not unknown.repeat and matter_of(hub, unknown.number).quarantine == taken.id
    differs = sent_to_hub(hub, text="别的事")
    assert not differs.repeat and matter_of(hub, differs.number).quarantine == taken.id
    exchange(hub, station)


def test_what_a_station_took_in_is_found_like_all_else(nodes: tuple[Log, Log]) -> None:
    hub, station = nodes
    taken = sent_to_station(station, LATER, text="村口的桥栏杆断了")
    exchange(hub, station)
    own = hub.write(
        lambda t: raise_matter(
            t, submission(text="村口的桥栏杆又断了"), actor=VILLAGER, receipt_key=KEYS.receipt
        )
    ).result
    with hub.reading() as connection:
        assert store.first_event(connection, taken.id) == LATER
        assert store.begun_by(connection, LATER) == taken.id
        assert store.begun_by(connection, own.id) == own.id
        assert store.begun_by(connection, b"\x00" * 16) == b""
        (found,) = similar(connection, matter_of(hub, own.number), now_ms=START_MS)
        assert found.matter.id == taken.id and found.title == "村口的桥栏杆断了"
    exchange(hub, station)


def test_a_submission_takes_no_records_place(nodes: tuple[Log, Log]) -> None:
    hub, station = nodes
    record = Category(id="roads", name="道路")
    hub.write(lambda t: set_record(t, "category", record, by="office:o1"))
    subject = subject_of("category", "roads")
    one = submission()._replace(id=subject)
    found = hub.write(
        lambda t: raise_matter(t, one, actor=VILLAGER, receipt_key=KEYS.receipt)
    ).result
    assert found.id != subject and matter_of(hub, found.number).quarantine == subject
    exchange(hub, station)


def two(first: dict[str, Any], second: dict[str, Any], words: tuple[str, ...] = ()) -> Matter:
    """Return the matter that two nodes raised, each with data of its own."""
    history = History(**first)
    data = {"number": "1111111111", **second}
    history.add(MatterEvent.RAISED, data, by="villager", rank=0, id=LATER, words=words)
    return fold(in_order(history.events))


SAID = {"station": "dahe", "area": AREAS[0]}


@pytest.mark.parametrize(
    ("second", "same"),
    [
        (SAID, True),
        ({}, True),
        ({**SAID, "category": "taps"}, True),
        ({**SAID, "channel": "qr", "grade": "urgent"}, True),
        ({**SAID, "station": "xiaohe"}, False),
        ({**SAID, "area": AREAS[1]}, False),
        ({**SAID, "kind": "report"}, False),
        ({**SAID, "deputy": 5}, False),
    ],
)
def test_what_says_otherwise_is_contested(second: dict[str, Any], same: bool) -> None:
    matter = two({}, second)
    assert matter.number == "1234567890" and (not matter.contested) == same
    # Its number was given to a person, and opens the matter in either case.
    assert matter.numbers == (() if second.get("deputy") == 5 else ("1111111111",))
    assert matter.kind is Kind.HELP and (matter.station, matter.area) == ("dahe", AREAS[0])


def test_only_the_office_drops_a_contested_beginning() -> None:
    history = History(deputy="li")
    history.add(MatterEvent.RAISED, {"number": "1111111111", "deputy": "wang"}, rank=0, id=LATER)
    history.add(MatterEvent.RESOLVED, {"event": LATER, "keep": "no"})
    matter = fold(in_order(history.events))
    assert not matter.contested and not matter.steps[1].stands
    assert matter.deputy == "li" and matter.numbers == ("1111111111",)


def test_the_two_are_put_together() -> None:
    one = {"sha256": "a" * 64}
    other = {"sha256": "b" * 64}
    matter = two(
        {"publish": True, "share_phone": True, "photos": [one], "people": 2},
        {
            "publish": True, "under_14": True, "photos": [one, other], "people": 3,
            "deputy": "li", "grade": "urgent", "alarm": True, "channel": "qr",
        },
        words=("text", "contact"),
    )  # fmt: skip
    assert matter.publish and not matter.share_phone and matter.under_14
    assert matter.photos == (one, other) and matter.people == 3 and matter.deputy == "li"
    assert matter.grade is Grade.URGENT and matter.alarm and matter.has_contact
    assert matter.channel is Channel.WEB and len(matter.steps) == 2
    other_kind = two({"photos": [one]}, {"kind": "report", "photos": [other]})
    assert ever_named_by(other_kind) == {"a" * 64, "b" * 64}


def test_a_row_of_an_old_file_is_put_together_with_nothing() -> None:
    for first, second in itertools.permutations((MatterEvent.RAISED, MatterEvent.IMPORTED)):
        history = History()
        history.events.clear()
        history.add(first, {"number": "1"}, id=EARLIER, rank=0)
        history.add(second, {"number": "2"}, id=LATER, rank=0)
        matter = fold(in_order(history.events))
        assert matter.number == "1" and len(matter.contested) == 1


spoken = st.fixed_dictionaries(
    {"number": st.sampled_from(["1", "2", "3"])},
    optional={
        "kind": st.sampled_from(["help", "report"]),
        "station": st.sampled_from(["", "dahe", "xiaohe"]),
        "deputy": st.sampled_from(["", "li"]),
        "publish": st.booleans(),
        "photos": st.lists(st.fixed_dictionaries({"sha256": st.sampled_from("ab")}), max_size=2),
    },
)


@given(said=st.lists(spoken, min_size=1, max_size=4), order=st.randoms(use_true_random=False))
def test_no_number_is_lost_in_any_order(said: list[dict[str, Any]], order: Any) -> None:
    history = History(**said[0])
    for at, data in enumerate(said[1:]):
        history.add(MatterEvent.RAISED, data, rank=0, id=bytes([at]) * 16)
    events: list[Event] = history.events[:]
    order.shuffle(events)
    matter = fold(in_order(events))
    assert matter == fold(in_order(history.events))
    assert {matter.number, *matter.numbers} == {data["number"] for data in said}
    assert len(matter.steps) == len(said)
