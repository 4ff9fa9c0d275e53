"""An erasure travels: what it means goes at every node, whatever came first or comes late."""

import random
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog import erasures
from eventlog.events import Draft, decode
from eventlog.log import Log
from matters import store
from matters.commands import COMMANDS
from matters.erasing.erasing import Erased, erase_again
from matters.execution import record_attempt
from matters.terms import MatterEvent
from tests.counts import count
from tests.eventlog.arrivals import Arrival, arrive, departing
from tests.eventlog.notes import START_MS
from tests.matters.county import (
    LIAISON,
    PROJECTIONS,
    ROADS,
    commanded,
    matter_of,
    message,
    open_county,
    raised,
)
from tests.matters.living import go_on

choices = st.lists(st.integers(0, 1000), max_size=4)
MARKER = "家里的事不要外传"


def bundle(log: Log) -> list[Arrival]:
    """Return everything that a node has now, as an old bundle would bring it later."""
    with log.reading() as connection:
        return departing(connection)


def take_in(log: Log, arrivals: Sequence[Arrival]) -> list[Erased]:
    """Take in what is new, and erase again in each subject, as the exchange does."""

    def job(transaction: Any) -> list[Erased]:
        known = {row[0] for row in transaction.connection.execute("SELECT id FROM events")}
        new = [arrival for arrival in arrivals if arrival.row[0] not in known]
        arrive(transaction.connection, new, PROJECTIONS)
        subjects = dict.fromkeys(arrival.row[3] for arrival in new)
        return [erase_again(transaction, log.folder, subject) for subject in subjects]

    return log.write(job).result


def texts_left(log: Log) -> set[tuple[bytes, str]]:
    """Return (event, field) of every text that is still there, sealed ones among them."""
    with log.reading() as connection:
        return {(row[0], row[1]) for row in connection.execute("SELECT event, field FROM words")}


def reached(connection: sqlite3.Connection) -> set[tuple[bytes, str]]:
    """Return the texts of matters that the erasures in a log mean, found the long way round."""
    rows = connection.execute("SELECT body FROM events WHERE type LIKE 'matter.%'").fetchall()
    events = [decode(row[0]) for row in rows]
    return {
        (event.id, field)
        for erasure in events
        if erasure.type == MatterEvent.ERASED
        for event in events
        if event.subject == erasure.subject and event.rank <= erasure.rank
        if event.type != MatterEvent.ERASED
        for field in event.words
        if field == "contact" or erasure.data["what"] == "words"
    }


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Log, Log]]:
    hub, station = open_county(tmp_path / "hub"), open_county(tmp_path / "station")
    yield hub, station
    for log in (hub, station):
        found = log.verify()
        assert found.state_hash == found.replayed_hash
        log.stop()


@pytest.mark.parametrize("what", ["contact", "words"])
def test_an_old_bundle_brings_nothing_back(nodes: tuple[Log, Log], what: str) -> None:
    hub, station = nodes
    number = raised(station, text=MARKER, name="王桂兰", phone="13900000000").number
    taken = bundle(station)
    take_in(hub, taken)
    # The station says more before it hears of the erasure, and its bundle comes long after.
    message(station, number, MARKER)
    commanded(hub, number, "adopt", title="题")
    commanded(hub, number, "erase", what=what, reason="本人要求")
    old = bundle(station)
    take_in(hub, old)
    take_in(station, bundle(hub))
    assert texts_left(hub) == texts_left(station)
    with hub.reading() as connection:
        left = store.texts_of(connection, matter_of(hub, number))
        assert not reached(connection) & texts_left(hub)
    assert (MARKER in left.values()) == (what == "contact") and "本人要求" in left.values()
    for log in nodes:
        # As if a copy of the database from before had been put in place.
        recorded = {(bytes.fromhex(one.event), one.field) for one in erasures.recorded(log.folder)}
        assert recorded and not recorded & texts_left(log)
        assert take_in(log, taken) == [] and texts_left(log) == texts_left(hub)


def test_nothing_is_recorded_twice(nodes: tuple[Log, Log]) -> None:
    hub, station = nodes
    number = raised(hub, name="王桂兰").number
    commanded(hub, number, "erase", what="words", reason="本人要求")
    before = erasures.recorded(hub.folder)
    identity = matter_of(hub, number).id
    again = hub.write(lambda t: erase_again(t, hub.folder, identity)).result
    assert again == Erased(0, ()) and erasures.recorded(hub.folder) == before
    unknown = station.write(lambda t: erase_again(t, station.folder, identity)).result
    assert unknown == Erased(0, ())


def test_what_is_written_in_knowledge_of_it_stays(nodes: tuple[Log, Log]) -> None:
    hub, station = nodes
    number = raised(hub, text=MARKER).number
    commanded(hub, number, "erase", what="words", reason="本人要求")
    take_in(station, bundle(hub))
    message(station, number, "换一种说法")
    take_in(hub, bundle(station))
    assert texts_left(hub) == texts_left(station)
    with hub.reading() as connection:
        left = store.texts_of(connection, matter_of(hub, number)).values()
    assert sorted(left) == sorted(["本人要求", "换一种说法"])


def test_the_words_of_types_that_are_not_known_here_go_too(nodes: tuple[Log, Log]) -> None:
    hub, station = nodes
    number = raised(station).number
    identity = matter_of(station, number).id
    draft = Draft("matter.sung", identity, {}, {"verse": MARKER})
    station.write(lambda t: t.append([draft], by="system"))
    take_in(hub, bundle(station))
    commanded(hub, number, "erase", what="words", reason="本人要求")
    take_in(station, bundle(hub))
    assert len(texts_left(hub)) == len(texts_left(station)) == 1


def test_pictures_are_told_to_whoever_keeps_them(nodes: tuple[Log, Log]) -> None:
    hub, station = nodes
    number = raised(station, publish="yes").number
    commanded(station, number, "answer", text="好")
    commanded(station, number, "publish", title="桥", text="好", before=["a" * 64])
    take_in(hub, bundle(station))
    commanded(hub, number, "erase", what="words", reason="本人要求")
    (done,) = take_in(station, bundle(hub))
    assert done.pictures == ("a" * 64,) and done.texts > 0


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("parted", [False, True])
def test_copies_of_the_answer_go_with_it(
    nodes: tuple[Log, Log], nested: bool, parted: bool
) -> None:
    hub, station = nodes
    leading, follower, further = (raised(hub).number for _ in range(3))
    if nested:
        commanded(hub, further, "merge", into=follower)
    commanded(hub, follower, "merge", into=leading)
    commanded(hub, leading, "assign", lead="roads")
    commanded(hub, leading, "reply", ROADS, text=MARKER, result="A")
    if parted:
        data = {"from": matter_of(hub, follower).id, "people": 1}
        draft = Draft(MatterEvent.PARTED, matter_of(hub, leading).id, data)
        hub.write(lambda t: t.append([draft], by="office:o1"))
    before = bundle(hub)
    commanded(hub, leading, "erase", what="words", reason="本人要求")
    after = bundle(hub)
    # At the station the copy comes first, last, or with what it is a copy of.
    echoes = [one for one in before if one.row[5] == MatterEvent.ECHOED]
    assert len(echoes) == 1 + nested
    rest = [one for one in before if one not in echoes]
    take_in(station, echoes)
    take_in(station, after)
    take_in(station, rest)
    assert texts_left(station) == texts_left(hub)
    third = open_county(station.folder.parent / "third")
    for part in (after, echoes, before):
        take_in(third, part)
    assert texts_left(third) == texts_left(hub)
    assert not {(one.row[0], "text") for one in echoes} & texts_left(hub)
    third.stop()


def test_an_attempt_by_one_who_had_not_seen_it_goes(nodes: tuple[Log, Log]) -> None:
    hub, station = nodes
    number = raised(hub).number
    take_in(station, bundle(hub))

    def tries(log: Log, seen: int | None) -> None:
        log.write(
            lambda t: record_attempt(
                t, number, COMMANDS["answer"], {"text": MARKER}, actor=LIAISON, code="stale",
                seen=seen,
            )
        )  # fmt: skip

    tries(station, 0)
    tries(station, None)
    commanded(hub, number, "erase", what="words", reason="本人要求")
    take_in(station, bundle(hub))
    tries(station, None)
    tries(station, 1)
    take_in(station, bundle(hub))
    take_in(hub, bundle(station))
    message(hub, number, "又说")
    take_in(station, bundle(hub))
    for log in nodes:
        assert sum(field == "fields" for _, field in texts_left(log)) == 2


@settings(max_examples=count(12, 60), deadline=None)
@given(
    before=choices,
    at_one=choices,
    at_other=choices,
    erased=st.lists(
        st.tuples(st.booleans(), st.integers(0, 1), st.sampled_from(["contact", "words"])),
        max_size=3,
    ),
    order=st.randoms(use_true_random=False),
)
def test_every_node_is_left_with_the_same_texts(
    before: list[int],
    at_one: list[int],
    at_other: list[int],
    erased: list[tuple[bool, int, str]],
    order: random.Random,
) -> None:
    with tempfile.TemporaryDirectory() as home:
        one, other = open_county(Path(home) / "one"), open_county(Path(home) / "other")
        numbers = [raised(one, name="王", publish="yes").number, raised(one, phone="139").number]

        def live(log: Log, choices: list[int]) -> None:
            for choice in choices:
                go_on(log, numbers[choice % 5 == 0], choice, START_MS, numbers)

        bundles = [bundle(one)]

        def exchange() -> None:
            bundles.extend((bundle(one), bundle(other)))
            for log, arrivals in ((one, bundles[-1]), (other, bundles[-2])):
                order.shuffle(arrivals)
                while arrivals:
                    take_in(log, [arrivals.pop() for _ in range(min(3, len(arrivals)))])

        live(one, before)
        exchange()
        live(one, at_one)
        live(other, at_other)
        for at, which, what in erased:
            log = one if at else other
            commanded(log, numbers[which], "erase", what=what, reason="本人要求")
        bundles.extend((bundle(one), bundle(other)))
        exchange()
        exchange()
        assert texts_left(one) == texts_left(other)
        assert one.verify().state_hash == other.verify().state_hash
        with one.reading() as connection:
            assert not reached(connection) & texts_left(one)
        # A third node hears of everything by the oldest bundles, in any order.
        third = open_county(Path(home) / "third")
        everything = [arrival for old in bundles for arrival in old] + bundle(one)
        order.shuffle(everything)
        for arrival in everything:
            take_in(third, [arrival])
        kept = texts_left(third)
        assert kept <= texts_left(one) and third.verify().state_hash == one.verify().state_hash
        for log in (one, other, third):
            log.stop()
