"""Random histories of a hub, its replica and two stations over a line that does its worst.

The line drops, repeats, delays, cuts and corrupts; disks die and are put back from old copies.
After each step nothing durable may be lost, and a few clean rounds bring all nodes together.
"""

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import ClassVar, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from eventlog.keys import Keys
from eventlog.log import FILE_NAME
from sync.rounds import uplink
from sync.rounds.client import Unreachable
from sync.rounds.courier import Delivery
from tests.counts import count
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, put_back, states

which = st.integers(0, 1)
NAMES = ("shiweng", "liuyan")


class Begun(NamedTuple):
    """Folders of a hub and two stations that have joined it, closed; their keys, the hub's time."""

    folder: Path
    hub: Keys
    stations: tuple[Keys, ...]
    now_ms: int


def begun(folder: Path) -> Begun:
    """Join two stations to a hub once, where each history begins."""
    hub = SmallHub(folder / "hub")
    stations = [SmallStation(folder / name, station=name) for name in NAMES]
    for station in stations:
        station.join(hub, hub.invite(station.station, station.station))
        assert station.deliver().ok
    for station in stations:
        station.stop()
    hub.stop()
    keys = tuple(station.keys for station in stations)
    return Begun(folder, hub.keys, keys, hub.clock.now_ms)


def copied(folder: Path, to: Path) -> None:
    """Copy a node's database as it stands, its keys and marks left behind."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    source = sqlite3.connect(folder / FILE_NAME)
    target = sqlite3.connect(to / FILE_NAME)
    source.backup(target)
    source.close()
    target.close()


class Exchanges(RuleBasedStateMachine):
    """A hub with a replica, and two stations."""

    begun: ClassVar[Begun]

    @initialize()
    def begin(self) -> None:
        self._temporary = tempfile.TemporaryDirectory()
        root = self.root = Path(self._temporary.name)
        shutil.copytree(self.begun.folder, root, dirs_exist_ok=True)
        self.hub = SmallHub(root / "hub", keys=self.begun.hub)
        self.stations = [
            SmallStation(root / name, station=name, keys=keys)
            for name, keys in zip(NAMES, self.begun.stations, strict=True)
        ]
        self.hub.clock.now_ms = self.begun.now_ms
        self.old_questions: list[bytes] = []
        self.notes = 0
        self.written: set[bytes] = set()
        self.replicated: set[bytes] = set()
        for station in self.stations:
            assert self.clean(station).ok

    def teardown(self) -> None:
        if hasattr(self, "hub"):
            for station in self.stations:
                station.stop()
            self.hub.stop()
            self._temporary.cleanup()

    # What people do.

    @rule(n=which, again=st.booleans(), shared=st.booleans())
    def station_writes(self, n: int, again: bool, shared: bool) -> None:
        station = self.stations[n]
        about = self._note(again)
        names = "shiweng" if shared else station.station
        written = station.write(lined(about, f"站里写的{about}", station=names))
        self.written |= {event.id for event in written}

    @rule(again=st.booleans(), n=which)
    def hub_writes(self, again: bool, n: int) -> None:
        about = self._note(again)
        self.hub.write(lined(about, f"县里写的{about}", station=self.stations[n].station))

    def _note(self, again: bool) -> int:
        if not again or not self.notes:
            self.notes += 1
            return self.notes
        return 1 + (self.notes * 7) % self.notes

    # What the line does.

    @rule(n=which, worst=st.lists(st.sampled_from("dDrocCxk"), max_size=6), seed=st.integers(0, 9))
    def delivery_over_a_bad_line(self, n: int, worst: list[str], seed: int) -> None:
        station, plan = self.stations[n], list(worst)

        def line(message: bytes) -> bytes:
            self.old_questions.append(message)
            what = plan.pop(0) if plan else ""
            if what == "d":
                raise Unreachable("the question was dropped")
            if what == "r":
                self._answer(message)
            if what == "o":
                self._answer(self.old_questions[seed % len(self.old_questions)])
            if what == "c":
                message = message[: len(message) * seed // 10]
            if what == "x":
                message = _flipped(message, seed)
            answer = self._answer(message)
            if what == "D":
                raise Unreachable("the answer was dropped")
            if what == "C":
                return answer[: len(answer) * seed // 10]
            return _flipped(answer, seed) if what == "k" else answer

        station.line = line
        delivery = station.deliver()
        note(f"{delivery}")
        assert delivery.retryable

    def _answer(self, message: bytes) -> bytes:
        self.hub.clock.now_ms += 1
        return self.hub.answer(message)

    def _is_replicated(self) -> bool:
        return ids(self.hub.log) <= self.replicated

    @rule()
    def replicate(self) -> None:
        copied(self.hub.folder, self.root / "replica")
        self.replicated = ids(self.hub.log)

    # What breaks.

    @rule()
    def the_hubs_disk_dies(self) -> None:
        # What only it had goes with it, where the disk of whoever wrote it died as well.
        elsewhere = self.replicated.union(*(ids(station.log) for station in self.stations))
        self.written -= ids(self.hub.log) - elsewhere
        put_back(self.hub, self.root / "replica")
        self.replicate()

    @rule(n=which)
    def a_station_is_switched_off_and_on(self, n: int) -> None:
        self.stations[n].stop()
        self.stations[n].start()

    @rule(n=which)
    def a_station_keeps_an_image(self, n: int) -> None:
        copied(self.stations[n].folder, self.root / f"image-{n}")
        shutil.copy(self.stations[n].folder / "voice.json", self.root / f"image-{n}")

    @precondition(lambda self: any((self.root / f"image-{n}").exists() for n in (0, 1)))
    @rule(n=which)
    def a_station_is_put_back(self, n: int) -> None:
        image = self.root / f"image-{n}"
        if not image.exists():
            return
        station = self.stations[n]
        # What it never sent goes with its disk: nobody was told that it was safe.
        with station.log.reading() as connection:
            unsafe = {
                row[0]
                for row in connection.execute(
                    "SELECT event FROM uplink WHERE state<>?", (uplink.Safety.DURABLE,)
                )
            }
        self.written -= unsafe - ids(self.hub.log)
        put_back(station, image)
        self.written |= ids(station.log) & unsafe

    # What must hold.

    @invariant()
    def durable_is_in_the_replica(self) -> None:
        for station in getattr(self, "stations", ()):
            with station.log.reading() as connection:
                durable = {
                    row[0]
                    for row in connection.execute(
                        "SELECT event FROM uplink WHERE state=?", (uplink.Safety.DURABLE,)
                    )
                }
            assert durable <= self.replicated

    def clean(self, station: SmallStation) -> Delivery:
        """Make a delivery over a line that works, to a hub whose replica is up to date."""

        def replicate() -> bool:
            self.replicate()
            return True

        station.line, self.hub.confirm = self._answer, replicate
        delivery = station.deliver()
        self.hub.confirm = self._is_replicated
        return delivery

    @rule()
    def three_clean_rounds_bring_all_together(self) -> None:
        for _ in range(3):
            for station in self.stations:
                delivery = self.clean(station)
                assert delivery.ok, delivery
        assert self.written <= ids(self.hub.log)
        at_hub = states(self.hub.log)
        for station in self.stations:
            assert states(station.log).items() <= at_hub.items()
            assert station.counts()[0] == 0
        for log in (self.hub.log, *(station.log for station in self.stations)):
            found = log.verify()
            assert found.ok, found.broken


def _flipped(message: bytes, seed: int) -> bytes:
    if not message:
        return message
    place = (len(message) - 1) * seed // 9
    return message[:place] + bytes((message[place] ^ 1 << seed % 8,)) + message[place + 1 :]


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_random_histories_lose_nothing_and_converge(tmp_path: Path) -> None:
    Exchanges.begun = begun(tmp_path)
    run_state_machine_as_test(
        Exchanges,
        settings=settings(
            max_examples=count(25, 400),
            stateful_step_count=count(25, 40),
            deadline=None,
            print_blob=True,
            # A history can't be made much smaller by dropping steps, and trying takes long.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
