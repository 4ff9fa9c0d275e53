"""Photos on their way to the hub: in parts, after the texts, whole and once, whatever is cut."""

import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.database import connect
from eventlog.schema import migrate
from sync.nodes import audit
from sync.nodes.audit import Finding
from sync.photos import parts as blob_parts
from sync.photos.schema import migrations
from sync.photos.source import BlobState
from sync.rounds.client import Unreachable
from sync.rounds.envelope import MessageKind, unpack
from sync.rounds.wire import REFUSED_OFFSET, BlobPart, decode_question
from tests.counts import count
from tests.sync.kept_photos import Seconds, kept, state
from tests.sync.small_nodes import SmallHub, SmallStation, lined
from tests.sync.small_photos import naming, picture


def test_several_small_photos_go_in_one_question(standing: tuple[SmallHub, SmallStation]) -> None:
    hub, station = standing
    bodies = [picture(n, 1500) for n in range(5)]
    hashes = kept(station, *bodies)
    asked = hub.questions
    delivery = station.deliver()
    assert delivery.ok and delivery.photos_waiting == 0
    # One for the text, one for all photos.
    assert hub.questions == asked + 2
    assert [hub.photos.read(one) for one in hashes] == bodies
    assert {state(station, one) for one in hashes} == {BlobState.DURABLE}
    assert station.photos.hashes() == set(hashes)


def test_text_never_waits_for_a_photo(standing: tuple[SmallHub, SmallStation]) -> None:
    hub, station = standing
    kept(station, picture(1, 200_000))
    seen: list[tuple[bool, bool]] = []

    def line(message: bytes) -> bytes:
        question = decode_question(unpack(message, MessageKind.QUESTION))
        seen.append((bool(question.runs), bool(question.parts)))
        if len(seen) == 4:
            # Somebody writes while a photo is under way.
            station.write(lined(9, "桥板断了"))
        return hub.answer(message)

    station.line = line
    assert station.deliver().ok
    assert seen[0] == (True, False)
    assert seen[4] == (True, False)
    assert (True, True) not in seen


def test_what_was_acknowledged_is_not_sent_again_after_a_restart(
    standing: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = standing
    (sha256,) = kept(station, picture(1, 300_000))
    rounds = 0

    def line(message: bytes) -> bytes:
        nonlocal rounds
        rounds += 1
        if rounds == 5:
            # The part is there, and the answer never comes; the station is switched off.
            hub.answer(message)
            raise Unreachable("cut")
        return hub.answer(message)

    station.line = line
    assert not station.deliver().ok
    station.stop()
    station.start()
    hub.stop()
    hub.start()
    delivery = station.deliver()
    assert delivery.ok and hub.photos.read(sha256) == picture(1, 300_000)
    assert state(station, sha256) is BlobState.DURABLE


def over_cuts(
    station: SmallStation, hub: SmallHub, cuts: int, every_bytes: int, seed: int
) -> float:
    """Deliver over a line of 2,000 bytes a second that is cut so often, at random bytes.

    Return which share of the bytes that went up was in vain.
    """
    clock, random_ = station.clock_s, random.Random(seed)
    assert isinstance(clock, Seconds)
    in_vain = went = 0
    left = random_.randrange(2 * every_bytes)

    def line(message: bytes) -> bytes:
        nonlocal in_vain, went, left, cuts
        if cuts and left < len(message):
            cuts -= 1
            in_vain, went = in_vain + left, went + left
            left = random_.randrange(2 * every_bytes)
            raise Unreachable("cut in the question")
        answer = hub.answer(message)
        went += len(message)
        left -= len(message)
        clock.now_s += 0.1 + (len(message) + len(answer)) / 2000
        if cuts and left < len(answer):
            cuts -= 1
            in_vain += len(message)
            left = random_.randrange(2 * every_bytes)
            raise Unreachable("cut in the answer")
        left -= len(answer)
        return answer

    station.line = line
    while cuts or station.counts() != (0, 0, station.counts()[2], 0):
        station.deliver()
    return in_vain / went


@pytest.mark.faults
@pytest.mark.timeout(1200)
def test_a_hundred_cuts_cost_a_twentieth_at_most(standing: tuple[SmallHub, SmallStation]) -> None:
    hub, station = standing
    seed = random.randrange(2**32)
    cuts = count(15, 100)
    # A cut about once a minute, that is, every 110,000 bytes.
    bodies = [picture(n, 1_000 + 2_000 * (37 * n % 112)) for n in range(cuts)]
    kept(station, *bodies)
    size = sum(len(body) for body in bodies)
    share = over_cuts(station, hub, cuts, size // (cuts + 1), seed)
    assert share <= 0.05, f"seed {seed}: of {size} bytes {share:.2%} in vain by {cuts} cuts"
    assert {hub.photos.read(hashlib.sha256(body).digest()) for body in bodies} == set(bodies)
    assert station.photos.queue.counts()[BlobState.DURABLE] == len(bodies)


@settings(max_examples=count(20, 60), deadline=None)
@given(
    cuts=st.lists(st.integers(1, 4095), max_size=6),
    sent=st.lists(st.tuples(st.integers(0, 4095), st.integers(1, 2000)), max_size=20),
)
def test_parts_that_overlap_or_leave_gaps_do_no_harm(
    tmp_path_factory: pytest.TempPathFactory,
    cuts: list[int],
    sent: list[tuple[int, int]],
) -> None:
    connection = connect(tmp_path_factory.mktemp("parts") / "photos.db")
    migrate(connection, migrations)
    connection.execute("BEGIN")
    body = picture(7, 4096)
    sha256 = hashlib.sha256(body).digest()

    def add(offset: int, size: int) -> int:
        part = BlobPart(sha256, len(body), offset, body[offset : offset + size], b"k", "")
        return blob_parts.add(connection, b"node", part, lambda sha256: True, 0)

    reached = 0
    for offset, size in sent:
        said = add(offset, size)
        assert said == (max(reached, min(4096, offset + size)) if offset <= reached else reached)
        reached = said
    for end in [*sorted(cuts), 4096]:
        reached = add(reached, max(0, end - reached))
    assert reached == 4096
    assert blob_parts.whole(connection, b"node", sha256) == body
    connection.close()


def test_a_kill_between_keeping_the_last_part_and_storing_the_whole(
    standing: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = standing
    (sha256,) = kept(station, picture(1, 5000))

    def killed() -> None:
        raise RuntimeError("killed")

    hub.photos.before_keeping = killed
    with pytest.raises(RuntimeError, match="killed"):
        station.deliver()
    hub.stop()
    hub.start()
    up: list[int] = []

    def line(message: bytes) -> bytes:
        up.append(len(message))
        return hub.answer(message)

    station.line = line
    assert station.deliver().ok
    assert hub.photos.read(sha256) == picture(1, 5000)
    assert state(station, sha256) is BlobState.DURABLE


def test_a_photo_that_is_not_its_hash_is_refused_after_three_times(
    standing: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = standing
    other = hashlib.sha256(b"other").digest()
    station.photos.keep(picture(1, 30_000), named=other)
    station.write(naming(1, other))
    (good,) = kept(station, picture(2, 30_000), note=2)
    assert station.deliver().ok
    assert state(station, other) is BlobState.REFUSED
    assert state(station, good) is BlobState.DURABLE
    assert hub.photos.hashes() == {good}
    with hub.log.reading() as connection:
        noted = [one for one in audit.entries(connection) if one.code == Finding.WRONG_PHOTO]
    assert [one.detail for one in noted] == [other.hex()]
    # Not even by somebody who tries again.
    part = BlobPart(other, 100, 0, b"x" * 100, b"k")
    taken = hub.photos.sink.take(_key(hub), [part], [])
    assert taken.blobs == [(other, REFUSED_OFFSET, False)]
    assert not station.photos.queue.parts(10_000)


def _key(hub: SmallHub) -> bytes:
    with hub.log.reading() as connection:
        key: bytes = connection.execute("SELECT key_id FROM nodes").fetchone()[0]
        return key


def test_two_stations_send_the_same_photo(
    standing: tuple[SmallHub, SmallStation], tmp_path: Path
) -> None:
    hub, station = standing
    other = SmallStation(tmp_path / "other", station="liuyan")
    other.join(hub, hub.invite("柳堰站", "liuyan"))
    body = picture(1, 100_000)
    (sha256,) = kept(station, body)
    assert kept(other, body) == [sha256]
    # Both have sent a part, each sealed with a key of its own.
    for one in (station, other):
        one.deliver() if one.counts()[0] == 0 else one.courier.deliver(with_photos=False)
        asked = one.inquirer.ask(up_bytes=10_000)
        one.inquirer.take_answer(asked, hub.answer(asked.message))
    assert not hub.photos.hashes()
    assert station.deliver().ok and hub.photos.read(sha256) == body
    up = other.deliver()
    assert up.ok and up.bytes_up < 50_000
    assert state(other, sha256) is BlobState.DURABLE
    other.stop()
