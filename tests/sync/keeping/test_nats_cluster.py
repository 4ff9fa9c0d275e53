"""A replica on three servers of NATS, one of which is dead: what holds, and what does not.

With Litestream 0.5.17 nothing is listed then, so no restore comes and no plan of one; that is
told, nothing that was durable is lost, and it goes on when the server is back. Three processes,
for one of them is killed.
"""

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from sync.keeping.configuration import Keeping
from sync.keeping.restores.restore import ReplicaUnreachableError
from sync.keeping.stores.store import StoreError
from tests.counts import FULL
from tests.sync.keeping.replica_servers import free_port, listens, program
from tests.sync.keeping.wiped_nodes import Life, WipedNode, restored
from tests.sync.keeping.wiping import compared
from tests.sync.node import until

pytestmark = [
    pytest.mark.litestream,
    pytest.mark.faults,
    pytest.mark.skipif(not FULL, reason="three servers that settle take minutes"),
]


class Cluster:
    """Three servers that know each other; each can be killed and started."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.ports = [free_port() for _ in range(3)]
        self._routes = [free_port() for _ in range(3)]
        self._servers: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, number: int) -> None:
        """Start a server, and return once its port answers."""
        home = self._home / f"server-{number}"
        home.mkdir(parents=True, exist_ok=True)
        routes = ", ".join(f"nats-route://127.0.0.1:{port}" for port in self._routes)
        (home / "nats.conf").write_text(
            f"server_name: server-{number}\nlisten: 127.0.0.1:{self.ports[number]}\n"
            f"jetstream {{ store_dir: {home}/jetstream }}\n"
            "authorization { user: huiyin, password: geheim }\n"
            f"cluster {{ name: county, listen: 127.0.0.1:{self._routes[number]}, "
            f"routes: [{routes}] }}\n"
        )
        with (home / "log").open("ab") as log:
            self._servers[number] = subprocess.Popen(
                [program("nats-server"), "-c", str(home / "nats.conf")], stdout=log, stderr=log
            )
        until(lambda: listens(self.ports[number]), 60)

    def kill(self, number: int) -> None:
        """Kill a server."""
        self._servers[number].kill()
        self._servers.pop(number).wait()

    def close(self) -> None:
        """Kill all."""
        for number in tuple(self._servers):
            self.kill(number)

    def address(self, number: int) -> str:
        """Return the replica's address by one of the servers."""
        return f"nats://huiyin:geheim@127.0.0.1:{self.ports[number]}/county?replicas=3"


@pytest.mark.timeout(1800)
def test_with_one_of_three_servers_dead_nothing_durable_is_lost(tmp_path: Path) -> None:
    with ExitStack() as ends:
        cluster = Cluster(tmp_path)
        ends.callback(cluster.close)
        for number in range(3):
            cluster.start(number)
        node = WipedNode(Life(tmp_path / "data", cluster.address(0), "cluster", Keeping()))
        ends.callback(node.close)
        node.await_durable(120)
        for dead in (1, 2, 0):
            cluster.kill(dead)
            node.listen(5)
            living = cluster.address((dead + 1) % 3)
            try:
                restored(tmp_path / f"beside-{dead}", living)
            except (ReplicaUnreachableError, StoreError):
                pass
            else:
                assert compared(tmp_path / f"beside-{dead}", node.durable) == ([], [])
            assert not node.was_refused
            cluster.start(dead)
            node.await_durable(300)
            told = frozenset(node.durable)
            folder = tmp_path / f"again-{dead}"
            # One that came back may not give all for minutes: then another does.
            until(partial(came, folder, [cluster.address(each) for each in range(3)]), 300)
            assert (folder / "attachments.db").exists()
            assert compared(folder, told) == ([], [])


def came(folder: Path, addresses: Sequence[str]) -> bool:
    """Return whether a restore came from one of the servers, as somebody would try them."""
    for address in addresses:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            restored(folder, address)
        except (ReplicaUnreachableError, StoreError):
            continue
        return True
    return False
