"""Who was put back, moved or shut out has all that is its own again, and hears the rest of it.

Each of these was found by a random history (`tests/sync/histories`), made small.
"""

import shutil
from pathlib import Path

from eventlog import words
from sync.nodes import nodes, quarantine
from sync.nodes.audit import Finding
from tests.sync.rounds.test_exchange import findings
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, pair, put_back, states
from tests.sync.sticks.sticks import read_up, up


def with_another(tmp_path: Path) -> tuple[SmallHub, SmallStation, SmallStation]:
    """Return a hub with two stations, and a replica of it as it was when they had joined."""
    hub, first = pair(tmp_path)
    second = SmallStation(tmp_path / "second", station="liuyan")
    second.join(hub, hub.invite("柳堰站", "liuyan"))
    assert second.deliver().ok
    hub.stop()
    shutil.copytree(hub.folder, tmp_path / "replica")
    (tmp_path / "replica" / "voice.json").unlink()
    hub.start()
    return hub, first, second


def closed(*nodes_: SmallHub | SmallStation) -> None:
    """Check each node by a replay, and close it."""
    for node in nodes_:
        assert node.log.verify().ok
        node.stop()


def test_who_is_invited_anew_hears_the_rest_of_what_it_wrote_for_another_station(
    tmp_path: Path,
) -> None:
    hub, first, second = with_another(tmp_path)
    second.write(lined(1, "归石瓮站的事", station="shiweng"))
    assert second.deliver().ok
    hub.log.write(lambda t: nodes.revoke(t.connection, "柳堰站", hub.clock()))
    first.write(lined(1, "石瓮站接着写", station="shiweng"))
    assert first.deliver().ok
    second.join(hub, hub.invite("柳堰站", "liuyan"))
    for _ in range(2):
        assert second.deliver().ok
    assert states(second.log) == states(hub.log)
    closed(hub, first, second)


def test_a_hub_that_was_put_back_is_asked_for_all_whatever_others_gave_it_back(
    tmp_path: Path,
) -> None:
    hub, first, second = with_another(tmp_path)
    first.write(lined(1, "只在本站的事"), lined(2, "两个站的事", station="liuyan"))
    assert first.deliver().ok and second.deliver().ok and first.counts() == (0, 0, 2, 0)
    put_back(hub, tmp_path / "replica")
    # The newest of the first station's is there again before it comes itself.
    for _ in range(2):
        assert second.deliver().ok
    assert ids(hub.log) < ids(first.log)
    for _ in range(2):
        assert first.deliver().ok
    assert ids(hub.log) == ids(first.log) and first.counts() == (0, 0, 2, 0)
    closed(hub, first, second)


def test_who_wrote_what_another_gave_back_hears_the_rest_of_it(tmp_path: Path) -> None:
    hub, first, second = with_another(tmp_path)
    second.write(lined(1, "归石瓮站的事", station="shiweng"))
    assert second.deliver().ok and first.deliver().ok
    put_back(hub, tmp_path / "replica")
    first.write(lined(1, "石瓮站接着写", station="shiweng"))
    for _ in range(3):
        assert first.deliver().ok and second.deliver().ok
    assert states(first.log) == states(second.log) == states(hub.log)
    closed(hub, first, second)


def test_a_station_put_back_twice_has_all_that_it_wrote_in_between(tmp_path: Path) -> None:
    hub, station = pair(tmp_path)
    station.stop()
    shutil.copytree(station.folder, tmp_path / "image")
    station.start()
    for text in ("第一回", "第二回", "第三回"):
        # Found out before it writes: so it writes in another log each time.
        assert station.deliver().ok
        station.write(lined(1, text, station="shiweng"))
        assert station.deliver().ok
        put_back(station, tmp_path / "image")
    for _ in range(2):
        assert station.deliver().ok
    assert ids(station.log) == ids(hub.log) and len(ids(hub.log)) == 3
    station.stop()
    hub.stop()


def test_put_back_and_overstepping_before_the_first_contact_it_is_found_out_all_the_same(
    tmp_path: Path,
) -> None:
    hub, station = pair(tmp_path)
    station.stop()
    shutil.copytree(station.folder, tmp_path / "image")
    station.start()
    station.write(lined(1, "第一件", station="shiweng"))
    assert station.deliver().ok
    everything = ids(station.log)
    put_back(station, tmp_path / "image")
    station.write(lined(2, "装成办公室"), by="office:9")
    for _ in range(2):
        assert station.deliver().ok
    assert everything < ids(station.log) and Finding.FORK in findings(hub)
    station.stop()
    hub.stop()


def test_who_moves_takes_nothing_along_that_another_wrote(tmp_path: Path) -> None:
    hub, first, second = with_another(tmp_path)
    second.write(lined(1, "两个站的事", station="shiweng"))
    assert second.deliver().ok and first.deliver().ok
    other = SmallHub(tmp_path / "other")
    for station, name in ((first, "石瓮站"), (second, "柳堰站")):
        station.join(other, other.invite(name, station.station))
        station.write(lined(2, "搬家以后写的", station="shiweng"))
        for _ in range(2):
            assert station.deliver().ok
    with other.log.reading() as connection:
        assert quarantine.waiting(connection) == []
    assert ids(second.log) <= ids(other.log)
    closed(other, first, second)
    hub.stop()


def test_what_waited_because_its_station_was_shut_out_is_taken_once_it_is_invited_anew(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    hub.durable = False
    station.write(lined(1, "撤销以前写的"))
    hub.clock.now_ms += 60_000
    hub.log.write(lambda t: nodes.revoke(t.connection, "石瓮站", hub.clock()))
    assert station.deliver().failure == "revoked"
    with station.log.reading() as connection:
        (event,) = (row[0] for row in connection.execute("SELECT event FROM uplink"))
    # As where it was held, and the hub was put back meanwhile: it is only asked for.
    station.log.write(lambda t: t.connection.execute("UPDATE uplink SET state=3").rowcount)
    station.join(hub, hub.invite("石瓮站", "shiweng"))
    for _ in range(2):
        assert station.deliver().ok
    assert event in ids(hub.log)


def test_a_text_that_comes_after_its_event_is_told_to_the_domain_for_it_may_be_erased(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    (event,) = station.write(lined(1, "桥板断了"))
    up(station, stick / "old")
    # Erased here meanwhile: so the event goes by network without its text.
    station.log.write(lambda t: words.erase(t.connection, event.id, "text"))
    assert station.deliver().ok
    told: list[bytes] = []
    hub.side.taken = lambda transaction, events, doubtful: told.extend(  # type: ignore[method-assign]  # the test looks on
        each.id for each in events
    )
    read_up(hub, stick / "old")
    assert told == [event.id]


def image_of(station: SmallStation, folder: Path) -> Path:
    """Keep a station's folder as it stands."""
    station.stop()
    shutil.copytree(station.folder, folder)
    station.start()
    return folder


def test_who_was_put_back_hears_what_a_stick_of_before_brought_since(tmp_path: Path) -> None:
    hub, first, second = with_another(tmp_path)
    image = image_of(first, tmp_path / "image")
    first.write(lined(1, "只在盘上的事"))
    up(first, tmp_path / "stick")
    put_back(first, image)
    # It says how far its log goes, as after each start, and the hub knows of nothing more.
    assert first.deliver().ok and not states(first.log)
    read_up(hub, tmp_path / "stick")
    assert first.deliver().ok
    assert states(first.log) == states(hub.log) != {}
    # Asked once: what goes on after that says no more than it must.
    assert first.deliver().rounds == 1
    closed(hub, first, second)


def test_a_stick_of_before_is_heard_of_in_another_voice_and_at_another_hub(
    tmp_path: Path,
) -> None:
    hub, first, second = with_another(tmp_path)
    image = image_of(first, tmp_path / "image")
    first.write(lined(1, "送到了的事"))
    assert first.deliver().ok
    first.write(lined(2, "只在盘上的事"))
    up(first, tmp_path / "stick")
    put_back(first, image)
    # The hub has more of its log than it says, so it goes on in another.
    assert first.deliver().ok and len(states(first.log)) == 1
    read_up(hub, tmp_path / "stick")
    assert first.deliver().ok
    assert states(first.log) == states(hub.log) and len(states(hub.log)) == 2
    other = SmallHub(tmp_path / "neighbour")
    image = image_of(first, tmp_path / "later")
    first.join(other, other.invite("石瓮站", "shiweng"))
    first.write(lined(3, "在邻县写的事"))
    assert first.deliver().ok
    put_back(first, image)
    first.line = hub.answer
    assert first.deliver().ok and len(states(first.log)) == 2
    other.log.write(lambda t: nodes.revoke(t.connection, "石瓮站", other.clock()))
    first.join(other, other.invite("石瓮站", "shiweng"))
    assert first.deliver().ok
    assert states(first.log) == states(other.log) and len(states(first.log)) == 3
    closed(hub, other, first, second)


def test_who_was_put_back_and_moves_says_anew_how_far_its_log_goes(tmp_path: Path) -> None:
    hub, first, second = with_another(tmp_path)
    other = SmallHub(tmp_path / "neighbour")
    image = image_of(first, tmp_path / "image")
    first.write(lined(1, "搬走以前的事"))
    assert first.deliver().ok
    put_back(first, image)
    first.join(other, other.invite("石瓮站", "shiweng"))
    assert first.deliver().ok and not states(first.log)
    hub.log.write(lambda t: nodes.revoke(t.connection, "石瓮站", hub.clock()))
    first.join(hub, hub.invite("石瓮站", "shiweng"))
    assert first.deliver().ok
    assert states(first.log) == states(hub.log) != {}
    closed(hub, other, first, second)
