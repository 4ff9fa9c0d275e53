"""The nodes of a random history: light ones without photos, which erase, and a hub's replica."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from eventlog import erasures, words
from eventlog.erasures import Erasure
from eventlog.events import Draft, Event
from eventlog.keys import Keys
from eventlog.log import FILE_NAME
from eventlog.transaction import Transaction
from eventlog.voice import FILE_NAME as VOICE_NAME
from sync.photos.sink import TakenBlobs
from sync.rounds.wire import BlobPart
from tests.sync.histories.simulation import KeptReaders, Time
from tests.sync.small_nodes import HubSide, SmallHub, SmallStation, StationSide
from tests.sync.small_photos import HubPhotos, StationPhotos

ERASED = "note.erased"
# What lies in a node's folder beside its database; its write-ahead log belongs to that.
WAL_NAME = FILE_NAME + "-wal"


class NoPhotos:
    """A node's photos, of which there are none: they have histories of their own."""

    @property
    def queue(self) -> "NoPhotos":
        """What a station asks of its photos."""
        return self

    @property
    def sink(self) -> "NoPhotos":
        """What a hub asks of its photos."""
        return self

    def waiting(self) -> int:
        """Return that none wait."""
        return 0

    def parts(self, room_bytes: int, packed: Mapping[bytes, int]) -> list[BlobPart]:
        """Return no parts."""
        return []

    def doubt(self, hub_ms: int) -> None:
        """Have nothing to doubt."""

    def take(self, *parts: object) -> TakenBlobs:
        """Take none."""
        return TakenBlobs([], [])

    def stop(self) -> None:
        """Have nothing to close."""


def erase_named(transaction: Transaction, folder: Path, subjects: Iterable[bytes]) -> None:
    """Remove the texts that the notes' erasures name, as `matters.erasing` does with a matter's."""
    for subject in subjects:
        named = [
            event.data["event"]
            for event in transaction.events_of(subject)
            if event.type == ERASED and words.all_of(transaction.connection, event.data["event"])
        ]
        if not named:
            continue
        at = transaction.now_ms()
        fields = ("text", "contact")
        erasures.record(
            folder, [Erasure(event.hex(), field, at) for event in named for field in fields]
        )
        transaction.connection.execute("PRAGMA secure_delete=ON")
        for event in named:
            for field in fields:
                words.erase(transaction.connection, event, field)


class ErasingHubSide(HubSide):
    """A hub that erases what was erased elsewhere, too."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def taken(
        self, transaction: Transaction, events: Sequence[Event], doubtful: Sequence[Event]
    ) -> None:
        """Erase what the events' notes say is erased."""
        super().taken(transaction, events, doubtful)
        erase_named(transaction, self._folder, sorted({event.subject for event in events}))


class ErasingStationSide(StationSide):
    """A station that erases what its hub did."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def taken(self, transaction: Transaction, events: Sequence[Event]) -> None:
        """Erase what the events' notes say is erased."""
        erase_named(transaction, self._folder, sorted({event.subject for event in events}))


class LightHub(SmallHub):
    """A hub without photos, and its replica."""

    def __init__(self, folder: Path, readers: KeptReaders, *, keys: Keys) -> None:
        self._readers = readers
        self.replica = Replica(folder, folder.with_name(f"{folder.name}-replica"))
        super().__init__(folder, keys=keys)

    def start(self) -> None:
        """Open the folder, as a hub that was started."""
        self.side = ErasingHubSide(self.folder)
        super().start()

    def stop(self) -> None:
        """Close the folder."""
        self._readers.close(self.log.path)
        super().stop()

    def open_photos(self) -> HubPhotos:
        """Return that there are none."""
        return cast(HubPhotos, NoPhotos())

    def erase(self, subject: bytes, event: bytes) -> None:
        """Erase the texts of an event, and let all know."""

        def job(transaction: Transaction) -> None:
            transaction.append([Draft(ERASED, subject, {"event": event})], by="office:1")
            erase_named(transaction, self.folder, [subject])

        self.log.write(job)


class LightStation(SmallStation):
    """A station without photos."""

    def __init__(
        self, folder: Path, readers: KeptReaders, time: Time, *, station: str, keys: Keys
    ) -> None:
        self._readers = readers
        super().__init__(folder, station=station, keys=keys, clock_s=time)

    def start(self) -> None:
        """Open the folder, as a station that was switched on."""
        self.side = ErasingStationSide(self.folder)
        super().start()

    def stop(self) -> None:
        """Close the folder."""
        self._readers.close(self.log.path)
        super().stop()

    def open_photos(self) -> StationPhotos:
        """Return that there are none."""
        return cast(StationPhotos, NoPhotos())


class Replica:
    """What Litestream would have of a hub: its database, brought up to date by what was added.

    Copied while nothing is written: the database whole where it changed, of the write-ahead log
    what is new.
    """

    def __init__(self, source: Path, folder: Path) -> None:
        self._source = source
        self.folder = folder
        self._database: tuple[int, ...] = ()
        self._copied_bytes = 0

    def bring_up_to_date(self) -> None:
        """Copy what the hub has and the replica has not."""
        database, log = self._source / FILE_NAME, self._source / WAL_NAME
        stat = database.stat()
        size_bytes = log.stat().st_size if log.exists() else 0
        state = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if state != self._database or size_bytes < self._copied_bytes:
            self.folder.mkdir(exist_ok=True)
            (self.folder / WAL_NAME).unlink(missing_ok=True)
            shutil.copyfile(database, self.folder / FILE_NAME)
            self._database, self._copied_bytes = state, 0
        if size_bytes > self._copied_bytes:
            with log.open("rb") as source, (self.folder / WAL_NAME).open("ab") as target:
                source.seek(self._copied_bytes)
                target.write(source.read(size_bytes - self._copied_bytes))
            self._copied_bytes = size_bytes

    def forget_copied(self) -> None:
        """Copy all the next time: the hub's disk is another."""
        self._database = ()


def image_of(folder: Path, image: Path, *, names: Sequence[str] = ()) -> None:
    """Keep an image of a node's folder as it stands, with its voice and its erasures."""
    shutil.rmtree(image, ignore_errors=True)
    image.mkdir()
    for name in names or (FILE_NAME, WAL_NAME, VOICE_NAME, erasures.FILE_NAME):
        if (folder / name).exists():
            shutil.copyfile(folder / name, image / name)


def put_back(node: LightHub | LightStation, image: Path) -> None:
    """Put a node's folder back from an image, and start it."""
    node.stop()
    shutil.rmtree(node.folder)
    image_of(image, node.folder)
    node.start()


Line = Callable[[bytes], bytes]
