"""Sticks between a station and its hub: no network, any order, any number of times."""

import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from eventlog.keys import Keys, save_keys
from eventlog.log import Log
from eventlog.sealing import Unsealer
from sync import audit, bundle_file, bundles_in, carried, envelope, nodes, quarantine, upstream
from sync.asking import Inquirer, NotJoined
from sync.audit import Finding
from sync.bundle_file import (
    Bundle,
    BundleForAnother,
    BundleFromAnother,
    BundleKind,
    Head,
    Record,
    RecordKind,
    WrongWay,
)
from sync.bundles_in import Answered, BroughtIn, NothingToAnswer, SeveralNodes
from sync.carried import Returned, Written
from sync.envelope import MessageKind, node_id
from sync.reception import Reception
from sync.uplink import Safety
from sync.wire import BlobPart
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, pair, states

DAY_MS = 86_400_000


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[SmallHub, SmallStation]]:
    """A hub and a station that is enrolled."""
    hub, station = pair(tmp_path)
    yield hub, station
    station.stop()
    hub.stop()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A folder that is carried to and fro."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def up(
    station: SmallStation, path: Path, *, most_bytes: int = bundle_file.BUNDLE_MOST_BYTES
) -> Written:
    return carried.write_up(
        station.log, station.keys, station.inquirer, path, most_bytes=most_bytes
    )


@contextmanager
def opened(keys: Keys, path: Path, folder: Path) -> Iterator[Bundle]:
    with (
        path.open("rb") as file,
        bundle_file.opened(
            file, folder, age_private=keys.age_private, own=node_id(keys.verify_key)
        ) as bundle,
    ):
        yield bundle


def read_up(hub: SmallHub, path: Path) -> BroughtIn:
    with opened(hub.keys, path, hub.folder) as bundle:
        return bundles_in.take_up(hub.log, hub.reception, bundle)


def back(
    hub: SmallHub,
    path: Path,
    *,
    name: str = "",
    site: Sequence[bytes] = (),
    durable: bool | None = None,
) -> Answered:
    with hub.log.reading() as connection:
        peer = bundles_in.node_to_answer(connection, name)
    says = hub.durable if durable is None else durable
    return bundles_in.write_return(
        hub.log,
        hub.keys,
        hub.reception,
        peer,
        path,
        durable=lambda position: says,
        site=lambda mark: site,
    )


def read_back(station: SmallStation, path: Path) -> Returned:
    with opened(station.keys, path, station.folder) as bundle:
        return carried.take_return(station.log, station.inquirer, bundle)


def findings(hub: SmallHub) -> list[str]:
    with hub.log.reading() as connection:
        return [entry.code for entry in audit.entries(connection)]


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
    assert came.enrolled and came.received == 1 and station.counts() == (0, 0, 1, 0)
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
    hub.stop()
    shutil.rmtree(hub.folder)
    shutil.copytree(tmp_path / "older", hub.folder)
    hub.start()
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
    hub.stop()
    shutil.rmtree(hub.folder)
    shutil.copytree(tmp_path / "older", hub.folder)
    hub.start()
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
    station.stop()
    shutil.rmtree(station.folder)
    shutil.copytree(tmp_path / "older", station.folder)
    station.start()
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
    bundles_in.note_rejected(other.log, refusal.value)
    assert findings(other) == [Finding.ANOTHERS_BUNDLE] and not ids(other.log)
    # A message that somebody copied into a bundle of their own is for its hub only, too.
    with opened(hub.keys, stick / "up", hub.folder) as bundle:
        messages = [Record(RecordKind.MESSAGE, one) for one in bundle.messages()]
    head = Head(BundleKind.UP, hub.keys.verify_key, node_id(other.keys.verify_key), 1)
    signing = SigningKey(hub.keys.signing)
    bundle_file.write(stick / "copied", head, signing, other.keys.age_key, messages)
    assert read_up(other, stick / "copied").refused == ["unknown-node"] and not ids(other.log)
    other.stop()


def test_bundles_the_wrong_way_and_of_strangers_are_told_apart(
    both: tuple[SmallHub, SmallStation], tmp_path: Path, stick: Path
) -> None:
    hub, station = both
    other = SmallHub(tmp_path / "other")
    head = Head(BundleKind.RETURN, other.keys.verify_key, node_id(station.keys.verify_key), 1)
    bundle_file.write(
        stick / "back", head, SigningKey(other.keys.signing), station.keys.age_key, []
    )
    with pytest.raises(BundleFromAnother):
        read_back(station, stick / "back")
    head = Head(BundleKind.UP, hub.keys.verify_key, node_id(station.keys.verify_key), 1)
    bundle_file.write(stick / "up", head, SigningKey(hub.keys.signing), station.keys.age_key, [])
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
        bundles_in.node_to_answer(connection)


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
        peer = bundles_in.node_to_answer(connection)

    def answered() -> int:
        newest = hub.log.newest_position()
        return bundles_in.write_return(
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


class Photos:
    """Photos on both sides, as far as bundles are concerned."""

    def __init__(self, *photos: bytes) -> None:
        self.photos = {bytes([number]) * 32: body for number, body in enumerate(photos, 1)}
        self.taken: dict[bytes, bytes] = {}
        self.told: list[tuple[bytes, int, bool]] = []
        self.durable = False

    def parts(self, room_bytes: int, packed: Mapping[bytes, int]) -> list[BlobPart]:
        """Return the next parts."""
        found: list[BlobPart] = []
        for sha256, body in self.photos.items():
            offset = packed.get(sha256, 0)
            part = body[offset : offset + room_bytes]
            if part and room_bytes > 0:
                found.append(BlobPart(sha256, len(body), offset, part))
                room_bytes -= len(part)
        return found

    def acknowledged(self, blobs: Sequence[tuple[bytes, int, bool]]) -> None:
        """Note what the hub said."""
        self.told += blobs

    def take(
        self, parts: Sequence[BlobPart], unsealers: Sequence[Unsealer]
    ) -> list[tuple[bytes, int, bool]]:
        """Put parts together."""
        for part in parts:
            here = self.taken.setdefault(part.sha256, b"")
            if part.offset == len(here):
                self.taken[part.sha256] = here + part.body
        return [
            (sha256, len(self.taken[sha256]), self.durable)
            for sha256 in {part.sha256 for part in parts}
        ]


def with_photos(hub: SmallHub, station: SmallStation, photos: Photos) -> None:
    station.inquirer = Inquirer(
        station.log,
        lambda: station.keys,
        station.side,
        seals_texts=True,
        blobs=photos,
        monotonic_ms=lambda: 0,
    )
    hub.reception = Reception(hub.log, hub.keys, hub.card, hub.queue, hub.side, blobs=photos)


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


BOMB = """
import resource, sys
from pathlib import Path
from tests.sync.test_bundles import SmallHub, read_up
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
    bundle_file.write(stick / "bomb", head, signing, hub.keys.age_key, records)
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
