"""A hub and stations so small that hundreds of rounds take a moment: real databases, real keys and
messages, notes instead of matters, and a line in the test's hands."""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nacl.public import PrivateKey

from eventlog.events import Draft, Event
from eventlog.keys import Keys, make_keys
from eventlog.log import FILE_NAME, Log
from eventlog.transaction import Arrival, Transaction
from sync.nodes import enrolment, nodes
from sync.nodes.enrolment import HubCard
from sync.nodes.nodes import Secrets
from sync.rounds import downlink, uplink, upstream
from sync.rounds.courier import Courier, Delivery
from sync.rounds.downlink import Downlink
from sync.rounds.envelope import digest
from sync.rounds.question import Inquirer
from sync.rounds.received_question import Outcome, QuestionRefused
from sync.rounds.reception import Reception
from sync.rounds.round import Round
from sync.schema import migrations as sync_migrations
from tests.eventlog.notes import PROJECTIONS, Clock, NotesProjection, migrations
from tests.sync.small_photos import HubPhotos, StationPhotos


class PublicProjection(NotesProjection):
    """Notes that everybody may read."""

    noun = "public"

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: object, position: int
    ) -> None:
        """Keep no rows."""

    def clear(self, connection: sqlite3.Connection) -> None:
        """Have nothing to empty."""


class NotesVisibility:
    """A note concerns the stations that its events name; public ones go to all."""

    def goes_to_all(self, event: Event) -> bool:
        """Return whether an event goes to every node below."""
        return event.noun == "public"

    def stations_of(self, connection: sqlite3.Connection, subject: bytes) -> Iterable[str]:
        """Return the stations that a note's events name."""
        from eventlog.transaction import events_of

        return {
            str(event.data["station"])
            for event in events_of(connection, subject)
            if "station" in event.data and event.noun == "note"
        }

    def subjects_of(self, connection: sqlite3.Connection, station: str) -> Iterable[bytes]:
        """Yield the notes that concern a station."""
        for (subject,) in connection.execute("SELECT id FROM notes").fetchall():
            if station in self.stations_of(connection, subject):
                yield subject

    def all_subjects(self, connection: sqlite3.Connection) -> Iterable[bytes]:
        """Yield the public notes."""
        rows = connection.execute(
            "SELECT DISTINCT subject FROM events WHERE type LIKE 'public.%'"
        ).fetchall()
        return [row[0] for row in rows]

    def places_version(self, connection: sqlite3.Connection) -> int:
        """Return that nothing ever moves."""
        return 1


class HubSide:
    """What the hub decides: whoever writes as `office` from below is put aside."""

    def __init__(self) -> None:
        self.doubtful: list[Event] = []
        self.accounts = b""

    def why_not(self, connection: sqlite3.Connection, arrival: Arrival, station: str) -> str:
        """Return why a station may not write an event."""
        return "not-a-stations" if arrival.event.by.startswith("office") else ""

    def taken(
        self, transaction: Transaction, events: Sequence[Event], doubtful: Sequence[Event]
    ) -> None:
        """Note whose time is doubtful."""
        self.doubtful += doubtful

    def accounts_mark(self, connection: sqlite3.Connection, station: str) -> bytes:
        """Return a mark of the accounts that the test set."""
        return digest(self.accounts)[:8]

    def accounts_of(self, connection: sqlite3.Connection, station: str, reading: bytes) -> bytes:
        """Return the accounts that the test set."""
        return self.accounts


class StationSide:
    """What the station notes of what came down."""

    def __init__(self) -> None:
        self.accounts = b""
        self.heard_ms: list[int] = []

    def taken(self, transaction: Transaction, events: Sequence[Event]) -> None:
        """Do nothing: notes can't be erased by an event."""

    def take_accounts(self, transaction: Transaction, accounts: bytes, hub_ms: int) -> None:
        """Keep the accounts."""
        self.accounts = accounts or self.accounts

    def heard_at_least(self, hub_ms: int) -> None:
        """Note the hub's time."""
        self.heard_ms.append(hub_ms)

    def heard(self, hub_ms: int, asked_ms: int, answered_ms: int) -> None:
        """Note the hub's time."""
        self.heard_ms.append(hub_ms)


def _open(folder: Path, keys: Keys, clock: Clock, **options: object) -> Log:
    folder.mkdir(parents=True, exist_ok=True)
    return Log(
        folder,
        projections=[*PROJECTIONS.values(), PublicProjection()],
        migrations=(migrations, sync_migrations),
        sealer=keys.sealer,
        now_ms=clock,
        **options,  # type: ignore[arg-type]  # the options of a log
    )


class SmallHub:
    """A hub in one folder; `durable` is what its replica says."""

    def __init__(self, folder: Path, *, keys: Keys | None = None, clock: Clock | None = None):
        self.folder = folder
        self.keys = keys or make_keys()
        self.clock = clock or Clock()
        self.durable = True
        # Whether it doubts its own clock.
        self.doubts = False
        # Asked once a question was taken in: whether the replica has all there is now.
        self.confirm: Callable[[], bool] = lambda: self.durable
        self.side = HubSide()
        self.questions = 0
        self.start()

    def start(self) -> None:
        """Open the folder, as a hub that was started."""
        self.queue = Downlink(NotesVisibility())
        self.log = _open(self.folder, self.keys, self.clock, witness=self.queue.witness)
        self.card = HubCard(
            self.keys.verify_key,
            self.keys.unsealer.public_key,
            self.keys.age_key,
            "县人大",
        )
        self.photos = self.open_photos()
        self.reception = Reception(
            self.log,
            self.keys,
            self.card,
            self.queue,
            self.side,
            blobs=self.photos.sink,
            doubts=lambda: self.doubts,
        )
        self.log.write(lambda t: downlink.begin_voice(t, self.log.voice.log))

    def open_photos(self) -> HubPhotos:
        """Return the photos of the folder, opened."""
        return HubPhotos(self.folder, self.log)

    def stop(self) -> None:
        """Close the folder."""
        self.log.stop()
        self.photos.stop()

    def invite(self, name: str, station: str) -> bytes:
        """Return the secret of a fresh code."""
        secret = enrolment.new_secret()
        code = enrolment.code_of(secret)
        self.log.write(
            lambda t: nodes.invite(
                t.connection,
                name,
                station,
                code_mark=code.mark,
                code_key=code.key,
                code_until=self.clock() + enrolment.CODE_LIVES_MS,
                now_ms=self.clock(),
            )
        )
        return secret

    def answer(self, message: bytes, *, is_live: bool = True) -> bytes:
        """Return the answer to a question, as the hub's address would."""
        self.questions += 1
        try:
            received = self.reception.read_question(message, is_live=is_live)
            if self.reception.must_write(received):
                outcome = self.log.write(lambda t: self.reception.take_question(t, received)).result
            else:
                outcome = Outcome(received.peer)
        except QuestionRefused as refusal:
            return self.reception.failure(message, refusal.code)
        self.reception.take_blobs(received)
        return self.reception.answer(received, outcome, durable=self.confirm())

    def write(self, *drafts: Draft, by: str = "office:1") -> list[Event]:
        """Append events of the hub's own."""
        return self.log.write(lambda t: t.append(drafts, by=by)).result


class SmallStation:
    """A station in one folder, with a line that goes through `line`."""

    def __init__(
        self,
        folder: Path,
        *,
        station: str = "shiweng",
        keys: Keys | None = None,
        clock: Clock | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ):
        self.folder = folder
        self.station = station
        self.keys = keys or make_keys()
        self.clock = clock or Clock()
        self.side = StationSide()
        self.line: Callable[[bytes], bytes] | None = None
        self.rounds: list[Round] = []
        self.clock_s = clock_s
        self.start()

    def start(self) -> None:
        """Open the folder, as a station that was switched on."""

        def own(transaction: Transaction, event: Event) -> list[bytes]:
            return [event.id] if event.log == self.log.voice.log else []

        self.queue = uplink.Uplink(own)
        self.log = _open(
            self.folder,
            self.keys,
            self.clock,
            witness=self.queue.witness,
            is_boxed=lambda type: not type.startswith("public."),
        )
        self.photos = self.open_photos()
        self.inquirer = Inquirer(
            self.log,
            lambda: self.keys,
            self.side,
            seals_texts=True,
            blobs=self.photos.queue,
            monotonic_ms=lambda: time.monotonic_ns() // 1_000_000,
        )
        self.courier = Courier(
            self.folder,
            self.inquirer,
            self._transport,
            self.counts,
            after=self.rounds.append,
            clock_s=self.clock_s,
        )

    def _transport(self) -> Callable[[bytes], bytes]:
        assert self.line is not None
        return self.line

    def open_photos(self) -> StationPhotos:
        """Return the photos of the folder, opened."""
        return StationPhotos(self.folder, self.log, self.keys.sealer, self.clock_s)

    def stop(self) -> None:
        """Close the folder."""
        self.log.stop()
        self.photos.stop()

    def join(self, hub: SmallHub, secret: bytes, url: str = "http://hub.test/") -> None:
        """Be told of a hub, as `nodes join` does."""
        secrets = Secrets(self.keys.unsealing, self.keys.receipt)
        introduction = enrolment.introduce(
            secret,
            hub.card,
            verify_key=self.keys.verify_key,
            reading_key=bytes(PrivateKey(self.keys.unsealing).public_key),
            age_key=self.keys.age_key,
            secrets=nodes.seal_secrets(secrets, hub.card.sealing_key),
        )
        self.log.write(lambda t: upstream.join(t, hub.card, url, introduction))
        self.line = hub.answer

    def counts(self) -> tuple[int, int, int, int]:
        """Return how many events wait, are held, are durable; and how many photos wait."""
        with self.log.reading() as connection:
            found = uplink.counts(connection)
        waiting = found[uplink.Safety.WAITING] + found[uplink.Safety.DOUBTFUL]
        return (
            waiting,
            found[uplink.Safety.HELD],
            found[uplink.Safety.DURABLE],
            (self.photos.queue.waiting()),
        )

    def write(self, *drafts: Draft, by: str = "liaison:1") -> list[Event]:
        """Append events of the station's own."""
        return self.log.write(lambda t: t.append(drafts, by=by)).result

    def deliver(self) -> Delivery:
        """Make rounds until all is said."""
        return self.courier.deliver()


def lined(note: int, text: str = "", *, station: str = "", secret: str = "") -> Draft:
    """Return a draft that adds a line to a note, and may name the station that it concerns."""
    return Draft(
        "note.lined",
        note.to_bytes(16, "big"),
        {"station": station} if station else {},
        {"text": text} if text else {},
        {"contact": secret} if secret else {},
    )


def pair(
    folder: Path, *, clock_s: Callable[[], float] = time.monotonic
) -> tuple[SmallHub, SmallStation]:
    """Return a hub and a station that is enrolled with it by its first round."""
    hub = SmallHub(folder / "hub")
    station = SmallStation(folder / "station", clock_s=clock_s)
    station.join(hub, hub.invite("石瓮站", "shiweng"))
    assert station.deliver().ok
    return hub, station


def put_back(node: SmallHub | SmallStation, image: Path) -> None:
    """Put a node's folder back from an image of before, and start it."""
    node.stop()
    shutil.rmtree(node.folder)
    shutil.copytree(image, node.folder)
    node.start()


def copied(folder: Path, to: Path) -> None:
    """Copy a node's database as it stands, its keys and marks left behind."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    source = sqlite3.connect(folder / FILE_NAME)
    target = sqlite3.connect(to / FILE_NAME)
    source.backup(target)
    source.close()
    target.close()


def ids(log: Log) -> set[bytes]:
    """Return the ids of all events of a log, but of a hub's notes of what an exchange did."""
    with log.reading() as connection:
        rows = connection.execute(
            "SELECT id FROM events WHERE type NOT IN ('node.enrolled', 'quarantine.kept')"
        )
        return {row[0] for row in rows}


def states(log: Log) -> dict[bytes, bytes]:
    """Return the folded states by subject."""
    with log.reading() as connection:
        return dict(connection.execute("SELECT subject, state FROM states").fetchall())
