"""A real hub that the exchange is measured with: `huiyin serve` with Litestream and the sample."""

import contextlib
import itertools
import os
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.processes import NotReadyError, cpu_s, free_port, running
from eventlog.keys import Keys, load_keys
from eventlog.log import Log
from eventlog.transaction import Transaction
from server.county import county_registers
from server.data_folder import open_log, prepare_folder
from server.exchange.exchange_wiring import hub_card
from server.exchange.visibility import MattersVisibility
from server.folder.settings import Settings
from server.registers.sample import seed_sample
from sync.nodes import enrolment, nodes
from sync.nodes.enrolment import Enrolment, HubCard
from sync.rounds import envelope
from sync.rounds.downlink import Downlink

# A hub that has just started builds its site; it is left to end that.
QUIET_WITHIN_S = 180.0
_QUIET_SHARE = 0.15


class Identity(NamedTuple):
    """The keys of a node that is put into the hub's table without having asked."""

    name: str
    station: str
    verify_key: bytes
    reading_key: bytes
    age_key: bytes
    secrets: bytes


@dataclass
class BenchHub:
    """A hub that runs: its data folder, its port, its process."""

    data: Path
    port: int
    pid: int
    card: HubCard
    stations: list[str]
    _names: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/"

    def invite(self, station: str) -> bytes:
        """Return the secret of a fresh code for one node more."""
        secret = enrolment.new_secret()
        code = enrolment.code_of(secret)
        name = f"bench {next(self._names)}"

        def job(transaction: Transaction) -> None:
            nodes.invite(
                transaction.connection,
                name,
                station,
                code_mark=code.mark,
                code_key=code.key,
                code_until=transaction.now_ms() + enrolment.CODE_LIVES_MS,
                now_ms=transaction.now_ms(),
            )

        with _beside(self.data) as (log, _):
            log.write(job)
        return secret

    def enrol(self, identities: Sequence[Identity]) -> None:
        """Put nodes into the hub's table as if each had enrolled and heard all there is."""
        with _beside(self.data) as (log, queue):
            log.write(lambda transaction: enrol_all(transaction, queue, identities))

    def cursor(self) -> tuple[bytes, int]:
        """Return the hub's voice and the newest place of its queue."""
        with self.reading() as connection:
            log = connection.execute(
                "SELECT log FROM downlink_voices ORDER BY number DESC LIMIT 1"
            ).fetchone()[0]
            newest = connection.execute("SELECT coalesce(max(position), 0) FROM downlink")
            return bytes(log), int(newest.fetchone()[0])

    def held(self) -> int:
        """Return how many submissions it holds."""
        with self.reading() as connection:
            rows = connection.execute("SELECT count(*) FROM events WHERE type='matter.raised'")
            return int(rows.fetchone()[0])

    def places_taken_twice(self) -> int:
        """Return how many places of a log more than one event stands in."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT count(*) FROM "
                "(SELECT 1 FROM events GROUP BY log, sequence HAVING count(*) > 1)"
            )
            return int(rows.fetchone()[0])

    def set_aside(self) -> int:
        """Return how many events it put into quarantine."""
        with self.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM quarantine").fetchone()[0])

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that reads the hub's database."""
        address = f"file:{self.data / 'huiyin.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            yield connection

    def memory_bytes(self, name: str = "VmRSS") -> int:
        """Return how much memory its process holds; with `VmHWM` the most it ever did."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        return 0

    def forget_peak(self) -> None:
        """Have `VmHWM` count from now on; where the kernel does not allow that it stays."""
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def wait_until_quiet(self) -> None:
        """Return once it has little to do, or after a while in any case."""
        deadline = time.monotonic() + QUIET_WITHIN_S
        quiet = 0
        while quiet < 2 and time.monotonic() < deadline:
            before = self._used_s()
            time.sleep(1.0)
            quiet = quiet + 1 if self._used_s() - before < _QUIET_SHARE else 0

    def _used_s(self) -> float:
        """Return the processor seconds of the hub and of those that it started."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        total = cpu_s(self.pid)
        for child in children:
            with contextlib.suppress(OSError):
                total += cpu_s(int(child))
        return total


@contextlib.contextmanager
def hub_in(folder: Path) -> Iterator[BenchHub]:
    """Yield a hub of the sample county. Raises NotReadyError."""
    unset = [name for name in os.environ if name.startswith("HUIYIN_")]
    if unset:
        raise NotReadyError(f"unset {', '.join(unset)} first")
    folder.mkdir(parents=True, exist_ok=True)
    data, port = folder / "hub", free_port()
    keys = prepare_folder(Settings(data=data))
    with _beside(data) as (log, _):
        seed_sample(log, data)
        with log.reading() as connection:
            registers = county_registers.read_all(connection)
    command = [sys.executable, "-m", "server.command_line", "serve", "--sample"]
    command += ["--data", str(data), "--port", str(port), "--host", "127.0.0.1"]
    with running(command, f"http://127.0.0.1:{port}/healthz", folder / "hub.log") as pid:
        hub = BenchHub(
            data,
            port,
            pid,
            hub_card(keys, registers.county.name),
            # A point's matters come to its station as well.
            sorted(one.id for one in registers.stations.values() if not one.parent),
        )
        hub.wait_until_quiet()
        yield hub


def enrol_all(transaction: Transaction, queue: Downlink, identities: Sequence[Identity]) -> None:
    """Put nodes into a hub's table, and queue what they may see."""
    connection, now = transaction.connection, transaction.now_ms()
    for one in identities:
        code = enrolment.code_of(enrolment.new_secret())
        node = nodes.invite(
            connection,
            one.name,
            one.station,
            code_mark=code.mark,
            code_key=code.key,
            code_until=now,
            now_ms=now,
        )
        said = Enrolment(b"", one.verify_key, one.reading_key, one.age_key, one.secrets, b"")
        key_id = envelope.node_id(one.verify_key)
        peer = nodes.enrol(connection, node, key_id=key_id, said=said, now_ms=now)
        queue.fill(transaction, peer)


@contextlib.contextmanager
def _beside(data: Path) -> Iterator[tuple[Log, Downlink]]:
    """Yield a hub's log as a command beside its server opens it."""
    keys: Keys | None = load_keys(data)
    assert keys is not None
    queue = Downlink(MattersVisibility())
    log = open_log(data, keys, queue=queue)
    try:
        yield log, queue
    finally:
        log.stop()
