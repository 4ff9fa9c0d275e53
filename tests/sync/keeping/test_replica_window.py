"""The hub's disk dies before its replica has all: what is durable is there, the rest comes."""

import random
import shutil
from pathlib import Path

import pytest

from eventlog.log import FILE_NAME
from sync.rounds.uplink import Safety
from tests.counts import count
from tests.sync.small_nodes import SmallHub, SmallStation, copied, ids, lined, pair, states

CUTS = count(12, 100)
pytestmark = pytest.mark.faults


def durable_ids(station: SmallStation) -> set[bytes]:
    """Return the events that a station knows to be in the hub's replica."""
    with station.log.reading() as connection:
        rows = connection.execute("SELECT event FROM uplink WHERE state=?", (Safety.DURABLE,))
        return {row[0] for row in rows}


def die(hub: SmallHub, replica: Path) -> None:
    """Take the hub's disk away, and put back what its replica has."""
    hub.stop()
    for path in hub.folder.glob(f"{FILE_NAME}*"):
        path.unlink()
    (hub.folder / "voice.json").unlink()
    shutil.copy(replica / FILE_NAME, hub.folder)
    hub.start()


@pytest.mark.timeout(1800)
def test_the_hubs_disk_dies_before_its_replica_has_everything(tmp_path: Path) -> None:
    hub, station = pair(tmp_path)
    replica = tmp_path / "replica"
    copied(hub.folder, replica)
    replicated = ids(hub.log)
    chance, written, lost = random.Random(5), 0, 0

    def confirm() -> bool:
        nonlocal replicated
        if chance.random() < 0.3:
            copied(hub.folder, replica)
            replicated = ids(hub.log)
        return ids(hub.log) <= replicated

    hub.confirm = confirm
    for _ in range(CUTS):
        for _ in range(chance.randint(1, 4)):
            drafts = [
                lined(written + n, f"第{written + n}件", station="shiweng")
                for n in range(1, chance.randint(2, 5))
            ]
            station.write(*drafts)
            written += len(drafts)
            assert station.deliver().ok
        durable, before = durable_ids(station), ids(hub.log)
        die(hub, replica)
        lost += len(before - ids(hub.log))
        assert durable <= ids(hub.log)
        hub.clock.now_ms += 1000
        station.clock.now_ms += 1000
    hub.confirm = lambda: True
    for _ in range(3):
        assert station.deliver().ok
    assert lost > 0 and len(ids(station.log)) == written
    # What was merely stored came from its sender once more.
    assert ids(hub.log) == ids(station.log) == durable_ids(station)
    assert states(hub.log) == states(station.log)
    for node in (hub, station):
        assert node.log.verify().ok
        node.stop()
