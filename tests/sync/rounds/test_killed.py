"""A hub or a station that is killed at each crash point, in a stream of submissions.

After each death what the station had called durable is at the hub; after the next start all comes
together. The hub's own disk stands for its replica here; `tests/server/villagers/test_durable.py`
kills a hub with a real one. Steps of pages are in `tests/site/writing/test_crashes.py`.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from eventlog import crash_points
from eventlog.crash_points import CrashPoint
from eventlog.log import FILE_NAME
from sync.rounds.uplink import Safety
from tests.counts import count
from tests.hub import free_port, until
from tests.sync.dying_nodes import ForkedNode, answers, enrolled, open_hub, open_station
from tests.sync.small_nodes import ids, states

COUNT = count(12, 30)
RUNS = count(1, 20)
AT_RANDOM = count(4, 200)
pytestmark = pytest.mark.faults
AT_THE_HUB = (
    CrashPoint.APPENDED,
    CrashPoint.COMMITTING,
    CrashPoint.COMMITTED,
    CrashPoint.ANSWERING,
    CrashPoint.ANSWERED,
)
AT_THE_STATION = (
    CrashPoint.FILE_WRITTEN,
    CrashPoint.FILE_RENAMED,
    CrashPoint.APPENDED,
    CrashPoint.COMMITTING,
    CrashPoint.COMMITTED,
    CrashPoint.ASKING,
    CrashPoint.ANSWER_CAME,
    CrashPoint.CURSOR_MOVED,
    CrashPoint.SETTLED,
    CrashPoint.ROUND_MADE,
)


class Stream:
    """A hub and a station in two processes, and what the test does to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._processes: list[subprocess.Popen[bytes] | ForkedNode] = []
        enrolled(folder)

    def run(
        self, role: str, die_at: str = "", environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes] | ForkedNode:
        """Start one of the two; by a program of its own where its environment is another."""
        where = ("127.0.0.1", str(self.port)) if role == "hub" else (str(self.port), str(COUNT))
        words = (role, str(self.folder), *where)
        process = (
            ForkedNode(words, die_at)
            if environment is None
            else subprocess.Popen(
                [sys.executable, "-m", "tests.sync.dying_nodes", *words],
                env={**os.environ, crash_points.VARIABLE: die_at, **environment},
            )
        )
        self._processes.append(process)
        return process

    def stop(self) -> None:
        """End whatever still runs."""
        for process in self._processes:
            process.kill()
            process.wait()

    def check_durable(self) -> None:
        """Nothing that the station calls durable is missing at the hub, as the disks are now."""
        with opened(self.folder / "station") as station, opened(self.folder / "hub") as hub:
            durable = {
                row[0]
                for row in station.execute(
                    "SELECT event FROM uplink WHERE state=?", (Safety.DURABLE,)
                )
            }
            there = {row[0] for row in hub.execute("SELECT id FROM events")}
            assert durable <= there
        station.close()
        hub.close()

    def check_all(self) -> None:
        """Everything is there exactly once, and both say the same, after three clean rounds."""
        self.stop()
        hub, station = open_hub(self.folder), open_station(self.folder)
        station.line = hub.answer
        for _ in range(3):
            assert station.deliver().ok
        written = {number.to_bytes(16, "little") for number in range(1, COUNT + 1)}
        assert written <= ids(station.log) == ids(hub.log)
        assert station.counts()[:2] == (0, 0) and states(station.log) == states(hub.log)
        with hub.log.reading() as connection:
            lines = connection.execute(
                "SELECT lines FROM notes WHERE id<=?", (COUNT.to_bytes(16, "big"),)
            ).fetchall()
        assert [row[0] for row in lines] == [1] * COUNT
        for log in (hub.log, station.log):
            found = log.verify()
            assert found.ok, found.broken
            log.stop()


def opened(folder: Path) -> sqlite3.Connection:
    """Return the database of a node as its disk has it."""
    return sqlite3.connect(folder / FILE_NAME)


def kill_at(stream: Stream, role: str, point: CrashPoint, count: int) -> None:
    """Let one of the two die at a crash point in the middle of the stream, then start it again."""
    hub = stream.run("hub", f"{point}:{count}" if role == "hub" else "")
    until(lambda: answers(stream.port) or hub.poll() is not None, within_s=60)
    station = stream.run("station", f"{point}:{count}" if role == "station" else "")
    dying = hub if role == "hub" else station
    until(lambda: dying.poll() is not None, within_s=120)
    assert dying.returncode == -signal.SIGKILL, f"it did not reach {point}"
    if role == "hub":
        stream.check_durable()
        hub = stream.run("hub")
    else:
        stream.check_durable()
        station = stream.run("station")
    assert station.wait(180) == 0
    stream.check_all()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("run", range(RUNS))
@pytest.mark.parametrize(
    ("role", "point"),
    [*(("hub", point) for point in AT_THE_HUB), *(("station", point) for point in AT_THE_STATION)],
)
def test_killed_at_a_crash_point(tmp_path: Path, role: str, point: CrashPoint, run: int) -> None:
    # The mark is moved once a second, and the cursor where something came down.
    most = {CrashPoint.FILE_WRITTEN: 1, CrashPoint.FILE_RENAMED: 1, CrashPoint.CURSOR_MOVED: 4}.get(
        point, 10
    )
    count = random.Random(f"{role}{point}{run}").randint(1, most)
    stream = Stream(tmp_path)
    try:
        kill_at(stream, role, point, count)
    finally:
        stream.stop()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("run", range(AT_RANDOM))
def test_killed_at_any_moment(tmp_path: Path, run: int) -> None:
    chance = random.Random(run)
    stream = Stream(tmp_path)
    try:
        hub, station = stream.run("hub"), stream.run("station")
        until(lambda: answers(stream.port), within_s=60)
        # When it dies is what this test is about, not what it waits for.
        time.sleep(chance.uniform(0.0, 2.0))
        for process in (hub, station) if run % 3 == 2 else ((hub, station)[run % 3],):
            process.kill()
            process.wait()
        stream.check_durable()
        if hub.poll() is not None:
            stream.run("hub")
        if station.poll() is not None:
            station = stream.run("station")
        assert station.wait(180) == 0
        stream.check_all()
    finally:
        stream.stop()


def test_nothing_happens_at_a_crash_point_that_nobody_named(tmp_path: Path) -> None:
    for point in CrashPoint:
        crash_points.reached(point)


def test_every_crash_point_stands_in_the_code_once_and_some_test_kills_there() -> None:
    root = Path(__file__).parents[3]
    code = "".join(
        path.read_text("utf-8")
        for folder in ("eventlog", "sync", "server", "site/publisher")
        for path in (root / folder).rglob("*.py")
    )
    tests = "".join(
        (root / "tests" / name).read_text("utf-8")
        for name in (
            "sync/rounds/test_killed.py",
            "site/writing/test_crashes.py",
            "server/command_line/test_restore_again.py",
        )
    )
    for point in CrashPoint:
        assert code.count(f"reached(CrashPoint.{point.name})") == 1, point
        assert f"CrashPoint.{point.name}" in tests, point
