"""Sticks between a station and its hub: no network, any order, any number of times."""

from pathlib import Path

import pytest

from sync.nodes.audit import Finding
from sync.rounds import upstream
from sync.rounds.round import NotJoined
from sync.rounds.wire import OFFERED_MOST
from sync.sticks import carried, received_bundles
from sync.sticks.bundle_file import (
    BundleForAnother,
)
from sync.sticks.received_bundles import BroughtIn, NothingToAnswer, SeveralNodes
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, pair, states
from tests.sync.sticks.sticks import (
    DAY_MS,
    Photos,
    back,
    findings,
    opened,
    read_back,
    read_up,
    up,
    with_photos,
)


def test_a_stick_up_and_back_is_a_round(both: tuple[SmallHub, SmallStation], stick: Path) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了", station="shiweng", secret="王 13800000000"))
    hub.write(lined(2, "县里写的话", station="shiweng"))
    assert up(station, stick / "up").events == 1
    assert station.counts() == (1, 0, 0, 0)
    assert read_up(hub, stick / "up") == BroughtIn("石瓮站", questions=1, fresh=1)
    assert back(hub, stick / "back")[:3] == ("石瓮站", 1, 0)
    came = read_back(station, stick / "back")
    assert (came.answers, came.received, came.durable, came.unknown) == (1, 1, 1, 0)
    assert station.counts() == (0, 0, 1, 0)
    assert states(station.log) == states(hub.log)
    assert hub.log.verify().ok and station.log.verify().ok
    for path in stick.iterdir():
        content = path.read_bytes()
        for marker in ("桥板断了", "13800000000", "县里写的话"):
            assert marker.encode() not in content


def test_written_twice_within_a_second_it_is_one_question(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了", station="shiweng"))
    assert up(station, stick / "up").events == up(station, stick / "again").events == 1
    assert read_up(hub, stick / "again").fresh == 1 and read_up(hub, stick / "up").fresh == 0
    back(hub, stick / "back")
    assert read_back(station, stick / "back").unknown == 0
    assert station.counts() == (0, 0, 1, 0)


def test_a_station_that_never_has_a_network_is_enrolled_by_its_first_bundle(
    tmp_path: Path, stick: Path
) -> None:
    hub, station = SmallHub(tmp_path / "hub"), SmallStation(tmp_path / "station")
    with pytest.raises(NotJoined):
        up(station, stick / "up")
    hub.write(lined(7, "早先的事", station="shiweng"))
    station.write(lined(1, "桥板断了", station="shiweng"))
    station.join(hub, hub.invite("石瓮站", "shiweng"), url="")
    station.line = None
    up(station, stick / "up")
    found = read_up(hub, stick / "up")
    assert found == BroughtIn("石瓮站", questions=1, fresh=1) and Finding.ENROLLED in findings(hub)
    back(hub, stick / "back")
    came = read_back(station, stick / "back")
    assert came.received == 1 and station.counts() == (0, 0, 1, 0)
    with station.log.reading() as connection:
        above = upstream.read(connection)
    assert above and above.called == "石瓮站" and above.enrolment is None and above.returned_at
    station.stop()
    hub.stop()


def test_imported_three_times_and_out_of_order_nothing_is_taken_twice(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    for number in range(3):
        station.write(lined(number, f"第{number}件事", station="shiweng"))
        up(station, stick / f"up{number}")
    for number, fresh in ((2, 3), (0, 0), (1, 0), (2, 0), (0, 0)):
        found = read_up(hub, stick / f"up{number}")
        assert (found.fresh, found.known, found.aside) == (fresh, number + 1 - fresh, 0)
    assert len(ids(hub.log)) == 3 and Finding.FORK not in findings(hub)
    for number in range(3):
        hub.write(lined(10 + number, "县里的话", station="shiweng"))
        back(hub, stick / f"back{number}")
    received = [read_back(station, stick / f"back{number}").received for number in (2, 0, 1, 2, 2)]
    assert received == [3, 0, 0, 0, 0]
    assert station.counts() == (0, 0, 3, 0)
    assert states(station.log) == states(hub.log)
    assert station.deliver().received == 0


def test_what_is_too_much_for_one_question_goes_in_several(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    station.write(*[lined(number, "桥板断了") for number in range(2500)])
    written = up(station, stick / "up")
    assert written.questions > 2 and written.events == 2500 and not written.more
    found = read_up(hub, stick / "up")
    assert (found.fresh, found.questions) == (2500, written.questions)
    back(hub, stick / "back")
    assert read_back(station, stick / "back").durable == 2500


def test_however_much_the_hub_has_without_a_replica_one_bundle_asks_about_all_of_it(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    hub.durable = False
    station.write(*[lined(number, "桥板断了") for number in range(OFFERED_MOST + 500)])
    assert station.deliver().ok
    assert station.counts() == (0, OFFERED_MOST + 500, 0, 0)
    station.write(lined(9, "路灯不亮"))
    assert up(station, stick / "up").events == 1
    found = read_up(hub, stick / "up")
    assert (found.fresh, found.refused) == (1, [])
    hub.durable = True
    back(hub, stick / "back")
    assert read_back(station, stick / "back").durable == OFFERED_MOST + 501
    assert station.counts()[:2] == (0, 0)


def test_all_that_is_to_go_down_comes_with_one_bundle(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    hub.write(*[lined(number, "桥板断了", station="shiweng") for number in range(2500)])
    up(station, stick / "up")
    read_up(hub, stick / "up")
    assert back(hub, stick / "back").answers == 2
    assert read_back(station, stick / "back").received == 2500
    assert read_back(station, stick / "back").received == 0
    assert station.deliver().received == 0 and ids(station.log) == ids(hub.log)


def test_a_return_that_got_lost_is_written_again(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了"))
    up(station, stick / "up")
    read_up(hub, stick / "up")
    assert back(hub, stick / "lost", durable=False).pending == 1
    back(hub, stick / "back")
    assert read_back(station, stick / "back").durable == 1
    # And the one that turns up after all says no less than is known.
    assert read_back(station, stick / "lost").answers == 1
    assert station.counts() == (0, 0, 1, 0)


def test_what_is_not_durable_is_asked_for_by_the_next_bundle(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了"), lined(2, "路灯不亮"))
    for durable in (False, True):
        up(station, stick / "up")
        read_up(hub, stick / "up")
        back(hub, stick / "back", durable=durable)
        read_back(station, stick / "back")
        assert station.counts()[0] == 0
    assert station.counts() == (0, 0, 2, 0)


def test_network_and_stick_in_any_order(both: tuple[SmallHub, SmallStation], stick: Path) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了", station="shiweng"))
    up(station, stick / "up")
    station.write(lined(2, "路灯不亮", station="shiweng"))
    hub.write(lined(3, "县里的话", station="shiweng"))
    assert station.deliver().ok
    found = read_up(hub, stick / "up")
    assert (found.fresh, found.known) == (0, 1)
    back(hub, stick / "back", durable=False)
    with station.log.reading() as connection:
        before = upstream.read(connection)
    came = read_back(station, stick / "back")
    with station.log.reading() as connection:
        after = upstream.read(connection)
    assert before and after and before.cursor == after.cursor
    assert came.received == 0 and station.counts() == (0, 0, 2, 0)


def test_an_older_answer_brings_no_older_accounts_back(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    hub.side.accounts = b"wang may sign in"
    up(station, stick / "up")
    read_up(hub, stick / "up")
    back(hub, stick / "back")
    hub.clock.now_ms += DAY_MS
    hub.side.accounts = b"wang may no more"
    assert station.deliver().ok
    read_back(station, stick / "back")
    assert station.side.accounts == b"wang may no more"
    up(station, stick / "up")
    read_up(hub, stick / "up")
    hub.clock.now_ms += DAY_MS
    hub.side.accounts = b"li may sign in"
    back(hub, stick / "back")
    read_back(station, stick / "back")
    assert station.side.accounts == b"li may sign in"


def test_what_the_hub_puts_aside_is_told(both: tuple[SmallHub, SmallStation], stick: Path) -> None:
    hub, station = both
    station.write(lined(1, "代表大会办公室"), by="office:1")
    (good,) = station.write(lined(2, "桥板断了"))
    up(station, stick / "up")
    found = read_up(hub, stick / "up")
    assert (found.fresh, found.aside, found.known) == (1, 1, 0)
    back(hub, stick / "back")
    assert [code for _, code in read_back(station, stick / "back").refused] == ["not-a-stations"]
    assert station.counts() == (0, 0, 2, 0) and good.id in ids(hub.log)


def test_what_is_in_no_event_is_durable_with_the_event_that_follows(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    station.write(lined(1, "代表大会办公室"), by="office:1")
    up(station, stick / "up")
    read_up(hub, stick / "up")
    with hub.log.reading() as connection:
        peer = received_bundles.node_to_answer(connection)

    def answered() -> int:
        newest = hub.log.newest_position()
        return received_bundles.write_return(
            hub.log,
            hub.keys,
            hub.reception,
            peer,
            stick / "back",
            durable=lambda position: position <= newest,
        ).pending

    assert answered() == 1
    hub.write(lined(9, "别的事"))
    assert answered() == 0


def test_one_of_several_nodes_has_to_be_named(tmp_path: Path, stick: Path) -> None:
    hub, first = pair(tmp_path)
    second = SmallStation(tmp_path / "second", station="caoba")
    second.join(hub, hub.invite("草坝站", "caoba"))
    for station in (first, second):
        station.write(lined(1, "桥板断了"))
        up(station, stick / "up")
        read_up(hub, stick / "up")
    with pytest.raises(SeveralNodes) as refusal:
        back(hub, stick / "back")
    assert sorted(refusal.value.names) == sorted(["石瓮站", "草坝站"])
    with pytest.raises(NothingToAnswer):
        back(hub, stick / "back", name="没有的站")
    back(hub, stick / "back", name="石瓮站")
    with pytest.raises(BundleForAnother):
        read_back(second, stick / "back")
    assert read_back(first, stick / "back").answers == 1
    # Now only the second waits, so it need not be named.
    assert back(hub, stick / "back").node == "草坝站"
    for one in (first, second, hub):
        one.stop()


def test_the_site_comes_along_as_payload(both: tuple[SmallHub, SmallStation], stick: Path) -> None:
    hub, station = both
    up(station, stick / "up")
    read_up(hub, stick / "up")
    large = bytes(range(256)) * 10_000
    back(hub, stick / "back", site=[b"first page", large])
    with opened(station.keys, stick / "back", station.folder) as bundle:
        carried.take_return(station.log, station.inquirer, bundle)
        assert bundle.payload().read() == b"first page" + large


def test_photos_go_behind_the_texts_as_far_as_there_is_room(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    photos = Photos(b"\1" * 700_000, b"\2" * 300_000)
    with_photos(hub, station, photos)
    station.write(lined(1, "桥板断了"))
    written = up(station, stick / "up")
    assert (written.events, written.questions, written.parts) == (1, 3, 3) and not written.more
    found = read_up(hub, stick / "up")
    assert found.photos == 2 and photos.taken == photos.photos
    photos.durable = True
    back(hub, stick / "back")
    read_back(station, stick / "back")
    assert {one[0]: one[1:] for one in photos.told} == {
        b"\1" * 32: (700_000, True),
        b"\2" * 32: (300_000, True),
    }
    station.write(lined(2, "路灯不亮"))
    written = up(station, stick / "up", most_bytes=400)
    assert (written.events, written.parts) == (1, 0) and written.more
