"""One random history: each of its steps can be left out by itself.

Two hubs, each with a replica, and two stations, whose disk may be cloned. After each step nothing
durable may be missing in a replica; now and then, and at the end, a few clean rounds have to bring
all of them together (`together.py`).
"""

from pathlib import Path

from sync.nodes import nodes
from tests.eventlog.notes import START_MS
from tests.sync.histories.county import HUBS
from tests.sync.histories.drawing import Step
from tests.sync.histories.everyday import Everyday
from tests.sync.histories.places import LightStation, image_of, put_back

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
JUMPS_MS = (-400 * DAY_MS, -DAY_MS, -HOUR_MS, HOUR_MS, DAY_MS, 400 * DAY_MS, 3650 * DAY_MS)


class History(Everyday):
    """A county in which disks die, are cloned and put back, stations move, and clocks jump."""

    def make(self, step: Step) -> bool:
        """Make a step; return whether there was anything to do. Raises Broken."""
        is_made = getattr(self, step.name)(self.stations[step.station], step)
        if is_made is not False:
            self.check_durable()
        return is_made is not False

    def station_restarts(self, station: LightStation, step: Step) -> None:
        station.stop()
        station.start()

    def hub_restarts(self, station: LightStation, step: Step) -> None:
        hub = self.hubs[self.hub_of(station)]
        hub.stop()
        hub.start()

    def image_is_kept(self, station: LightStation, step: Step) -> None:
        image_of(station.folder, self.root / f"{station.station}-image")

    def station_is_put_back(self, station: LightStation, step: Step) -> bool:
        image = self.root / f"{station.station}-image"
        if not image.exists():
            return False
        put_back(station, image)
        self.forked.add(station.log.voice.log)
        hub = self.hub_of(station)
        self.told_durable[station.folder.name] = self.durable_at(station)
        # It may be with the hub of before again.
        self.must[hub] |= self.in_its_queue(station)
        self.forget_what_is_gone()
        return True

    def disk_is_cloned(self, station: LightStation, step: Step) -> bool:
        if self.clone is not None:
            return False
        self.cloned = self.stations.index(station)
        self.forked.add(station.log.voice.log)
        folder = self.root / "clone"
        image_of(station.folder, folder)
        self.clone = LightStation(
            folder,
            self.simulation.readers,
            self.simulation.time,
            station=station.station,
            keys=station.keys,
        )
        self.told_durable[folder.name] = self.durable_at(self.clone)
        return True

    def clone_writes(self, station: LightStation, step: Step) -> bool:
        if self.clone is None:
            return False
        self.written_at(self.clone, step)
        return True

    def clone_delivers(self, station: LightStation, step: Step) -> bool:
        if self.clone is None:
            return False
        self.delivered(self.clone, self.line_to(self.hub_of(self.clone)))
        return True

    def hubs_disk_dies(self, station: LightStation, step: Step) -> None:
        number = self.hub_of(station)
        self._put_hub_back(number, self.hubs[number].replica.folder)

    def _put_hub_back(self, number: int, image: Path) -> None:
        put_back(self.hubs[number], image)
        self.hubs[number].replica.forget_copied()
        self.bring_replica_up_to_date(number)
        self.forget_what_is_gone()

    def older_replica_is_kept(self, station: LightStation, step: Step) -> None:
        number = self.hub_of(station)
        image_of(self.hubs[number].replica.folder, self.root / f"{HUBS[number]}-older")

    def hub_is_put_back_from_an_older_replica(self, station: LightStation, step: Step) -> bool:
        number = self.hub_of(station)
        older = self.root / f"{HUBS[number]}-older"
        if not older.exists():
            return False
        self._put_hub_back(number, older)
        # That is no loss of the exchange's; what any station still has comes back all the same.
        self.claimed[number] &= self.replicated[number]
        return True

    def station_is_shut_out(self, station: LightStation, step: Step) -> bool:
        hub = self.hubs[self.hub_of(station)]
        with hub.log.reading() as connection:
            if nodes.by_name(connection, station.station) is None:
                return False
        hub.log.write(lambda t: nodes.revoke(t.connection, station.station, hub.clock()))
        return True

    def station_is_invited_anew(self, station: LightStation, step: Step) -> None:
        self.invite_anew(station, self.hub_of(station))

    def station_moves(self, station: LightStation, step: Step) -> None:
        hub = 1 - self.hub_of(station)
        self.invite_anew(station, hub)
        self.must[hub] |= self.in_its_queue(station)
        self.forget_what_is_gone()

    def clock_jumps(self, station: LightStation, step: Step) -> None:
        node = self.hubs[self.hub_of(station)] if step.one & 1 else station
        if step.one & 2:
            # Somebody sets it right; or it boots in 1970.
            node.clock.now_ms = START_MS if step.one & 4 else HOUR_MS
            return
        jump_ms = JUMPS_MS[step.other % len(JUMPS_MS)]
        node.clock.now_ms = max(HOUR_MS, node.clock.now_ms + jump_ms)
