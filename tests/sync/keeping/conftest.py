"""Real servers that a replica lies on, a module's own, and a replica on one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counts import FULL
from tests.sync.keeping.replica_servers import KINDS, Servers


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Real servers, for what they answer when is the point."""
    running = Servers(tmp_path_factory.mktemp("servers"))
    yield running
    running.close()


@pytest.fixture(params=KINDS if FULL else ["folder"])
def replica(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> str:
    """The address of a replica that nothing was written to."""
    place = servers.replica(request.param, tmp_path.name.replace("_", "-"))
    return place.url or str(place.folder)
