"""The sample county, made once for each port of a test run and copied for each hub that wants it.

The address stands in the pages, so each port has a seed of its own, with keys of its own: hubs that
run at one time are never two copies of one node. A port is borrowed for as long as its hub lives,
by a lock that ends with the process; what borrows it first makes its seed.
"""

import fcntl
import os
import random
import shutil
import socket
from pathlib import Path

from publisher.writing.squeezing import mark
from server.folder.settings import load_settings
from server.node import Node
from server.registers.sample import seed_sample

# Below what Linux gives to clients, so that no connection takes a port between two starts.
PORTS = range(20_000, 32_000)

_root = Path()


def keep_below(folder: Path) -> None:
    """Keep the seeds in a folder that all workers of a run share."""
    global _root
    _root = folder
    folder.mkdir(exist_ok=True)


class Seed:
    """A port and the sample county made for it, the borrower's alone until it is `returned`."""

    def __init__(self, port: int, folder: Path, lock: int) -> None:
        self.port = port
        self._folder = folder
        self._lock = lock

    def copy_to(self, data: Path) -> None:
        """Make a data folder: that of a hub that was started once and has no replica yet."""
        made = self._folder / "data"
        if not made.exists():
            _make(self._folder / "making", self.port)
            (self._folder / "making").rename(made)
        shutil.copytree(made, data)

    def returned(self) -> None:
        """Give the port back; its hub has ended."""
        os.close(self._lock)


def borrowed() -> Seed:
    """Return a seed that nobody uses, on a port that nobody listens on."""
    known = sorted(int(path.name) for path in _root.iterdir())
    for port in (*known, *random.sample(PORTS, 100)):
        folder = _root / str(port)
        folder.mkdir(exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
        else:
            return Seed(port, folder, lock)
    raise AssertionError("every port is taken")


def _make(folder: Path, port: int) -> None:
    """Start a hub on the sample once, in this process; its site is whole when it has started.

    The site is left as it was built, quickly: each hub would squeeze a copy of its own of it, for
    three seconds of a processor.
    """
    shutil.rmtree(folder, ignore_errors=True)
    node = Node(load_settings(folder, port=port, sample=True, replica="off"))
    try:
        seed_sample(node.log, node.folder)
        node.start()
    finally:
        node.stop()
    mark(folder / "site").unlink()
