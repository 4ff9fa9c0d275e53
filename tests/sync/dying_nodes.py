"""A hub or a station in a process of its own, which `HUIYIN_DIE_AT` makes die at a crash point.

`python -m tests.sync.dying_nodes hub FOLDER HOST PORT` answers there until it is ended; every
third question it writes a note of its own, so that something goes down.
`python -m tests.sync.dying_nodes station FOLDER PORT COUNT` writes notes 1 to COUNT, each once
however often it is started, delivers after each, and ends with 0 once all of them are durable.
"""

import http.client
import importlib
import os
import sqlite3
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from eventlog import crash_points
from eventlog.crash_points import CrashPoint, reached
from eventlog.keys import load_keys, save_keys
from sync.rounds.client import HubLine
from tests.sync.forks import FORKS
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined, pair

# Where the hub's own notes begin, which nobody below wrote to.
OFFICE = 100_000
WITHIN_S = 120.0


def enrolled(folder: Path) -> None:
    """Make a hub and a station in two folders below one, with keys that the next start finds."""
    hub, station = pair(folder)
    for node in (hub, station):
        node.stop()
        save_keys(node.folder, node.keys)


def open_hub(folder: Path) -> SmallHub:
    """Return the hub of a folder."""
    return SmallHub(folder / "hub", keys=load_keys(folder / "hub"))


def open_station(folder: Path) -> SmallStation:
    """Return the station of a folder."""
    return SmallStation(folder / "station", keys=load_keys(folder / "station"))


def serve(folder: Path, host: str, port: int) -> None:
    """Answer questions until the process is ended."""
    hub = open_hub(folder)

    class Handler(BaseHTTPRequestHandler):
        """Plays the part of the server: one question, one answer."""

        def do_POST(self) -> None:
            """Answer a question."""
            message = self.rfile.read(int(self.headers["Content-Length"]))
            if hub.questions % 3 == 0:
                hub.write(lined(OFFICE + hub.questions, "县里的话", station="shiweng"))
            answer = hub.answer(message)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            self.wfile.flush()
            reached(CrashPoint.ANSWERED)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    ThreadingHTTPServer.allow_reuse_address = True
    ThreadingHTTPServer((host, port), Handler).serve_forever()


def answers(port: int) -> bool:
    """Return whether a hub listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def submit(folder: Path, port: int, count: int) -> None:
    """Write what was not written yet, and deliver until all of it is durable."""
    station = open_station(folder)
    station.line = HubLine(f"http://127.0.0.1:{port}/", answer_within_s=20.0).exchange
    for number in range(1, count + 1):
        draft = lined(number, f"第{number}件", station="shiweng")
        identity = number.to_bytes(16, "little")
        try:
            station.write(draft._replace(id=identity))
        except sqlite3.IntegrityError:
            # Somebody sends the same once more, after a start: it is here already.
            assert identity in ids(station.log)
        station.deliver()
    deadline = time.monotonic() + WITHIN_S
    while station.counts()[:2] != (0, 0):
        station.deliver()
        assert time.monotonic() < deadline
    station.stop()


def run(role: str, folder: str, *where: str) -> None:
    """Be a hub or a station, as the words of the command line say."""
    if role == "hub":
        serve(Path(folder), where[0], int(where[1]))
    else:
        submit(Path(folder), int(where[0]), int(where[1]))


def _run_to_death(die_at: str, words: tuple[str, ...]) -> None:
    os.environ[crash_points.VARIABLE] = die_at
    importlib.reload(crash_points)
    run(*words)


class ForkedNode:
    """A node in a process of its own, forked so that it imports nothing; used like a `Popen`."""

    def __init__(self, words: tuple[str, ...], die_at: str) -> None:
        self._process = FORKS.Process(target=_run_to_death, args=(die_at, words))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """How it ended, minus the signal that killed it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return how it ended. Raises TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return self._process.exitcode

    def kill(self) -> None:
        """Send it SIGKILL."""
        self._process.kill()


if __name__ == "__main__":
    run(*sys.argv[1:])
