"""Photos of matters on their way from a station's second database to the hub's."""

import hashlib
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from eventlog.keys import make_keys
from eventlog.sealing import UnsealError
from matters.actors import VILLAGER
from matters.erasing import pictures
from matters.intake.intake import Photo, raise_matter
from matters.matter import Matter
from server.photos.attachments import Attachments, PhotoTransaction, check_photo, keep_photos
from server.photos.erased_pictures import forget_again, forget_at_once
from server.photos.travelling_photos import photos_from_below, photos_going_up
from sync.photos import source as blob_source
from sync.photos.source import KEPT_MS, BlobState
from tests.counts import count
from tests.drills import tell
from tests.eventlog.notes import Clock
from tests.matters.county import KEYS, commanded, matter_of, open_county, submission

# The pair that a station's photos are sealed to.
STATION_KEYS = make_keys()


class Folder:
    """The log and the photos of one data folder, and how these travel from it or to it."""

    def __init__(self, folder: Path, *, goes_up: bool) -> None:
        self.folder = folder
        self.clock = Clock()
        self.log = open_county(folder, self.clock)
        self.attachments = Attachments(folder, goes_up=goes_up)
        self.queue = photos_going_up(self.attachments, self.log)
        self.sink = photos_from_below(self.attachments, self.log, lambda: None)

    def close(self) -> None:
        """Close both databases."""
        self.log.stop()
        self.attachments.writer.stop()

    def keep(self, photo: Photo, body: bytes, *, sealed: bool = False) -> None:
        """Keep a photo as a form does, at a station sealed."""

        def job(transaction: PhotoTransaction) -> None:
            keep_photos(transaction, [(photo, body)])
            if sealed:
                lies = STATION_KEYS.sealer.seal(body)
                transaction.connection.execute(
                    "UPDATE photos SET body=?, wrapped_key=? WHERE sha256=?",
                    (*lies, photo.sha256),
                )
                blob_source.add(transaction.connection, bytes.fromhex(photo.sha256), len(lies.body))

        self.attachments.writer.submit(job).result()

    def raise_with(self, *photos: Photo) -> Matter:
        """Raise a matter with photos."""
        one = submission()._replace(photos=photos)
        raised = self.log.write(
            lambda t: raise_matter(t, one, actor=VILLAGER, receipt_key=KEYS.receipt)
        ).result
        return matter_of(self.log, raised.number)

    def state_of(self, photo: Photo) -> BlobState | None:
        """Return how safe a photo is."""
        return self.queue.state_of(bytes.fromhex(photo.sha256))


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Folder]:
    """A station, whose photos go up."""
    made = Folder(tmp_path / "station", goes_up=True)
    yield made
    made.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Folder]:
    """A hub without a replica."""
    made = Folder(tmp_path / "hub", goes_up=False)
    yield made
    made.close()


def picture(color: str) -> tuple[Photo, bytes]:
    """Return a photo of a few kilobytes."""
    written = io.BytesIO()
    image = Image.linear_gradient("L").convert("RGB")
    image.paste(color, (0, 0, 99, 99))
    image.save(written, "PNG", compress_level=0)
    body = written.getvalue()
    photo = check_photo(body)
    assert isinstance(photo, Photo)
    return photo, body


def round_trip(station: Folder, hub: Folder, room_bytes: int = 40_000) -> int:
    """Carry the next parts up and the answer down; return how many parts there were."""
    parts = station.queue.parts(room_bytes)
    taken = hub.sink.take(b"station", parts, [STATION_KEYS.unsealer])
    station.queue.acknowledged(parts, taken.blobs, hub.clock())
    return len(parts)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_photo_arrives_as_it_was_taken(station: Folder, hub: Folder, sealed: bool) -> None:
    photo, body = picture("brown")
    station.keep(photo, body, sealed=sealed)
    assert not station.queue.parts(40_000)
    station.raise_with(photo)
    hub.raise_with(photo)
    rounds = 0
    while station.state_of(photo) is BlobState.WAITING:
        assert round_trip(station, hub) == 1
        rounds += 1
    assert rounds > 2
    assert hub.attachments.read(photo.sha256) == ("image/png", body)
    # Without a replica nothing is durable.
    assert station.state_of(photo) is BlobState.HELD


@pytest.mark.parametrize("sealed", [True, False])
def test_a_photo_with_a_flipped_byte_on_its_disk_is_shown_to_nobody(
    station: Folder, sealed: bool
) -> None:
    photo, body = picture("green")
    station.keep(photo, body, sealed=sealed)
    unsealer = STATION_KEYS.unsealer
    assert station.attachments.read(photo.sha256, lambda: unsealer) == ("image/png", body)
    chance, flips = random.Random(3), count(8, 400)
    for _ in range(flips):
        place, mask = chance.randrange(len(body)), 1 << chance.randrange(8)

        def flip(transaction: PhotoTransaction, place: int = place, mask: int = mask) -> None:
            (lies,) = transaction.connection.execute("SELECT body FROM photos").fetchone()
            other = bytes([*lies[:place], lies[place] ^ mask, *lies[place + 1 :]])
            transaction.connection.execute("UPDATE photos SET body=?", (other,))

        station.attachments.writer.submit(flip).result()
        try:
            assert station.attachments.read(photo.sha256, lambda: unsealer) is None
        except UnsealError:
            assert sealed
        station.attachments.writer.submit(flip).result()
    tell("flips", flips, note="photos")
    assert station.attachments.read(photo.sha256, lambda: unsealer) == ("image/png", body)


def test_a_hubs_own_photos_stay_there(hub: Folder) -> None:
    photo, body = picture("brown")
    hub.keep(photo, body)
    hub.raise_with(photo)
    assert hub.queue.waiting() == 0 and not hub.queue.parts(40_000)


def test_what_is_no_picture_is_not_taken(station: Folder, hub: Folder) -> None:
    body = b"<script>alert(1)</script>" * 3000
    page = Photo(hashlib.sha256(body).hexdigest(), "text/html", len(body))
    station.keep(page, body, sealed=True)
    station.raise_with(page)
    hub.raise_with(page)
    while round_trip(station, hub):
        pass
    assert station.state_of(page) is BlobState.REFUSED
    assert hub.attachments.read(page.sha256) is None


def test_an_erasure_outlives_the_way_of_a_photo(station: Folder, hub: Folder) -> None:
    photo, body = picture("brown")
    station.keep(photo, body, sealed=True)
    station.raise_with(photo)
    matter = hub.raise_with(photo)
    round_trip(station, hub)
    # Erased at the hub while the photo is half way.
    done = commanded(hub.log, matter.number, "erase", what="words", reason="本人要求")
    with hub.log.reading() as connection:
        gone = pictures.no_longer_named(connection, [done], [done.id])
    assert forget_at_once(hub.attachments, gone) == 0
    round_trip(station, hub)
    assert station.state_of(photo) is BlobState.DURABLE
    assert hub.attachments.read(photo.sha256) is None
    # The station hears of it by the event, and takes out its own.
    assert forget_at_once(station.attachments, gone) == 1
    assert station.state_of(photo) is None and station.attachments.read(photo.sha256) is None
    # Another copy of the hub's photos that knows of nothing is told again at the start.
    assert forget_again(hub.log, hub.attachments, hub.folder) == 0
    # Somebody sends the same photo with another matter: then it is wanted.
    hub.raise_with(photo)
    station.keep(photo, body, sealed=True)
    while station.state_of(photo) is BlobState.WAITING:
        round_trip(station, hub)
    assert hub.attachments.read(photo.sha256) == ("image/png", body)


def test_a_purged_photo_leaves_an_empty_row(station: Folder, hub: Folder) -> None:
    photo, body = picture("brown")
    station.keep(photo, body, sealed=True)
    station.raise_with(photo)
    (position, sha256) = (station.attachments.newest_position(), bytes.fromhex(photo.sha256))
    parts = station.queue.parts(1_000_000)
    station.queue.acknowledged(parts, [(sha256, parts[0].size_bytes, True)], hub.clock())
    station.clock.now_ms += KEPT_MS
    assert station.queue.purge() == 1
    assert station.attachments.read(photo.sha256) is None
    assert station.attachments.newest_position() == position
    assert station.state_of(photo) is BlobState.PURGED


def test_what_is_no_hash_is_forgotten_without_a_word(hub: Folder) -> None:
    assert forget_at_once(hub.attachments, ["../photo", "", "erased-1"]) == 0
