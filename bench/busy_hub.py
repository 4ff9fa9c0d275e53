"""A hub on a busy day: 10,000 old matters imported and approved, the site built, people sending.

Senders come at their own times, whether the hub is busy or not; how long one waits counts from the
time at which he came. With a second checkout beside it the same is measured of both.
"""

import csv
import itertools
import json
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure
from bench.processes import ROOT, free_port, running
from bench.start import environment_of, tree_cpu_s

ROWS = 10_000
SENDERS_A_S = 10.0
LOOK_EVERY_S = 0.05
WAL_AIM_BYTES = 64 * 1024 * 1024
P95_AIM_S = 0.15
QUIET_AIM_S = 60.0
# Quiet is a hub that uses less than this share of a core, two seconds on end.
QUIET_SHARE = 0.15
QUIET_FOR_S = 2.0
GIVEN_UP_AFTER_S = 600.0
_COMMAND = (sys.executable, "-m", "server.command_line")


@dataclass
class Day:
    """What was seen of one hub."""

    waits_s: list[float] = field(default_factory=list)
    refused: int = 0
    wal_bytes: dict[str, int] = field(default_factory=dict)
    imported_s: float = 0.0
    quiet_s: float = 0.0


def run(folder: Path, beside: Path | None, rows: int, say: Callable[[str], None]) -> list[Figure]:
    """Return what was seen, its peer being the code of the checkout `beside`."""
    folder.mkdir(parents=True, exist_ok=True)
    table = _table(folder / "old.csv", rows)
    days = []
    for number, checkout in enumerate([ROOT] if beside is None else [ROOT, beside.resolve()]):
        say(f"busy: {rows:,} rows into {checkout.name}")
        days.append(_day(checkout, folder / str(number), table, say))
    return _figures(days, rows)


def _figures(days: list[Day], rows: int) -> list[Figure]:
    def figure(
        what: str, of: Callable[[Day], float], unit: str, aim: str = "", most: float | None = None
    ) -> Figure:
        ours, *others = (of(day) for day in days)
        holds = None if most is None else ours <= most
        return Figure(f"busy: {what}", ours, unit, others[0] if others else None, aim, holds)

    def percentile(day: Day, share: float) -> float:
        return statistics.quantiles(day.waits_s, n=100)[round(share * 100) - 1] * 1000

    mib = 1024 * 1024
    return [
        *(
            figure(
                f"largest WAL of {name}.db, {rows:,} rows imported and the site built",
                lambda day: day.wal_bytes[name] / mib,  # noqa: B023 - called here and now.
                "MiB",
                f"≤ {WAL_AIM_BYTES // mib} MiB",
                WAL_AIM_BYTES / mib,
            )
            for name in ("huiyin", "attachments")
        ),
        figure("a sender's wait meanwhile, median", lambda day: percentile(day, 0.5), "ms"),
        figure(
            "a sender's wait meanwhile, p95",
            lambda day: percentile(day, 0.95),
            "ms",
            f"≤ {P95_AIM_S * 1000:.0f} ms",
            P95_AIM_S * 1000,
        ),
        figure("senders refused", lambda day: day.refused, "", "0", 0),
        figure("the import", lambda day: day.imported_s, "s"),
        figure(
            "quiet again after the approval",
            lambda day: day.quiet_s,
            "s",
            f"≤ {QUIET_AIM_S:.0f} s",
            QUIET_AIM_S,
        ),
    ]


def _table(path: Path, rows: int) -> Path:
    """Write a file of old matters with answers, as a county has them in a spreadsheet."""
    pick = random.Random(11)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["留言编号", "留言主题", "留言详情", "留言时间", "一级分类", "答复意见", "答复时间"]
        )
        for number in range(rows):
            day = f"2025-{1 + number % 12:02}-{1 + number % 28:02}"
            text = "".join(pick.choices("村口路灯坏了晚上看不见请修一下桥板水渠自来医保", k=120))
            answer = "".join(pick.choices("已经派人修好感谢反映今后会常看", k=100))
            title = f"第{number}件{text[:8]}"
            writer.writerow([number, title, text, day, "交通出行", answer, day])
    return path


def _day(checkout: Path, data: Path, table: Path, say: Callable[[str], None]) -> Day:
    day, port = Day(), free_port()
    address, environment = f"http://127.0.0.1:{port}", environment_of(checkout)
    command = (*_COMMAND, "serve", "--data", str(data), "--port", str(port), "--sample")

    def huiyin(*words: str) -> str:
        done = subprocess.run(
            [*_COMMAND, *words, "--data", str(data)],
            check=True,
            cwd=checkout,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout.strip()

    with running(
        command, f"{address}/", data.with_suffix(".txt"), environment, folder=checkout
    ) as pid:
        token = huiyin("tokens", "add", "bench", "--role", "office")
        with _watching(day, data), _sending(day, address):
            began = time.monotonic()
            huiyin("import", "matters", str(table))
            day.imported_s = time.monotonic() - began
            say(f"busy: imported after {day.imported_s:.0f} s")
            _approve(address, token)
            began = time.monotonic()
            _await_site(address)
            say(f"busy: built after {time.monotonic() - began:.0f} s, WAL {day.wal_bytes}")
        # What is quiet is a hub to which nobody sends any more.
        _await_quiet(pid)
        day.quiet_s = time.monotonic() - began - QUIET_FOR_S
        say(f"busy: quiet after {day.quiet_s:.0f} s")
    return day


def _approve(address: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    listed = _answer(urllib.request.Request(f"{address}/api/v1/imports", headers=headers))
    for waiting in listed["imports"]:
        _answer(
            urllib.request.Request(
                f"{address}/api/v1/imports/{waiting['id']}/approve",
                data=b"{}",
                headers={**headers, "Content-Type": "application/json"},
            )
        )


def _answer(request: urllib.request.Request) -> dict[str, list[dict[str, str]]]:
    with urllib.request.urlopen(request, timeout=60) as answer:
        told: dict[str, list[dict[str, str]]] = json.loads(answer.read())
        return told


def _await_site(address: str) -> None:
    """Wait until the site tells of all that is committed now."""
    committed = _metrics(address)["committed_position"]
    deadline = time.monotonic() + GIVEN_UP_AFTER_S
    while time.monotonic() < deadline and _metrics(address)["site_position"] < committed:
        time.sleep(0.5)


def _metrics(address: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{address}/metrics", timeout=60) as answer:
        return {
            name: float(value)
            for name, value in re.findall(r"^huiyin_(\w+) (\S+)$", answer.read().decode(), re.M)
        }


def _await_quiet(pid: int) -> None:
    """Wait until the tree of processes does next to nothing."""
    deadline = time.monotonic() + GIVEN_UP_AFTER_S
    quiet_since = None
    before, looked_at = tree_cpu_s(pid), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now, at = tree_cpu_s(pid), time.monotonic()
        if (now - before) / (at - looked_at) > QUIET_SHARE:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = looked_at
        elif at - quiet_since >= QUIET_FOR_S:
            return
        before, looked_at = now, at


@contextmanager
def _watching(day: Day, data: Path) -> Iterator[None]:
    """Note the largest size of either write-ahead log while the block runs."""

    def look() -> None:
        for name in ("huiyin", "attachments"):
            wal = data / f"{name}.db-wal"
            size = wal.stat().st_size if wal.exists() else 0
            day.wal_bytes[name] = max(day.wal_bytes.get(name, 0), size)

    with _every(lambda number: LOOK_EVERY_S, look):
        yield


@contextmanager
def _sending(day: Day, address: str) -> Iterator[None]:
    """Let people come at random times while the block runs, each on a line of his own."""
    pick = random.Random(7)

    def send(came_at: float) -> None:
        request = urllib.request.Request(
            f"{address}/matters",
            data=json.dumps({"text": f"灯坏了 {came_at}"}).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        try:
            urllib.request.urlopen(request, timeout=60).close()
        except OSError:
            day.refused += 1
        day.waits_s.append(time.monotonic() - came_at)

    with (
        ThreadPoolExecutor(64) as senders,
        _every(
            lambda number: pick.expovariate(SENDERS_A_S),
            lambda: senders.submit(send, time.monotonic()),
        ),
    ):
        yield


@contextmanager
def _every(pause_s: Callable[[int], float], act: Callable[[], object]) -> Iterator[None]:
    """Act at times that don't depend on how long it takes, while the block runs."""
    over = threading.Event()

    def loop() -> None:
        at = time.monotonic()
        for number in itertools.count():
            at += pause_s(number)
            if over.wait(max(0.0, at - time.monotonic())):
                return
            act()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
