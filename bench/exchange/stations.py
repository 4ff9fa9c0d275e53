"""Stations as real logs in this process: matters by the real intake, rounds by the real courier."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nacl.signing import SigningKey

from bench.processes import NotReadyError
from eventlog.identifiers import new_uuid7
from eventlog.keys import Keys, make_keys
from eventlog.log import Log
from eventlog.transaction import Transaction
from matters.actors import VILLAGER
from matters.intake.intake import check_submission, raise_matter
from matters.known import Known
from matters.nodes import concerns
from matters.schema import migrations as matters_migrations
from server.county import county_registers
from server.data_folder import projections
from server.exchange.exchange_wiring import inquirer_of, introduction_of
from server.exchange.visibility import station_goes_up
from server.folder.schema import migrations as server_migrations
from stations.register_log import migrations as register_migrations
from sync.nodes.enrolment import HubCard
from sync.rounds import uplink, upstream
from sync.rounds.client import HubLine
from sync.rounds.courier import Courier
from sync.rounds.question import Inquirer
from sync.rounds.round import PendingQuestion
from sync.rounds.uplink import Safety, Uplink
from sync.schema import migrations as sync_migrations

KINDS = ("help", "suggestion", "complaint", "inquiry", "report")


class BenchStation:
    """One station in a folder of its own, its texts sealed on disk as a station's are."""

    def __init__(self, folder: Path, station: str) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.station = station
        self.keys = make_keys()
        self.log = _open(folder, self.keys)
        self._url = ""
        self._known: Known | None = None
        self.courier = Courier(
            folder,
            self.inquirer(),
            lambda: HubLine(self._url).exchange,
            self._counts,
        )

    def join(self, hub: HubCard, secret: bytes, url: str) -> None:
        """Belong to a hub, by the secret of a code; the first round says so there."""
        introduction = introduction_of(self.keys, hub, secret, "station")
        self.log.write(lambda transaction: upstream.join(transaction, hub, url, introduction))
        self._url = url

    def inquirer(self, keys: Callable[[], Keys] | None = None) -> Inquirer:
        """Return what asks the hub, with the station's own keys or with others."""
        return inquirer_of(self.log, keys or (lambda: self.keys), "station", None)

    def write(self, texts: Sequence[str]) -> None:
        """Take in submissions, as the station's own form would. See `Sender` of `rounds.py`."""
        known = self._known
        if known is None:
            with self.log.reading() as connection:
                known = self._known = county_registers.read_all(connection).known
        self.log.write(lambda transaction: self.raise_all(transaction, texts, known))

    def raise_all(
        self, transaction: Transaction, texts: Sequence[str], known: Known, station: str = ""
    ) -> None:
        """Write submissions of one station in a transaction that is open."""
        for number, text in enumerate(texts):
            raw = {"text": text, "kind": KINDS[number % len(KINDS)]}
            submission = check_submission(raw, known, staff=False)
            raise_matter(
                transaction,
                submission._replace(station=station or self.station),
                actor=VILLAGER,
                receipt_key=self.keys.receipt,
                event_id=new_uuid7(transaction.now_ms()),
            )

    def sync(self) -> None:
        """Make rounds until all is durable. See `Sender` of `rounds.py`."""
        delivery = self.courier.deliver()
        if not delivery.ok or delivery.waiting or delivery.refused:
            raise NotReadyError(f"a delivery failed: {delivery}")

    def settle(self, pending: PendingQuestion) -> None:
        """Note that the hub has what was asked, without having heard it."""
        positions = [one.position for one in pending.sent]
        self.log.write(lambda t: uplink.mark(t.connection, positions, Safety.DURABLE))

    def settle_enrolment(self) -> None:
        """Have the station stand as one that the hub knows, without having heard it."""
        self.log.write(lambda t: upstream.note_enrolled(t.connection, "", self.station))

    def _counts(self) -> tuple[int, int, int, int]:
        with self.log.reading() as connection:
            found = uplink.counts(connection)
        waiting = found[Safety.WAITING] + found[Safety.DOUBTFUL]
        return waiting, found[Safety.HELD], found[Safety.DURABLE], 0


@contextlib.contextmanager
def station_in(folder: Path, station: str) -> Iterator[BenchStation]:
    """Yield a station in a new folder; close and remove it afterwards."""
    found = BenchStation(folder, station)
    try:
        yield found
    finally:
        found.log.stop()
        shutil.rmtree(folder)


def with_signing_key(keys: Keys, signing: bytes) -> Keys:
    """Return keys of which the signing one is another: those of one station among many."""
    return Keys(keys.unsealing, signing, keys.receipt)


def new_signing_key() -> bytes:
    """Return a fresh signing key."""
    return bytes(SigningKey.generate())


def _open(folder: Path, keys: Keys) -> Log:
    return Log(
        folder,
        projections=projections(),
        migrations=(register_migrations, matters_migrations, server_migrations, sync_migrations),
        sealer=keys.sealer,
        is_boxed=lambda type: not concerns.reaches_all(type.partition(".")[0]),
        witness=Uplink(station_goes_up).witness,
    )
