"""The parts of one full round, each made in a folder of its own by the product's own code.

A part says what it acknowledged as it goes on; what it said has to be there afterwards, whatever
happened to the disk.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from eventlog.database import connect
from eventlog.keys import KIT_NAME
from eventlog.log import Log
from matters.erasing.erasing import erase_texts
from publisher.site import Publisher
from publisher.writing.files import recover
from publisher.writing.touched import Changes
from server.data_folder import open_log, prepare_folder
from server.folder.settings import Settings
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import restore
from tests.site import counties
from tests.site.whole_sites import tree
from tests.sync.dying_nodes import enrolled, open_hub, open_station
from tests.sync.node import Node
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, states
from tests.sync.small_photos import naming, picture
from tests.sync.sticks import sticks

# Told of each acknowledgement, before anything else is done.
Acknowledge = Callable[[str], None]
FRESH, BELOW = "fresh.json", "below"
BASE = "https://hui.example.org/qinghe/"


class Part(Protocol):
    """One part of a round."""

    name: str

    def prepare(self, folder: Path) -> None:
        """Make what is there before the part begins, all of it closed."""

    def run(self, folder: Path, acknowledge: Acknowledge) -> None:
        """Make the part; run again after an error, it goes on."""

    def check(self, folder: Path, acknowledged: list[str]) -> None:
        """Start again as after a death, go on to the end, and check that all is there once."""


class Exchange:
    """Matters and a photo go up from a station and are durable; a decision comes down."""

    name = "station and hub: submit, exchange, decide"

    def prepare(self, folder: Path) -> None:
        """Enrol a station."""
        enrolled(folder)

    def run(self, folder: Path, acknowledge: Acknowledge) -> None:
        """Submit, deliver, decide, deliver."""
        hub, station = open_hub(folder), open_station(folder)
        try:
            station.line = hub.answer
            _write_once(station.log, 1, acknowledge, secret="王 13800000001")
            sha256 = station.photos.keep(picture(1, 6000))
            _write_once(station.log, 2, acknowledge, photo=sha256)
            _delivered(station, acknowledge)
            _write_once(hub.log, 101, acknowledge)
            _delivered(station, acknowledge)
        finally:
            _stopped(station, hub)

    def check(self, folder: Path, acknowledged: list[str]) -> None:
        """Nothing that was acknowledged is missing, and the two agree."""
        hub, station = open_hub(folder), open_station(folder)
        station.line = hub.answer
        told = {int(one.split()[1]).to_bytes(16, "little") for one in acknowledged}
        durable = {
            int(one.split()[1]).to_bytes(16, "little")
            for one in acknowledged
            if one.startswith("durable")
        }
        assert durable <= ids(hub.log), "what was durable is not at the hub"
        for number in (1, 2):
            _write_once(station.log, number, lambda said: None, photo=None)
        for _ in range(3):
            delivery = station.deliver()
            assert delivery.ok, delivery
        assert told <= ids(hub.log), "what was acknowledged is not at the hub"
        assert station.counts()[:2] == (0, 0) and states(station.log) == states(hub.log)
        assert ids(station.log) == ids(hub.log)
        for node in (hub, station):
            with node.log.reading() as connection:
                lines = connection.execute("SELECT max(lines) FROM notes").fetchone()[0]
            verification = node.log.verify()
            assert lines == 1 and verification.ok, verification
        _stopped(station, hub)


class Sticks:
    """A bundle is written, read, answered and read back."""

    name = "bundle: write, read, answer, read back"

    def prepare(self, folder: Path) -> None:
        """Enrol a station that has something to say."""
        enrolled(folder)
        (folder / "stick").mkdir()
        station = open_station(folder)
        _write_once(station.log, 1, lambda said: None, secret="王 13800000001")
        _write_once(station.log, 2, lambda said: None)
        _stopped(station)

    def run(self, folder: Path, acknowledge: Acknowledge) -> None:
        """Carry the stick up and back."""
        hub, station = open_hub(folder), open_station(folder)
        try:
            _write_once(hub.log, 101, acknowledge)
            sticks.up(station, folder / "stick" / "up")
            acknowledge("written up")
            sticks.read_up(hub, folder / "stick" / "up")
            acknowledge("read 1")
            sticks.back(hub, folder / "stick" / "back")
            sticks.read_back(station, folder / "stick" / "back")
            if station.counts()[2] == 2:
                acknowledge("durable 1")
        finally:
            _stopped(station, hub)

    def check(self, folder: Path, acknowledged: list[str]) -> None:
        """A bundle that was written can be read; what was read is there; the stick goes on."""
        hub, station = open_hub(folder), open_station(folder)
        if "read 1" in acknowledged:
            assert (1).to_bytes(16, "little") in ids(hub.log), "what was read is not at the hub"
        if "durable 1" in acknowledged:
            assert station.counts()[2] == 2
        if "written up" in acknowledged:
            sticks.read_up(hub, folder / "stick" / "up")
            assert (1).to_bytes(16, "little") in ids(hub.log)
        if not any(one == "wrote 101" for one in acknowledged):
            _write_once(hub.log, 101, lambda said: None)
        sticks.up(station, folder / "stick" / "up")
        sticks.read_up(hub, folder / "stick" / "up")
        sticks.back(hub, folder / "stick" / "back")
        sticks.read_back(station, folder / "stick" / "back")
        assert station.counts()[:3] == (0, 0, 2) and ids(station.log) == ids(hub.log)
        left = {path.name for path in (folder / "stick").iterdir()}
        assert left == {"up", "back"}, left
        for node in (hub, station):
            assert node.log.verify().ok
        _stopped(station, hub)


class FirstStart:
    """A hub's first start: role, keys, kit, database and voice; a text is erased; it is closed."""

    name = "hub: first start, keys, kit, erasure, stop"

    def prepare(self, folder: Path) -> None:
        """Have no data folder."""

    def run(self, folder: Path, acknowledge: Acknowledge) -> None:
        """Start, write, erase and stop."""
        data = folder / "data"
        keys = prepare_folder(Settings(data=data))
        log = open_log(data, keys)
        try:
            acknowledge("keys " + keys.verify_key.hex())
            _write_once(log, 1, acknowledge)
            log.write(lambda job: erase_texts(job, data, [((1).to_bytes(16, "little"), "text")]))
            acknowledge("erased 1")
        finally:
            log.stop()

    def check(self, folder: Path, acknowledged: list[str]) -> None:
        """Keys that were told of are the same, and what was erased stays so."""
        data = folder / "data"
        keys = prepare_folder(Settings(data=data))
        told = {one.split()[1] for one in acknowledged if one.startswith("keys")}
        assert told <= {keys.verify_key.hex()}, "other keys than before"
        assert (data / KIT_NAME).exists(), "a hub without a kit"
        log = open_log(data, keys)
        if "wrote 1" in acknowledged:
            assert (1).to_bytes(16, "little") in ids(log)
        with log.reading() as connection:
            texts = connection.execute("SELECT count(*) FROM words").fetchone()[0]
        assert not ("erased 1" in acknowledged and texts), "an erased text is back"
        assert log.verify().ok
        log.stop()


class Publishing:
    """A notice is published on a site that stands."""

    name = "site: publish a notice"

    def __init__(self) -> None:
        self._before = [counties.notice(number) for number in range(6)]
        self._after = [*self._before, counties.notice(6)]

    def prepare(self, folder: Path) -> None:
        """Build the site, and what it is to be afterwards."""
        before, after = self._before, self._after
        Publisher(lambda: counties.content(before), folder / "site", BASE).build_full()
        Publisher(lambda: counties.content(after), folder / "fresh", BASE).build_full()
        # Only what it is to be stays: this process ends here.
        (folder / FRESH).write_text(json.dumps(tree(folder / "fresh")))
        shutil.rmtree(folder / "fresh")

    def _publish(self, folder: Path) -> None:
        changes = Changes(notices=(self._after[-1].number,))
        Publisher(lambda: counties.content(self._after), folder / "site", BASE).publish(changes)

    def run(self, folder: Path, acknowledge: Acknowledge) -> None:
        """Publish one more."""
        self._publish(folder)
        acknowledge("published")

    def check(self, folder: Path, acknowledged: list[str]) -> None:
        """Every page is whole; published again the site is what it is to be."""
        out, fresh = folder / "site", json.loads((folder / FRESH).read_text())
        for page in out.rglob("index.html"):
            assert page.read_text("utf-8").rstrip().endswith("</html>"), page
        if "published" in acknowledged:
            assert tree(out) == fresh, "what was published is not on the site"
        recover(out)
        self._publish(folder)
        assert tree(out) == fresh


class Restoring:
    """A database is restored from a replica in a folder, by the real Litestream."""

    name = "restore: from a folder, by Litestream"
    rows = 20

    def prepare(self, folder: Path) -> None:
        """Have a replica."""
        node = Node(folder, replica=folder / "replica").start()
        for _ in range(self.rows):
            number = node.commit()
        assert node.durability.await_durable(number, 60)
        # The claim of a replica names a folder in it, and this process ends here.
        (folder / BELOW).write_text(str(node.replica_folder.relative_to(folder)))
        node.close()
        shutil.rmtree(folder / "data")
        (folder / "data").mkdir()

    def run(self, folder: Path, acknowledge: Acknowledge) -> None:
        """Restore."""
        if not (folder / "data" / "events.db").exists():
            place = ReplicaPlace.parse(str(folder / (folder / BELOW).read_text()))
            restore("events", place, folder / "data" / "events.db", timeout_s=60)
        acknowledge("restored")

    def check(self, folder: Path, acknowledged: list[str]) -> None:
        """The database is whole or not there; restored again it is whole."""
        path = folder / "data" / "events.db"
        assert path.exists() or "restored" not in acknowledged
        self.run(folder, lambda said: None)
        connection = connect(path, read_only=True)
        count = connection.execute("SELECT count(*) FROM row").fetchone()[0]
        connection.close()
        assert count == self.rows + 1


PARTS: tuple[Part, ...] = (Exchange(), Sticks(), FirstStart(), Publishing(), Restoring())


def _write_once(
    log: Log,
    number: int,
    acknowledge: Acknowledge,
    *,
    secret: str = "",
    photo: bytes | None = None,
) -> None:
    """Write a note, as one who sends the same again after an error: it is here once."""
    identity = number.to_bytes(16, "little")
    draft = lined(number, "话", station="shiweng", secret=secret)
    if photo is not None:
        draft = naming(number, photo)
    if identity not in ids(log):
        log.write(lambda job: job.append([draft._replace(id=identity)], by="liaison:1"))
    acknowledge(f"wrote {number}")


def _delivered(station: SmallStation, acknowledge: Acknowledge) -> None:
    """Deliver, and say what is durable; raises OSError with why not."""
    delivery = station.deliver()
    if not delivery.ok:
        raise OSError(delivery.failure)
    with station.log.reading() as connection:
        rows = connection.execute("SELECT event FROM uplink WHERE state=2").fetchall()
    for (event,) in rows:
        acknowledge(f"durable {int.from_bytes(event, 'little')}")


def _stopped(*nodes: SmallHub | SmallStation) -> None:
    for node in nodes:
        node.stop()
