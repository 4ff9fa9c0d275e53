"""From a submission at a station until the station says that it is in its hub's replica.

Both are real servers over loopback; the station is asked every few milliseconds, as the person's
page would if it were impatient. Most of it is the station's pause for company
(`sync.rounds.courier.WAKE_AFTER_S`).
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.exchange.hubs import BenchHub
from bench.exchange.texts import texts
from bench.figures import Figure
from bench.processes import ROOT, NotReadyError, free_port, running
from sync.nodes import enrolment
from sync.rounds.courier import WAKE_AFTER_S

SUBMISSIONS = 30
DURABLE_WITHIN_S = 30.0
_ASKED_EVERY_S = 0.005


def run(folder: Path, hub: BenchHub, say: Callable[[str], None]) -> list[Figure]:
    """Return median and slowest of some submissions, one after another. Raises NotReadyError."""
    folder.mkdir(parents=True)
    data, port = folder / "station", free_port()
    code = enrolment.spoken(hub.invite(hub.stations[-1]), hub.card)
    command = [sys.executable, "-m", "server.command_line"]
    joined = subprocess.run(
        [*command, "nodes", "join", hub.url, code, "--data", str(data)],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if joined.returncode != 0:
        raise NotReadyError(f"the station did not join: {joined.stderr[-300:]}")
    command += ["serve", "--role", "station", "--data", str(data), "--port", str(port)]
    with running(command, f"http://127.0.0.1:{port}/healthz", folder / "station.log"):
        # The first carries what a station hears when it is new, and is not counted.
        waited = [_until_durable(port, text) for text in texts(SUBMISSIONS + 1, seed=5)][1:]
    say("sync: the station's submissions were durable")
    median_ms = statistics.median(waited) * 1000
    return [
        Figure(
            "sync, at a station until durable, median",
            median_ms,
            "ms",
            more={"pause_ms": WAKE_AFTER_S * 1000},
        ),
        Figure("sync, at a station until durable, slowest", max(waited) * 1000, "ms"),
    ]


def _until_durable(port: int, text: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DURABLE_WITHIN_S)
    began = time.perf_counter()
    receipt = _json(connection, "POST", "/matters", json.dumps({"text": text}), 201)
    path = f"/m/{receipt['number']}?key={receipt['key']}"
    safety = receipt["safety"]
    while safety != "durable":
        if time.perf_counter() - began > DURABLE_WITHIN_S:
            raise NotReadyError(f"a submission at a station stayed {safety}")
        time.sleep(_ASKED_EVERY_S)
        safety = _json(connection, "GET", path, None, 200)["safety"]
    took_s = time.perf_counter() - began
    connection.close()
    return took_s


def _json(
    connection: http.client.HTTPConnection, method: str, path: str, body: str | None, wanted: int
) -> dict[str, str]:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status != wanted:
        raise NotReadyError(f"{method} {path} gave {answer.status}: {told[:200]!r}")
    found: dict[str, str] = json.loads(told)
    return found
