"""Peers of the exchange: morango, which Kolibri syncs by, and PouchDB with express-pouchdb.

Both are set up by `tools/setup bench`: morango in a place of its own, as it needs an older Django,
PouchDB from `pouchdb/package-lock.json`. Both carry a text and an id and nothing else; neither
seals it or waits for a replica, and only morango signs (its sessions, not its documents).
Each has the setting that costs it least: morango's stages are done while a request waits (with its
defaults a round is 15 requests and 20 KB, not 8 and 12), and a client of PouchDB stays open between
its rounds (opened anew, it asks once more). morango's server runs under Django's own; it pauses
between the stages of a round by its own clock, which is most of what an empty one takes.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.exchange.rounds import SENDERS, Rounds, measured
from bench.processes import ROOT, NotReadyError, free_port, running

ORDER_WITHIN_S = 60.0
_MORANGO_PYTHON = ROOT / "build" / "morango" / "bin" / "python"
_MORANGO = "bench.exchange.morango_station"
_POUCHDB = Path(__file__).with_name("pouchdb")
_POUCHDB_MODULES = ROOT / "build" / "pouchdb" / "node_modules"


def run(folder: Path, say: Callable[[str], None]) -> list[Rounds]:
    """Return the figures of each peer, or why there are none; takes one to two minutes."""
    found = []
    for who, peer in (("morango", morango), ("PouchDB", pouchdb)):
        say(f"sync: {who}")
        try:
            found.append(peer(folder / who.lower()))
        except (NotReadyError, OSError, subprocess.SubprocessError) as error:
            say(f"sync: {who} not run: {error}")
            found.append(Rounds(who, missing=f"not run: {error}"))
    return found


def morango(folder: Path) -> Rounds:
    """Return the figures of morango. Raises NotReadyError."""
    if not _MORANGO_PYTHON.exists():
        raise NotReadyError("morango is not installed; run tools/setup bench")
    folder.mkdir(parents=True)
    python = [str(_MORANGO_PYTHON), "-W", "ignore", "-m"]
    database = folder / "hub.db"
    environment = _morango_environment(database)
    made = subprocess.run(
        [*python, f"{_MORANGO}.certificates", str(SENDERS + 1)],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=ORDER_WITHIN_S,
        check=False,
    )
    if made.returncode != 0:
        raise NotReadyError(f"morango: {made.stderr[-300:]}")
    joining = json.loads(made.stdout)

    @contextlib.contextmanager
    def connect(number: int, address: str) -> Iterator[_Station]:
        command = [*python, f"{_MORANGO}.client", address]
        own = _morango_environment(folder / f"station-{number}.db")
        with _station(command, folder / f"station-{number}.log", own) as station:
            station.order(joining[number])
            yield station

    def held() -> int:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reading:
            rows = reading.execute("SELECT count(*) FROM morango_station_submission")
            return int(rows.fetchone()[0])

    port = free_port()
    command = [*python, "django", "runserver", "--noreload", f"127.0.0.1:{port}"]
    ready = f"http://127.0.0.1:{port}/api/morango/v1/morangoinfo/1/"
    with running(command, ready, folder / "hub.log", environment):
        return measured("morango", port, connect, held)


def _morango_environment(database: Path) -> dict[str, str]:
    return {
        "MORANGO_DATABASE": str(database),
        "DJANGO_SETTINGS_MODULE": f"{_MORANGO}.settings",
        "PYTHONPATH": str(ROOT),
    }


def pouchdb(folder: Path) -> Rounds:
    """Return the figures of PouchDB. Raises NotReadyError."""
    node = shutil.which("node")
    if node is None or not _POUCHDB_MODULES.exists():
        raise NotReadyError("PouchDB is not installed; run tools/setup bench")
    hub = folder / "hub"
    hub.mkdir(parents=True)
    modules, port = str(_POUCHDB_MODULES), free_port()
    server = f"http://127.0.0.1:{port}"

    @contextlib.contextmanager
    def connect(number: int, address: str) -> Iterator[_Station]:
        own = folder / f"station-{number}"
        command = [node, str(_POUCHDB / "client.js"), modules, str(own), address]
        with _station(command, folder / f"station-{number}.log") as station:
            yield station

    def held() -> int:
        with urllib.request.urlopen(f"{server}/matters", timeout=20) as answer:
            return int(json.load(answer)["doc_count"])

    command = [node, str(_POUCHDB / "server.js"), modules, str(hub), str(port)]
    with running(command, server, folder / "hub.log"):
        return measured("PouchDB", port, connect, held)


class _Station:
    """A client in a process of its own, told what to do by lines of JSON."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process = process
        self._log = log

    def write(self, texts: Sequence[str]) -> None:
        """See `Sender`."""
        self.order({"write": list(texts)})

    def sync(self) -> None:
        """See `Sender`."""
        self.order({"sync": True})

    def order(self, order: dict[str, Any]) -> None:
        """Wait until an order is carried out. Raises NotReadyError."""
        orders, answers = self._process.stdin, self._process.stdout
        assert orders is not None and answers is not None
        # A client that hangs is ended, and its silence is an answer as well.
        late = threading.Timer(ORDER_WITHIN_S, self._process.kill)
        late.start()
        try:
            orders.write(json.dumps(order) + "\n")
            orders.flush()
            answer = answers.readline()
        finally:
            late.cancel()
        if not answer:
            said = self._log.read_text("utf-8", "replace").strip()[-300:]
            raise NotReadyError(f"a client ended: {said}")


@contextlib.contextmanager
def _station(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[_Station]:
    """Yield a client; end it afterwards."""
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
        ) as process,
    ):
        try:
            yield _Station(process, log)
        finally:
            process.kill()
