"""The exchange between a station and its hub, in memory: what is said, taken, lost and found."""

import shutil
from pathlib import Path

from eventlog import words
from eventlog.sealing import Sealed
from sync.nodes import audit, enrolment, nodes, quarantine
from sync.nodes.audit import Finding
from sync.rounds import upstream
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, pair, put_back, states


def findings(hub: SmallHub) -> list[str]:
    """Return the codes of what the hub came upon, the newest first."""
    with hub.log.reading() as connection:
        return [entry.code for entry in audit.entries(connection)]


def test_one_request_for_a_lone_submission(both: tuple[SmallHub, SmallStation]) -> None:
    hub, station = both
    asked = hub.questions
    (event,) = station.write(lined(1, "桥板断了", station="shiweng", secret="王 13800000000"))
    delivery = station.deliver()
    assert delivery.ok and delivery.sent == 1 and hub.questions == asked + 1
    assert station.counts() == (0, 0, 1, 0)
    with hub.log.reading() as connection:
        assert words.read(connection, event.id, "text") == "桥板断了"
        told = words.read_secret(connection, event.id, "contact", hub.keys.unsealer)
    assert told == "王 13800000000"
    assert hub.log.verify().ok and station.log.verify().ok
    assert station.deliver().rounds == 1


def test_nothing_is_durable_before_the_replica_has_it(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    hub.durable = False
    station.write(lined(1, "桥板断了"))
    assert station.deliver().ok
    assert station.counts() == (0, 1, 0, 0)
    hub.durable = True
    assert station.deliver().ok
    assert station.counts() == (0, 0, 1, 0)


def test_what_the_hub_decides_comes_down_once(both: tuple[SmallHub, SmallStation]) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了", station="shiweng"))
    assert station.deliver().ok
    hub.write(lined(1, "交水利局办"))
    hub.write(lined(2, "别处的事", station="elsewhere"))
    assert station.deliver().received == 1
    assert station.deliver().received == 0
    assert (1).to_bytes(16, "big") in states(station.log)
    assert (2).to_bytes(16, "big") not in states(station.log)
    # When it newly concerns the station, all of it comes.
    hub.write(lined(2, "也归这个站", station="shiweng"))
    assert station.deliver().received == 2
    assert states(station.log).items() <= states(hub.log).items()


def test_texts_are_sealed_on_the_station_and_open_with_its_key(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    (event,) = hub.write(lined(3, "县里写的话", station="shiweng", secret="李 13900000000"))
    assert station.deliver().received == 1
    with station.log.reading() as connection:
        assert words.read(connection, event.id, "text") is None
        connection.opener = lambda body, key: station.keys.unsealer.unseal(Sealed(body, key))
        assert words.read(connection, event.id, "text") == "县里写的话"
        told = words.read_secret(connection, event.id, "contact", station.keys.unsealer)
    assert told == "李 13900000000"


def test_a_lost_answer_takes_nothing_twice(both: tuple[SmallHub, SmallStation]) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了"), lined(2, "路灯不亮"))
    asked = station.inquirer.ask(up_bytes=10_000)
    hub.answer(asked.message)
    before = ids(hub.log)
    assert station.deliver().ok
    assert ids(hub.log) == before and station.counts() == (0, 0, 2, 0)


def test_an_answer_that_is_not_the_hubs_settles_nothing(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了"))
    other = station.inquirer.ask(up_bytes=10_000)
    old_answer = hub.answer(other.message)
    for page in (b"<html>sign in</html>", b"", old_answer, hub.answer(b"x" * 200)):
        station.line = lambda message, page=page: page
        delivery = station.deliver()
        assert not delivery.ok and delivery.retryable and delivery.failure == "not-the-hub"
        assert station.counts()[0] == 1


def test_a_forged_question_is_refused_and_noted(both: tuple[SmallHub, SmallStation]) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了"))
    message = bytearray(station.inquirer.ask(up_bytes=10_000).message)
    before = ids(hub.log)
    message[-5] ^= 1
    hub.answer(bytes(message))
    assert ids(hub.log) == before and Finding.FORGED in findings(hub)


def test_what_a_station_may_not_write_is_put_aside(both: tuple[SmallHub, SmallStation]) -> None:
    hub, station = both
    station.write(lined(1, "装成办公室"), by="office:9")
    station.write(lined(1, "自己写的"))
    delivery = station.deliver()
    assert delivery.ok and len(delivery.refused) == 1
    assert delivery.refused[0][1] == "not-a-stations"
    with hub.log.reading() as connection:
        (held,) = quarantine.waiting(connection)
    assert held.by == "office:9" and station.counts() == (0, 0, 2, 0)
    assert hub.log.verify().ok


def test_who_is_shut_out_is_told_and_its_events_are_put_aside(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    station.write(lined(1, "撤销以前写的"))
    hub.clock.now_ms += 60_000
    hub.log.write(lambda t: nodes.revoke(t.connection, "石瓮站", hub.clock()))
    before = ids(hub.log)
    delivery = station.deliver()
    assert delivery.failure == "revoked" and not delivery.retryable
    assert ids(hub.log) == before
    with hub.log.reading() as connection:
        assert [held.code for held in quarantine.waiting(connection)] == [Finding.REVOKED]
    station.clock.now_ms += 120_000
    station.write(lined(1, "撤销以后写的"))
    assert station.deliver().failure == "revoked"
    with hub.log.reading() as connection:
        assert len(quarantine.waiting(connection)) == 1


def test_who_was_shut_out_and_is_invited_anew_goes_on_with_what_it_has(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    station.write(lined(1, "撤销以前送到的"))
    assert station.deliver().ok
    hub.log.write(lambda t: nodes.revoke(t.connection, "石瓮站", hub.clock()))
    station.write(lined(1, "撤销以后写的"))
    assert station.deliver().failure == "revoked"
    hub.write(lined(2, "县里的话", station="shiweng"))
    # A code that is none of the hub's opens nothing.
    station.join(hub, enrolment.new_secret())
    assert station.deliver().failure == "bad-code"
    station.join(hub, hub.invite("石瓮站", "shiweng"))
    for _ in range(2):
        assert station.deliver().ok
        assert station.counts()[:2] == (0, 0)
    assert ids(hub.log) == ids(station.log) and states(hub.log) == states(station.log)
    with hub.log.reading() as connection:
        (now, before) = sorted(nodes.all_peers(connection), key=lambda one: one.name)
        assert (now.state, before.state) == ("enrolled", "revoked")
        assert not [one for one in quarantine.waiting(connection) if one.code != Finding.REVOKED]
    assert Finding.FORK not in findings(hub)
    station.write(lined(1, "以后写的"))
    assert station.deliver().ok and ids(hub.log) == ids(station.log)


def test_a_code_serves_once(tmp_path: Path) -> None:
    hub = SmallHub(tmp_path / "hub")
    first, second = SmallStation(tmp_path / "a"), SmallStation(tmp_path / "b")
    secret = hub.invite("石瓮站", "shiweng")
    first.join(hub, secret)
    second.join(hub, secret)
    assert first.deliver().ok
    with first.log.reading() as connection:
        hub_above = upstream.read(connection)
    assert hub_above and (hub_above.called, hub_above.station) == ("石瓮站", "shiweng")
    assert second.deliver().failure == "bad-code"
    hub.clock.now_ms += 30 * 86_400_000
    for one in (first, second):
        one.stop()
    hub.stop()


def test_the_hub_goes_back_to_an_older_copy(tmp_path: Path) -> None:
    hub, station = pair(tmp_path)
    station.write(*(lined(n, f"第{n}件", station="shiweng") for n in range(1, 21)))
    hub.write(lined(1, "县里的话"))
    assert station.deliver().ok
    hub.stop()
    shutil.copytree(hub.folder, tmp_path / "replica")
    hub.start()
    station.write(*(lined(n, f"后来第{n}件", station="shiweng") for n in range(21, 41)))
    hub.write(lined(2, "后来县里的话"), lined(3, "后来县里又说", station="shiweng"))
    assert station.deliver().ok and station.counts()[2] == 40
    everything = ids(hub.log)
    hub.stop()
    shutil.rmtree(hub.folder)
    shutil.copytree(tmp_path / "replica", hub.folder)
    (hub.folder / "voice.json").unlink()
    hub.start()
    assert len(ids(hub.log)) < len(everything)
    hub.write(lined(4, "恢复以后县里的话", station="shiweng"))
    for _ in range(3):
        hub.clock.now_ms += 1000
        assert station.deliver().ok
    assert everything <= ids(hub.log)
    assert station.counts()[0] == 0 and hub.log.verify().ok and station.log.verify().ok
    assert states(station.log).items() <= states(hub.log).items()
    station.stop()
    hub.stop()


def test_what_only_the_hub_wrote_comes_back_to_a_hub_that_lost_it(tmp_path: Path) -> None:
    hub, station = pair(tmp_path)
    station.write(lined(1, "站里的话", station="shiweng"))
    assert station.deliver().ok
    hub.stop()
    shutil.copytree(hub.folder, tmp_path / "replica")
    hub.start()
    hub.write(lined(2, "县里的话", station="shiweng"))
    assert station.deliver().received == 1
    everything = ids(hub.log)
    hub.stop()
    shutil.rmtree(hub.folder)
    shutil.copytree(tmp_path / "replica", hub.folder)
    (hub.folder / "voice.json").unlink()
    hub.start()
    assert len(ids(hub.log)) < len(everything)
    for _ in range(3):
        hub.clock.now_ms += 1000
        assert station.deliver().ok
    assert everything <= ids(hub.log) and station.counts()[0] == 0
    assert states(station.log) == states(hub.log)
    # It was asked for once: afterwards nothing is said where there is nothing new.
    assert station.deliver().rounds == 1
    station.stop()
    hub.stop()


def test_a_station_put_back_from_an_older_image(tmp_path: Path) -> None:
    hub, station = pair(tmp_path)
    station.write(*(lined(n, f"第{n}件", station="shiweng") for n in range(1, 6)))
    assert station.deliver().ok
    station.stop()
    shutil.copytree(station.folder, tmp_path / "image")
    station.start()
    station.write(*(lined(n, f"后来第{n}件", station="shiweng") for n in range(6, 11)))
    hub.write(lined(1, "县里的话"))
    assert station.deliver().ok
    lost = ids(station.log)
    put_back(station, tmp_path / "image")
    voice = station.log.voice
    station.write(lined(99, "还没联系就写的", station="shiweng"))
    for _ in range(3):
        assert station.deliver().ok
    assert lost <= ids(station.log) and station.log.voice != voice
    assert ids(station.log) == ids(hub.log) and Finding.FORK in findings(hub)
    assert hub.log.verify().ok and station.log.verify().ok
    assert states(station.log) == states(hub.log)
    station.stop()
    hub.stop()


def test_one_disk_in_two_laptops(tmp_path: Path) -> None:
    hub, first = pair(tmp_path)
    first.write(lined(1, "原来的", station="shiweng"))
    assert first.deliver().ok
    first.stop()
    shutil.copytree(first.folder, tmp_path / "clone")
    first.start()
    second = SmallStation(tmp_path / "clone", keys=first.keys)
    second.line = hub.answer
    first.write(lined(2, "甲机写的", station="shiweng"))
    second.write(lined(3, "乙机写的", station="shiweng"))
    for _ in range(3):
        assert first.deliver().ok and second.deliver().ok
    assert Finding.FORK in findings(hub)
    assert ids(hub.log) == ids(first.log) == ids(second.log)
    assert first.log.voice != second.log.voice
    assert all(one.log.verify().ok for one in (hub, first, second))
    for one in (first, second):
        one.stop()
    hub.stop()


def test_a_station_moves_to_another_hub(tmp_path: Path) -> None:
    hub, station = pair(tmp_path)
    station.write(lined(1, "在旧县写的", station="shiweng"))
    assert station.deliver().ok
    other = SmallHub(tmp_path / "other")
    station.write(lined(2, "还没送就搬了", station="shiweng"))
    station.join(other, other.invite("石瓮站", "shiweng"))
    for _ in range(2):
        assert station.deliver().ok
    assert ids(station.log) <= ids(other.log)
    assert station.counts()[0] == 0 and other.log.verify().ok
    assert states(station.log) == states(other.log)
    for one in (station, hub, other):
        one.stop()


def test_a_station_put_back_from_before_its_first_event(tmp_path: Path) -> None:
    hub, station = pair(tmp_path)
    station.stop()
    shutil.copytree(station.folder, tmp_path / "image")
    station.start()
    station.write(lined(1, "第一件", station="shiweng"))
    hub.write(lined(1, "县里的话"))
    assert station.deliver().ok
    everything = ids(station.log)
    put_back(station, tmp_path / "image")
    assert station.deliver().ok
    assert ids(station.log) == everything
    station.stop()
    hub.stop()


def test_another_stations_event_that_comes_back_is_not_ones_own(tmp_path: Path) -> None:
    hub, first = pair(tmp_path)
    second = SmallStation(tmp_path / "second", station="liuyan")
    second.join(hub, hub.invite("柳堰站", "liuyan"))
    assert second.deliver().ok
    hub.stop()
    shutil.copytree(hub.folder, tmp_path / "replica")
    hub.start()
    second.write(lined(1, "两个站的事", station="shiweng"), lined(2, "自己的事"))
    assert second.deliver().ok and first.deliver().ok
    hub.stop()
    shutil.rmtree(hub.folder)
    shutil.copytree(tmp_path / "replica", hub.folder)
    (hub.folder / "voice.json").unlink()
    hub.start()
    hub.clock.now_ms += 1000
    # The station that was only sent it comes first, and what is brought back stays the other's.
    assert first.deliver().ok and second.deliver().ok
    assert ids(second.log) <= ids(hub.log)
    with hub.log.reading() as connection:
        assert quarantine.waiting(connection) == []
    for one in (first, second, hub):
        one.stop()


def test_a_hub_that_doubts_its_clock_sets_no_station_wrong(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    assert station.deliver().ok
    # Off for four days, by a clock that stood still: the stations know what time it is.
    station.clock.now_ms += 4 * 86_400_000
    station.write(lined(1, "桥板断了", station="shiweng"))
    hub.doubts = True
    station.side.heard_ms.clear()
    assert station.deliver().ok
    assert station.side.heard_ms and not hub.side.doubtful
    assert all(abs(heard - station.clock()) < 2000 for heard in station.side.heard_ms)
    assert "clock-off" not in findings(hub)
    # Once it knows the time again, it is the hub's that counts.
    hub.doubts = False
    station.write(lined(2, "又断了", station="shiweng"))
    station.side.heard_ms.clear()
    assert station.deliver().ok
    assert [event.subject for event in hub.side.doubtful] == [(2).to_bytes(16, "big")]
    assert all(heard == hub.clock() for heard in station.side.heard_ms)
    assert "clock-off" in findings(hub)
