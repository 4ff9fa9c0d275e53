"""Sticks that come late, to the wrong place, by the wrong hand, or with a bomb on them."""

import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from eventlog.keys import save_keys
from eventlog.log import Log
from sync.nodes import nodes, quarantine
from sync.nodes.audit import Finding
from sync.rounds import envelope
from sync.rounds.envelope import MessageKind, node_id
from sync.rounds.uplink import Safety
from sync.sticks import bundle_file, received_bundles
from sync.sticks.bundle_file import (
    BundleForAnother,
    BundleFromAnother,
    BundleKind,
    Head,
    Record,
    RecordKind,
    WrongWay,
)
from sync.sticks.received_bundles import NothingToAnswer
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, put_back, states
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


def test_stale_acknowledgements_settle_nothing(
    both: tuple[SmallHub, SmallStation], tmp_path: Path, stick: Path
) -> None:
    hub, station = both
    hub.log.drain()
    shutil.copytree(hub.folder, tmp_path / "older")
    hub.start()
    station.write(lined(1, "桥板断了"), lined(2, "路灯不亮"))
    up(station, stick / "up")
    read_up(hub, stick / "up")
    back(hub, stick / "back")
    read_back(station, stick / "back")
    assert station.counts() == (0, 0, 2, 0)
    up(station, stick / "up2")
    # The hub is put back from a copy that has none of it, and is found out by network.
    put_back(hub, tmp_path / "older")
    hub.clock.now_ms += DAY_MS
    hub.durable = False
    station.deliver()
    assert station.counts()[2] == 0
    # What the hub of before said is on a stick still, and doesn't count any more.
    read_back(station, stick / "back")
    assert station.counts()[2] == 0
    hub.durable = True
    assert station.deliver().ok and station.counts() == (0, 0, 2, 0)
    assert len(ids(hub.log)) == 2


def test_a_hub_that_lost_something_is_found_out_by_stick_and_filled_again(
    both: tuple[SmallHub, SmallStation], tmp_path: Path, stick: Path
) -> None:
    hub, station = both
    hub.log.drain()
    shutil.copytree(hub.folder, tmp_path / "older")
    hub.start()
    station.write(lined(1, "桥板断了"), lined(2, "路灯不亮"))
    assert station.deliver().ok and station.counts() == (0, 0, 2, 0)
    put_back(hub, tmp_path / "older")
    for _ in range(2):
        up(station, stick / "up")
        read_up(hub, stick / "up")
        hub.clock.now_ms += DAY_MS
        back(hub, stick / "back")
        read_back(station, stick / "back")
    assert len(ids(hub.log)) == 2 and station.counts() == (0, 0, 2, 0)


def test_answers_to_what_was_never_asked_are_told_and_change_nothing(
    both: tuple[SmallHub, SmallStation], tmp_path: Path, stick: Path
) -> None:
    hub, station = both
    station.log.drain()
    shutil.copytree(station.folder, tmp_path / "older")
    station.start()
    station.write(lined(1, "桥板断了"))
    hub.write(lined(2, "县里的话", station="shiweng"))
    up(station, stick / "up")
    read_up(hub, stick / "up")
    back(hub, stick / "back")
    put_back(station, tmp_path / "older")
    before = ids(station.log)
    came = read_back(station, stick / "back")
    assert (came.answers, came.unknown, came.received) == (0, 1, 0) and ids(station.log) == before
    # The next bundle brings back what the station had lost, and all else.
    up(station, stick / "up")
    read_up(hub, stick / "up")
    back(hub, stick / "back")
    read_back(station, stick / "back")
    assert station.deliver().ok
    assert (2).to_bytes(16, "big") in states(station.log)


def test_a_bundle_for_another_hub_is_refused_and_noted(
    both: tuple[SmallHub, SmallStation], tmp_path: Path, stick: Path
) -> None:
    hub, station = both
    other = SmallHub(tmp_path / "other")
    station.write(lined(1, "桥板断了"))
    up(station, stick / "up")
    with pytest.raises(BundleForAnother) as refusal:
        read_up(other, stick / "up")
    received_bundles.note_rejected(other.log, refusal.value)
    assert findings(other) == [Finding.ANOTHERS_BUNDLE] and not ids(other.log)
    # A message that somebody copied into a bundle of their own is for its hub only, too.
    with opened(hub.keys, stick / "up", hub.folder) as bundle:
        messages = [Record(RecordKind.MESSAGE, one) for one in bundle.messages()]
    head = Head(BundleKind.UP, hub.keys.verify_key, node_id(other.keys.verify_key), 1)
    signing = SigningKey(hub.keys.signing)
    bundle_file.put(stick / "copied", head, signing, other.keys.age_key, messages)
    assert read_up(other, stick / "copied").refused == ["unknown-node"] and not ids(other.log)
    other.stop()


def test_bundles_the_wrong_way_and_of_strangers_are_told_apart(
    both: tuple[SmallHub, SmallStation], tmp_path: Path, stick: Path
) -> None:
    hub, station = both
    other = SmallHub(tmp_path / "other")
    head = Head(BundleKind.RETURN, other.keys.verify_key, node_id(station.keys.verify_key), 1)
    bundle_file.put(stick / "back", head, SigningKey(other.keys.signing), station.keys.age_key, [])
    with pytest.raises(BundleFromAnother):
        read_back(station, stick / "back")
    head = Head(BundleKind.UP, hub.keys.verify_key, node_id(station.keys.verify_key), 1)
    bundle_file.put(stick / "up", head, SigningKey(hub.keys.signing), station.keys.age_key, [])
    with pytest.raises(WrongWay):
        read_back(station, stick / "up")
    other.stop()


def test_a_revoked_key_before_and_after(both: tuple[SmallHub, SmallStation], stick: Path) -> None:
    hub, station = both
    station.write(lined(1, "停用以前写的"))
    up(station, stick / "before")
    revoked_at = hub.clock.now_ms + DAY_MS
    hub.log.write(lambda t: nodes.revoke(t.connection, "石瓮站", revoked_at))
    station.clock.now_ms = revoked_at + DAY_MS
    station.write(lined(2, "停用以后写的"))
    up(station, stick / "after")
    hub.clock.now_ms = revoked_at + 2 * DAY_MS
    for name, kept in (("after", 0), ("before", 1), ("before", 1)):
        assert read_up(hub, stick / name).refused == ["revoked"]
        with hub.log.reading() as connection:
            assert len(quarantine.waiting(connection)) == kept
    assert Finding.REVOKED in findings(hub) and not ids(hub.log)
    with hub.log.reading() as connection, pytest.raises(NothingToAnswer):
        received_bundles.node_to_answer(connection)


BOMB = """
import resource, sys
from pathlib import Path
from tests.sync.small_nodes import SmallHub
from tests.sync.sticks.sticks import read_up
from eventlog.keys import load_keys
folder, path = Path(sys.argv[1]), Path(sys.argv[2])
hub = SmallHub(folder, keys=load_keys(folder))
read_up(hub, Path(sys.argv[3]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read_up(hub, path)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(found.fresh, *found.refused, (after - before) // 1024)
hub.stop()
"""


def grown_mb(hub: SmallHub, path: Path, small: Path) -> list[str]:
    """Return what a process that reads a small bundle and this one says, memory in MB last."""
    save_keys(hub.folder, hub.keys)
    hub.stop()
    done = subprocess.run(
        [sys.executable, "-c", BOMB, str(hub.folder), str(path), str(small)],
        capture_output=True,
        text=True,
        check=True,
    )
    hub.start()
    return done.stdout.split()


def test_a_bomb_and_a_large_bundle_take_little_memory(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    up(station, stick / "small")
    content = b"\0" * 100_000_000
    bomb = envelope.close(
        content,
        SigningKey(station.keys.signing),
        MessageKind.QUESTION,
        about=hub.keys.verify_key,
    )
    assert len(bomb) < len(content) / 1000
    head = Head(BundleKind.UP, station.keys.verify_key, node_id(hub.keys.verify_key), 1)
    signing = SigningKey(station.keys.signing)
    records = [Record(RecordKind.MESSAGE, bomb)] * 5
    bundle_file.put(stick / "bomb", head, signing, hub.keys.age_key, records)
    *refused, grown = grown_mb(hub, stick / "bomb", stick / "small")
    assert refused == ["0", *["bad-message"] * 5] and int(grown) < 64
    # And an honest one of many megabytes.
    photos = Photos(*(bytes([number]) * 1_000_000 for number in range(100)))
    with_photos(hub, station, photos)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    written = up(station, stick / "large")
    assert written.parts >= 100
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024 < 64
    fresh, grown = grown_mb(hub, stick / "large", stick / "small")
    assert fresh == "0" and int(grown) < 64


def safeties(log: Log) -> dict[int, int]:
    with log.reading() as connection:
        return dict(connection.execute("SELECT state, count(*) FROM uplink GROUP BY state"))


def test_a_late_answer_covers_only_what_was_asked(
    both: tuple[SmallHub, SmallStation], stick: Path
) -> None:
    hub, station = both
    station.write(lined(1, "桥板断了"))
    up(station, stick / "first")
    read_up(hub, stick / "first")
    back(hub, stick / "back")
    station.write(lined(2, "路灯不亮"))
    hub.durable = False
    assert station.deliver().ok
    assert safeties(station.log) == {Safety.HELD: 2}
    read_back(station, stick / "back")
    assert safeties(station.log) == {Safety.HELD: 1, Safety.DURABLE: 1}
