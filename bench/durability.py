"""How long from a commit to knowing that the replica holds it, and what that costs.

Part of `python -m bench`. Alone, `python -m bench.durability [REPLICA]` shows every pace and load
(without a place the replica is a folder under build/): milliseconds from COMMIT to confirmed
(median, p99), questions a second, and what Litestream and this process took of one core.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.processes import ROOT, cpu_s
from eventlog.database import connect
from sync.keeping.configuration import ReplicatedDatabase
from sync.keeping.confirmation import Pace
from sync.keeping.durability import Durability
from sync.keeping.litestream import Litestream
from sync.keeping.replica import ReplicaPlace

DURATION_S = float(os.environ.get("BENCH_SECONDS", "10"))
RATE = 200.0
AIM_MS = 40.0
ROW = "x" * 400
# Name, commits a second, rows a commit.
LOADS = (("200 commits/s", RATE, 1), ("2,000 rows/s by 64", 2000 / 64, 64))
GAPS_S = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05)
# Answers of this long ago or less are awaited at the end.
ALL_IN_WITHIN_S = 30.0


@dataclass(frozen=True)
class Confirmed:
    """What one run gave; the shares are of one core."""

    median_ms: float
    p99_ms: float
    confirmed: int
    commits: int
    questions_per_s: float
    litestream_share: float
    own_share: float
    wal_mb: float


def run(folder: Path, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    """Return the time from commit to confirmed, to a folder on the same disk at our own pace."""
    say(f"durability: {RATE:.0f} commits a second for {seconds:.0f} s")
    folder.mkdir(parents=True)
    place = ReplicaPlace.parse(str(folder / "replica"))
    found = measure(folder, place, Pace().gap_s, RATE, 1, seconds)
    complete = found.confirmed == found.commits
    return [
        Figure(
            f"commit to known-in-the-replica at {RATE:.0f}/s, median",
            found.median_ms,
            "ms",
            aim=f"≤ {AIM_MS:.0f} ms",
            holds=complete and found.median_ms <= AIM_MS,
            more=vars(found),
        ),
        Figure(f"commit to known-in-the-replica at {RATE:.0f}/s, p99", found.p99_ms, "ms"),
    ]


def measure(
    folder: Path, replica: ReplicaPlace, gap_s: float, rate: float, rows: int, seconds: float
) -> Confirmed:
    """Commit `rate` times a second, `rows` each, and return how soon that was confirmed."""
    path = folder / "bench.db"
    connection = connect(path)
    connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)")
    litestream = Litestream(folder, [ReplicatedDatabase("bench", path, replica)])
    durability = Durability(litestream, "bench", same_disk_counts=True, pace=Pace(gap_s=gap_s))
    took_ms: list[float] = []
    questions = {0.0}
    all_in = threading.Event()
    total = int(seconds * rate)
    try:
        if not litestream.start():
            raise RuntimeError(f"Litestream does not answer: {litestream.status.last_error}")
        durability.start()
        if not durability.await_durable(0, 30):
            raise RuntimeError(f"nothing confirmed: {durability.report().last_error}")
        pid = litestream.status.pid or 0
        theirs, ours, began = cpu_s(pid), time.process_time(), time.monotonic()
        for number in range(1, total + 1):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO row (text) VALUES (?)", [(ROW,)] * rows)
            connection.execute("COMMIT")
            committed = time.monotonic()
            durability.note_commit(number)

            def done(_: object, committed: float = committed) -> None:
                now = time.monotonic()
                took_ms.append((now - committed) * 1000)
                questions.add(round(now, 3))
                if len(took_ms) == total:
                    all_in.set()

            durability.when_durable(number).add_done_callback(done)
        all_in.wait(ALL_IN_WITHIN_S)
        elapsed = time.monotonic() - began
        wal_mb = Path(f"{path}-wal").stat().st_size / 1e6
        theirs, ours = cpu_s(pid) - theirs, time.process_time() - ours
        confirmed = sorted(took_ms)
    finally:
        durability.stop()
        connection.close()
        litestream.stop()
    return Confirmed(
        median_ms=statistics.median(confirmed),
        p99_ms=confirmed[int(len(confirmed) * 0.99)],
        confirmed=len(confirmed),
        commits=total,
        questions_per_s=len(questions) / elapsed,
        litestream_share=theirs / elapsed,
        own_share=ours / elapsed,
        wal_mb=wal_mb,
    )


def main() -> None:
    """Print the table of every pace and load."""
    out = sys.stdout
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "build") as home:
        for number, (name, rate, rows) in enumerate(LOADS):
            out.write(f"{name}\n  gap   median      p99      q/s Litestream     self")
            out.write("     rows/s   WAL MB\n")
            for gap_s in GAPS_S:
                folder = Path(home) / f"{number}-{gap_s}"
                folder.mkdir()
                place = sys.argv[1] if len(sys.argv) > 1 else f"{home}/replica"
                replica = ReplicaPlace.parse(place).below(folder.name)
                found = measure(folder, replica, gap_s, rate, rows, DURATION_S)
                out.write(
                    f"{gap_s * 1000:5.0f} {found.median_ms:8.1f} {found.p99_ms:8.1f} "
                    f"{found.questions_per_s:8.0f} {found.litestream_share:10.1%} "
                    f"{found.own_share:8.1%} {rate * rows:10.0f} {found.wal_mb:8.1f}\n"
                )
                out.flush()


if __name__ == "__main__":
    main()
