"""A process without chance and without time of its own: one seed gives the same bytes each time.

Random bytes come from the seed, the counting clock moves with the steps, and read-only connections
are kept, for to open one costs ten times what is read by it; jobs of a writer run at once, without
its thread. What is real stays so: SQLite, transactions, signatures and sealing are the product's.
For a process of its own: nothing is put back.
"""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import nacl.bindings

import eventlog.log
import eventlog.sealing
import eventlog.voice
from eventlog.database import Connection, connect
from eventlog.writer import Writer, WriterStopped, _Job

# Sets of bytes are walked in an order that Python takes from this.
HASH_SEED = ("PYTHONHASHSEED", "0")
NONCE_BYTES = 24
SEED_BYTES = 32


def is_without_chance() -> bool:
    """Return whether this process walks its sets in the same order each time."""
    return os.environ.get(HASH_SEED[0]) == HASH_SEED[1]


def begin_anew_without_chance() -> None:
    """Replace this process by the same command in one whose sets have a fixed order."""
    os.environ[HASH_SEED[0]] = HASH_SEED[1]
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


class Time:
    """Seconds that pass only when a step makes them."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        """Return the time by the counting clock, in seconds."""
        return self.now_s


class KeptReaders:
    """Read-only connections that are handed out again instead of being opened anew."""

    def __init__(self) -> None:
        self._idle: dict[Path, list[Connection]] = {}

    @contextmanager
    def reading(self, path: Path) -> Iterator[Connection]:
        """Yield a connection that nobody else uses, as `eventlog.database.reading` does."""
        idle = self._idle.setdefault(path, [])
        connection = idle.pop() if idle else connect(path, read_only=True)
        try:
            yield connection
        finally:
            connection.opener = None
            idle.append(connection)

    def close(self, path: Path) -> None:
        """Close what was kept of a database, before its writer is closed."""
        for connection in self._idle.pop(path, []):
            connection.close()


class WriterAtOnce(Writer):
    """A writer whose jobs run where they are submitted: one at a time, and nobody waits."""

    def _put(self, job: _Job) -> None:
        if self._stopping.is_set():
            raise WriterStopped("the node is stopping")
        self._run_group([job])


class Simulation:
    """The chance, the time and the readers of one process."""

    def __init__(self) -> None:
        self.time = Time()
        self.readers = KeptReaders()
        self._chance = random.Random(0)
        clock = SimpleNamespace(monotonic=self.time)
        for module in (eventlog.voice, eventlog.sealing):
            setattr(module, "time", clock)  # noqa: B010  # mypy knows the module's own
        setattr(eventlog.log, "Writer", WriterAtOnce)  # noqa: B010
        setattr(eventlog.log, "reading", self.readers.reading)  # noqa: B010
        setattr(os, "urandom", self._random_bytes)  # noqa: B010
        setattr(nacl.bindings, "randombytes", self._random_bytes)  # noqa: B010
        setattr(nacl.bindings, "crypto_box_seal", self._sealed)  # noqa: B010

    def begin(self, seed: int) -> None:
        """Begin where each history with this seed begins."""
        self._chance.seed(seed)
        self.time.now_s = 1000.0

    def _random_bytes(self, size: int) -> bytes:
        return self._chance.randbytes(size)

    def _sealed(self, message: bytes, public_key: bytes) -> bytes:
        """Return libsodium's sealed box, with a sender's key from the seed."""
        public, private = nacl.bindings.crypto_box_seed_keypair(self._random_bytes(SEED_BYTES))
        nonce = nacl.bindings.crypto_generichash_blake2b_salt_personal(
            public + public_key, digest_size=NONCE_BYTES
        )
        box: bytes = nacl.bindings.crypto_box(message, nonce, public_key, private)
        return bytes(public) + box
