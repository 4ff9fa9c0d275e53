"""The hubs, stations and disks of a history, and what has to be somewhere in it."""

import shutil
from pathlib import Path
from typing import NamedTuple

from eventlog.keys import Keys, make_keys
from sync.nodes import nodes
from sync.rounds import uplink, upstream
from sync.rounds.courier import Delivery
from tests.sync.histories.places import LightHub, LightStation, Line
from tests.sync.histories.simulation import Simulation
from tests.sync.small_nodes import ids

STATIONS = ("shiweng", "liuyan")
HUBS = ("county", "neighbour")
# What a hub says to one that it does not know, or no more: somebody has to invite it anew.
SHUT_OUT = ("unknown-node", "revoked", "bad-code")
KEPT_MOST = 12


class Broken(AssertionError):
    """Something that must hold does not."""


class Begun(NamedTuple):
    """Folders where each history begins: two hubs, and two stations that joined the first."""

    folder: Path
    hubs: tuple[Keys, ...]
    stations: tuple[Keys, ...]


def begun(folder: Path, simulation: Simulation) -> Begun:
    """Join two stations to a hub once, in a folder where all is closed afterwards."""
    simulation.begin(0)
    folder.mkdir()
    hubs = [LightHub(folder / name, simulation.readers, keys=make_keys()) for name in HUBS]
    stations = [
        LightStation(
            folder / name, simulation.readers, simulation.time, station=name, keys=make_keys()
        )
        for name in STATIONS
    ]
    for station in stations:
        station.join(hubs[0], hubs[0].invite(station.station, station.station))
        if not station.deliver().ok:
            raise Broken("a station could not join")
    for station in stations:
        station.stop()
    for hub in hubs:
        hub.stop()
    return Begun(
        folder, tuple(hub.keys for hub in hubs), tuple(station.keys for station in stations)
    )


def kept(hub: LightHub) -> set[bytes]:
    """Return the ids of all events that a hub has, those that it put aside with them."""
    with hub.log.reading() as connection:
        rows = connection.execute("SELECT id FROM events UNION SELECT event FROM quarantine")
        return {row[0] for row in rows}


def marked(station: LightStation) -> set[bytes]:
    """Return the ids of all events that a station was sent by the hub that it has now."""
    with station.log.reading() as connection:
        return {row[0] for row in connection.execute("SELECT event FROM marks")}


class County:
    """The nodes of one history, and what is known of them."""

    def __init__(self, begun: Begun, root: Path, simulation: Simulation, seed: int) -> None:
        shutil.copytree(begun.folder, root)
        simulation.begin(seed + 1)
        self.root = root
        self.simulation = simulation
        readers, time = simulation.readers, simulation.time
        self.hubs = [
            LightHub(root / name, readers, keys=keys)
            for name, keys in zip(HUBS, begun.hubs, strict=True)
        ]
        self._hub_keys = [hub.card.verify_key for hub in self.hubs]
        self.stations = [
            LightStation(root / name, readers, time, station=name, keys=keys)
            for name, keys in zip(STATIONS, begun.stations, strict=True)
        ]
        self.clone: LightStation | None = None
        self.cloned = 0
        # By hub: what has to be there once all came together, and what its replica has.
        self.must: list[set[bytes]] = [set() for _ in self.hubs]
        self.replicated: list[set[bytes]] = [set() for _ in self.hubs]
        # By hub, what its stations were told is durable; by folder, what each says is so.
        self.claimed: list[set[bytes]] = [set() for _ in self.hubs]
        self.told_durable: dict[str, set[bytes]] = {}
        # By station, a clone's with them: what was written there.
        self.own: list[set[bytes]] = [set() for _ in self.stations]
        # Logs that two wrote from one place on: the disk was cloned, or put back.
        self.forked: set[bytes] = set()
        self.questions: list[tuple[int, bytes]] = []
        self.answers: list[bytes] = []
        self._sticks: list[tuple[str, Path]] = []
        self._made_sticks = 0
        self._notes = 0
        self.deliveries: list[Delivery] = []
        for hub in range(len(self.hubs)):
            self.bring_replica_up_to_date(hub)

    def close(self) -> None:
        """Close all nodes and remove their folders."""
        for node in self.nodes():
            node.stop()
        shutil.rmtree(self.root)

    def everybody(self) -> list[LightStation]:
        """Return the stations, the clone with them."""
        return [*self.stations, *([self.clone] if self.clone is not None else [])]

    def nodes(self) -> list[LightHub | LightStation]:
        """Return the hubs and the stations."""
        return [*self.hubs, *self.everybody()]

    def owner(self, station: LightStation) -> int:
        """Return whose disk a station's is, or was cloned from."""
        return self.cloned if station is self.clone else self.stations.index(station)

    def hub_of(self, station: LightStation) -> int:
        """Return to which hub a station belongs, as its own database says."""
        with station.log.reading() as connection:
            above = upstream.read(connection)
        assert above is not None
        return self._hub_keys.index(above.verify_key)

    def check_durable(self) -> None:
        """I1 and I2: what a station was told is durable is in the replica of its hub."""
        for station in self.everybody():
            durable, hub = self.durable_at(station), self.hub_of(station)
            told = durable - self.told_durable.get(station.folder.name, set())
            self.told_durable[station.folder.name] = durable
            self.claimed[hub] |= told
        for number, name in enumerate(HUBS):
            lost = self.claimed[number] - self.replicated[number]
            if lost:
                raise Broken(f"I1: {len(lost)} called durable that {name}'s replica has not")

    def durable_at(self, station: LightStation) -> set[bytes]:
        with station.log.reading() as connection:
            return {
                row[0]
                for row in connection.execute(
                    "SELECT event FROM uplink WHERE state=?", (uplink.Safety.DURABLE,)
                )
            }

    def in_its_queue(self, station: LightStation) -> set[bytes]:
        """Return what a station has of its own that goes up from it."""
        with station.log.reading() as connection:
            rows = connection.execute("SELECT event FROM uplink")
            return {row[0] for row in rows} & self.own[self.owner(station)]

    def forget_what_is_gone(self) -> None:
        """Demand no more than what lies on some disk: what died with its only one is nobody's."""
        for number, hub in enumerate(self.hubs):
            there = ids(hub.log)
            for station in self.everybody():
                if self.hub_of(station) == number:
                    there |= self.in_its_queue(station) | marked(station)
            self.must[number] &= there

    def line_to(self, hub: int) -> Line:
        """Return a line that works."""

        def line(message: bytes) -> bytes:
            self.questions = [*self.questions[-KEPT_MOST:], (hub, message)]
            answer = self.answer_of(hub, message)
            self.answers = [*self.answers[-KEPT_MOST:], answer]
            return answer

        return line

    def answer_of(self, hub: int, message: bytes) -> bytes:
        self.hubs[hub].clock.now_ms += 1
        return self.hubs[hub].answer(message)

    def delivered(self, station: LightStation, line: Line) -> Delivery:
        """Make a delivery over a line; nothing is called refused but who is shut out."""
        station.line = line
        delivery = station.deliver()
        self.deliveries.append(delivery)
        if not delivery.retryable and delivery.failure not in SHUT_OUT:
            raise Broken(f"{station.folder.name}: {delivery}")
        return delivery

    def replicating(self, hub: int, station: LightStation) -> Delivery:
        """Make a delivery over a line that works, to a hub whose replica is up to date."""

        def confirm() -> bool:
            self.bring_replica_up_to_date(hub)
            return True

        self.hubs[hub].confirm = confirm
        delivery = self.delivered(station, self.line_to(hub))
        self.hubs[hub].confirm = lambda: self.is_replicated(hub)
        return delivery

    def bring_replica_up_to_date(self, hub: int) -> None:
        """Have a hub's replica hold all that is in the hub."""
        self.hubs[hub].replica.bring_up_to_date()
        self.replicated[hub] = kept(self.hubs[hub])
        self.hubs[hub].confirm = lambda: self.is_replicated(hub)

    def is_replicated(self, hub: int) -> bool:
        return kept(self.hubs[hub]) <= self.replicated[hub]

    def invite_anew(self, station: LightStation, hub: int) -> None:
        """Have a station join a hub, whatever that knows of it."""
        place = self.hubs[hub]
        with place.log.reading() as connection:
            peer = nodes.by_name(connection, station.station)
        if peer is not None and peer.state == "enrolled":
            place.log.write(lambda t: nodes.revoke(t.connection, station.station, place.clock()))
        station.join(place, place.invite(station.station, station.station))
