"""A number that two nodes gave: one matter gets another, and the old one goes on to open it."""

from pathlib import Path
from typing import Any

import pytest

from eventlog.events import Draft, in_order
from eventlog.identifiers import new_uuid7
from eventlog.log import Log
from matters import store
from matters.execution import add_message, required
from matters.intake.numbering import rename_doubles
from matters.intake.receipts import read_number
from matters.lifecycle import fold
from matters.listing import lists
from matters.listing.filters import Filters
from matters.matter import Matter
from matters.terms import MatterEvent, State
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import KNOWN, OFFICE, History, commanded, open_county, raised
from tests.matters.nodes.test_order_of_arrival import exchange


def with_number(log: Log, number: str, **data: Any) -> bytes:
    """Raise a matter that has a number already, as another node would."""
    identity = new_uuid7(START_MS)
    draft = Draft(MatterEvent.RAISED, identity, {"number": number, **data}, id=identity)
    log.write(lambda t: t.append([draft], by="villager", fresh_subject=True))
    return identity


def renamed(log: Log, *subjects: bytes) -> list[bytes]:
    return log.write(lambda t: rename_doubles(t, subjects)).result


def by_id(log: Log, matter: bytes) -> Matter:
    with log.reading() as connection:
        found = store.by_id(connection, matter)
    assert found is not None
    return found


def all_of(log: Log, number: str) -> list[bytes]:
    with log.reading() as connection:
        return [matter.id for matter in store.all_by_number(connection, number)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Any:
    opened = open_county(tmp_path / "data", clock)
    yield opened
    found = opened.verify()
    assert found.ok and opened.rebuild() == found.state_hash
    opened.stop()


@pytest.mark.parametrize("arrives", ["earlier", "later"])
def test_the_later_one_gets_another_number(log: Log, clock: Clock, arrives: str) -> None:
    kept = raised(log)
    clock.now_ms += 1000
    later = with_number(log, kept.number)
    # Whichever of the two has just come in, it is the later one that changes.
    assert renamed(log, later if arrives == "later" else kept.id) == [later]
    first, second = by_id(log, kept.id), by_id(log, later)
    assert first.number == kept.number and first.numbers == ()
    assert second.numbers == (kept.number,) and second.number != kept.number
    assert read_number(second.number) == second.number
    step = second.steps[-1]
    assert (step.type, step.by) == (MatterEvent.RENUMBERED, "system")
    assert step.data == {"number": second.number, "instead_of": kept.number}
    assert renamed(log, kept.id, later) == []
    # The old number means both of them, that which has it now before the other.
    assert all_of(log, kept.number) == [kept.id, later]
    assert all_of(log, second.number) == [later]


def test_a_matter_may_be_meant_by_its_id(log: Log, clock: Clock) -> None:
    kept = raised(log)
    clock.now_ms += 1000
    later = with_number(log, kept.number)
    for identity in (kept.id, later):
        done = log.write(lambda t, i=identity: add_message(t, i, "又坏了", known=KNOWN))  # type: ignore[misc]
        assert done.result.id == identity and len(done.result.steps) == 2
    assert log.write(lambda t: required(t, kept.number)).result.id == kept.id


def test_of_three_one_keeps_its_number(log: Log, clock: Clock) -> None:
    kept = raised(log)
    clock.now_ms += 1000
    others = [with_number(log, kept.number) for _ in range(2)]
    assert sorted(renamed(log, *others)) == sorted(others)
    numbers = {by_id(log, one).number for one in (kept.id, *others)}
    assert len(numbers) == 3 and all_of(log, kept.number) == [kept.id, *sorted(others)]


def test_whoever_stands_among_the_notices_keeps_the_number(log: Log, clock: Clock) -> None:
    clock.now_ms -= 1000
    earlier = with_number(log, "1234567893")
    clock.now_ms += 2000
    shown = raised(log, publish="yes")
    commanded(log, shown.number, "answer", text="修好了")
    commanded(log, shown.number, "publish", title="桥", text="修好了")
    commanded(log, shown.number, "withdraw", reason="写错了")

    def same_number(transaction: Any) -> None:
        data = {"number": "1234567893"}
        transaction.append([Draft(MatterEvent.RENUMBERED, shown.id, data)], by="system")

    log.write(same_number)
    assert renamed(log, earlier) == [earlier]
    assert by_id(log, shown.id).number == "1234567893"


def test_staff_find_it_by_either_number(log: Log, clock: Clock) -> None:
    kept = raised(log)
    clock.now_ms += 1000
    later = with_number(log, kept.number, station="dahe")
    renamed(log, later)
    number = by_id(log, later).number

    def found(query: str, **more: Any) -> set[bytes]:
        with log.reading() as connection:
            filters = Filters(q=query, **more)
            page = lists.listed(connection, OFFICE, filters, now_ms=START_MS)
        return {row.matter.id for row in page.rows}

    assert found(number) == {later} and found(kept.number) == {kept.id, later}
    assert found(f"{kept.number[:3]} {kept.number[3:]}", state="received") == {kept.id, later}
    assert found(kept.number, state="closed") == set() == found("1234567893")
    done = commanded(log, number, "answer", text="好")
    assert done.id == later and done.state is State.REPLIED
    with log.reading() as connection:
        assert store.number_taken(connection, kept.number)
        assert store.number_taken(connection, number)
        assert not store.number_taken(connection, "1234567893")


def test_a_number_comes_back_to_no_one_else(tmp_path: Path) -> None:
    hub, station = open_county(tmp_path / "hub"), open_county(tmp_path / "station")
    kept = raised(hub)
    later = with_number(station, kept.number)
    exchange(hub, station)
    renamed(hub, later)
    exchange(hub, station)
    assert by_id(hub, later) == by_id(station, later)
    assert all_of(hub, kept.number) == all_of(station, kept.number)
    assert hub.verify().state_hash == station.verify().state_hash
    hub.stop()
    station.stop()


def test_two_renamings_keep_every_number() -> None:
    history = History()
    history.add(MatterEvent.RENUMBERED, {"number": "2"}, rank=1, id=b"\x02" * 16, by="system")
    history.add(MatterEvent.RENUMBERED, {"number": "1"}, rank=1, id=b"\x01" * 16, by="system")
    matter = fold(in_order(history.events))
    assert matter.number == "2" and matter.numbers == ("1234567890", "1")
    back = fold(history.add(MatterEvent.RENUMBERED, {"number": "1234567890"}).events)
    assert back.number == "1234567890" and set(back.numbers) == {"1", "2"}
    wrong = fold(history.add(MatterEvent.RENUMBERED, {}).events)
    assert wrong.number == "1234567890" and len(wrong.contested) == 1
