"""How safe photos on their way are: durable, purged, lost with the hub, erased, refused."""

import hashlib
import shutil
from pathlib import Path

import pytest

from eventlog.database import connect
from sync.photos import parts as blob_parts
from sync.photos.source import ASK_AGAIN_S, KEPT_MS, BlobState
from sync.rounds.courier import Delivery
from sync.rounds.wire import REFUSED_OFFSET, BlobPart
from tests.sync.kept_photos import kept, pass_time, state
from tests.sync.small_nodes import SmallHub, SmallStation
from tests.sync.small_photos import naming, picture


def test_held_is_not_durable_and_is_asked_about(standing: tuple[SmallHub, SmallStation]) -> None:
    hub, station = standing
    hub.photos.replicates = False
    (sha256,) = kept(station, picture(1, 3000))
    delivery = station.deliver()
    assert delivery.ok and delivery.photos_waiting == 1
    assert state(station, sha256) is BlobState.HELD
    hub.photos.replicates = True
    # Not at once again, for the replica may be down for long.
    assert station.deliver().photos_waiting == 1
    pass_time(station, ASK_AGAIN_S + 1)
    delivery = station.deliver()
    assert delivery.photos_waiting == 0 and delivery.bytes_up < 1000
    assert state(station, sha256) is BlobState.DURABLE


def test_only_durable_ones_are_purged_and_only_after_ninety_days(
    standing: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = standing
    (first,) = kept(station, picture(1, 3000))
    assert station.deliver().ok
    hub.photos.replicates = False
    (second,) = kept(station, picture(2, 3000), note=2)
    assert station.deliver().ok
    station.clock.now_ms += KEPT_MS - 1
    assert station.photos.queue.purge() == 0
    station.clock.now_ms += 1
    assert station.photos.queue.purge() == 1
    assert station.photos.hashes() == {second}
    assert state(station, first) is BlobState.PURGED
    assert state(station, second) is BlobState.HELD
    # Sent once more by somebody: the hub is asked, and has it.
    station.photos.keep(picture(1, 3000))
    assert state(station, first) is BlobState.HELD
    pass_time(station, ASK_AGAIN_S + 1)
    hub.photos.replicates = True
    assert station.deliver().bytes_up < 1000
    assert state(station, first) is BlobState.DURABLE


def test_a_hub_put_back_from_an_older_copy_gets_its_photos_again(
    standing: tuple[SmallHub, SmallStation], tmp_path: Path
) -> None:
    hub, station = standing
    (old,) = kept(station, picture(1, 30_000))
    assert station.deliver().ok
    hub.stop()
    shutil.copytree(hub.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("voice.json"))
    hub.start()
    newer = kept(station, picture(2, 30_000), picture(3, 30_000), note=2)
    assert station.deliver().ok
    station.clock.now_ms += KEPT_MS
    _put_back(hub, tmp_path / "copy")
    assert hub.photos.hashes() == {old}
    delivery = station.deliver()
    assert delivery.ok and delivery.photos_waiting == 0
    assert hub.photos.hashes() == {old, *newer}
    # Of the one that it had still, it was only asked.
    assert delivery.bytes_up < 70_000
    assert {state(station, one) for one in (old, *newer)} == {BlobState.DURABLE}


def test_photos_lost_without_their_texts_are_found_missing_too(
    standing: tuple[SmallHub, SmallStation], tmp_path: Path
) -> None:
    hub, station = standing
    (sha256,) = kept(station, picture(1, 30_000))
    station.courier.deliver(with_photos=False)
    hub.stop()
    shutil.copytree(hub.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("voice.json"))
    hub.start()
    assert station.deliver().photos_waiting == 0
    _put_back(hub, tmp_path / "copy")
    delivery = station.deliver()
    assert delivery.ok and not delivery.refused and hub.photos.hashes() == {sha256}
    assert state(station, sha256) is BlobState.DURABLE


def _put_back(hub: SmallHub, copy: Path) -> None:
    hub.stop()
    shutil.rmtree(hub.folder)
    shutil.copytree(copy, hub.folder)
    hub.clock.now_ms += 1000
    hub.start()


def test_an_answer_of_before_the_loss_makes_nothing_durable(
    standing: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = standing
    (sha256,) = kept(station, picture(1, 3000))
    station.courier.deliver(with_photos=False)
    asked = station.inquirer.ask(up_bytes=10_000)
    answer = hub.answer(asked.message)
    station.photos.queue.doubt(hub.clock.now_ms + 1)
    station.inquirer.take_answer(asked, answer)
    assert state(station, sha256) is BlobState.HELD


def test_what_no_event_names_waits_within_its_cap(standing: tuple[SmallHub, SmallStation]) -> None:
    hub, _ = standing
    sink = hub.photos.sink

    def send(seed: int) -> tuple[int, bool]:
        body = picture(seed, 500)
        sha256 = hashlib.sha256(body).digest()
        ((_, offset, durable),) = sink.take(b"n", [BlobPart(sha256, 500, 0, body)], []).blobs
        return offset, durable

    most = blob_parts.UNFINISHED_MOST
    assert [send(n) for n in range(most + 1)] == [(500, False)] * most + [(0, False)]
    assert not hub.photos.hashes()
    # What an event names finds room, and what was waiting is stored once it is named.
    named = hashlib.sha256(picture(99, 500)).digest()
    hub.write(naming(1, named, hashlib.sha256(picture(5, 500)).digest()))
    assert send(99) == (500, True)
    assert send(5) == (500, True)
    assert len(hub.photos.hashes()) == 2
    # Half a year later the rest is gone, and there is room again.
    hub.clock.now_ms += 2 * blob_parts.KEPT_MS
    assert send(most + 2) == (500, False)
    with connect(hub.photos.path, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM blobs_coming").fetchone()[0] == 1


def test_a_photo_without_a_form_stays_at_the_station(
    standing: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = standing
    sha256 = station.photos.keep(picture(1, 3000))
    assert station.deliver().ok
    assert state(station, sha256) is BlobState.WAITING and not hub.photos.hashes()
    station.write(naming(1, sha256))
    assert station.deliver().ok
    assert hub.photos.hashes() == {sha256}


def test_a_hub_that_takes_no_photos_costs_little(standing: tuple[SmallHub, SmallStation]) -> None:
    hub, station = standing
    kept(station, picture(1, 100_000))
    taken, hub.reception._blobs = hub.reception._blobs, None
    for _ in range(20):
        delivery = station.deliver()
        assert delivery.ok and delivery.rounds <= 3 and delivery.photos_waiting == 1
    hub.reception._blobs = taken
    assert not station.photos.queue.parts(10_000)
    pass_time(station, 61.0)
    assert station.deliver().photos_waiting == 0


def test_an_erased_photo_is_not_taken_again(standing: tuple[SmallHub, SmallStation]) -> None:
    hub, _ = standing
    body = picture(1, 3000)
    sha256 = hashlib.sha256(body).digest()
    hub.photos.sink.take(b"n", [BlobPart(sha256, 3000, 0, body[:1000])], [])
    hub.photos.writer.submit(lambda t: blob_parts.forget(t.connection, sha256)).result()
    taken = hub.photos.sink.take(b"n", [BlobPart(sha256, 3000, 1000, body[1000:])], [])
    assert taken.blobs == [(sha256, 3000, True)] and not hub.photos.hashes()
    # Unless somebody sends it with another matter.
    hub.write(naming(1, sha256))
    taken = hub.photos.sink.take(b"n", [BlobPart(sha256, 3000, 0, body)], [])
    assert taken.blobs == [(sha256, 3000, True)] and hub.photos.hashes() == {sha256}


def test_sealed_to_nobody_here_waits(standing: tuple[SmallHub, SmallStation]) -> None:
    hub, station = standing
    (sha256,) = kept(station, picture(1, 3000))
    station.courier.deliver(with_photos=False)
    (part,) = station.photos.queue.parts(10_000)
    taken = hub.photos.sink.take(b"n", [part], [hub.keys.unsealer])
    assert taken.blobs == [(sha256, part.size_bytes, False)] and taken.wrong == [sha256]
    taken = hub.photos.sink.take(b"n", [part], [hub.keys.unsealer, station.keys.unsealer])
    assert taken.blobs == [(sha256, part.size_bytes, True)]


@pytest.mark.parametrize(
    "part",
    [
        BlobPart(b"short", 100, 0, b"x"),
        BlobPart(b"s" * 32, 100, 100, b"x"),
        BlobPart(b"s" * 32, 100, -1, b"x"),
        BlobPart(b"s" * 32, -5, 0, b""),
    ],
)
def test_parts_of_no_shape_are_refused(
    standing: tuple[SmallHub, SmallStation], part: BlobPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, station = standing
    monkeypatch.setattr(station.photos.queue, "parts", lambda room_bytes, packed: [part])
    delivery: Delivery = station.deliver()
    assert delivery.failure == "malformed" and not delivery.retryable


def test_a_photo_that_is_too_large_is_refused(standing: tuple[SmallHub, SmallStation]) -> None:
    hub, _ = standing
    part = BlobPart(b"s" * 32, blob_parts.SIZE_MOST_BYTES + 1, 0, b"x")
    assert hub.photos.sink.take(b"n", [part], []).blobs == [(b"s" * 32, REFUSED_OFFSET, False)]
