"""How long from a commit to knowing that the replica holds it, and what that costs.

Run as `python bench/durability.py [REPLICA]`; without a place the replica is a folder in the
temporary folder. Prints one row for each pace and load: milliseconds from COMMIT to confirmed
(median, p99), questions a second, and what Litestream and this process took of one core.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from eventlog.database import connect
from sync.configuration import ReplicatedDatabase
from sync.confirmation import Pace
from sync.durability import Durability
from sync.litestream import Litestream
from sync.replica import ReplicaPlace

DURATION_S = float(os.environ.get("BENCH_SECONDS", "10"))
ROW = "x" * 400
# Name, commits a second, rows a commit.
LOADS = (("200 commits/s", 200.0, 1), ("2,000 rows/s by 64", 2000 / 64, 64))
GAPS_S = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05)


def cpu_s(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, replica: ReplicaPlace, gap_s: float, rate: float, rows: int) -> str:
    """Return one row of figures; `rows` a commit, `rate` commits a second."""
    path = folder / "bench.db"
    connection = connect(path)
    connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)")
    litestream = Litestream(folder, [ReplicatedDatabase("bench", path, replica)])
    durability = Durability(litestream, "bench", same_disk_counts=True, pace=Pace(gap_s=gap_s))
    took_ms: list[float] = []
    questions = {0.0}
    all_in = threading.Event()
    total = int(DURATION_S * rate)
    try:
        if not litestream.start():
            raise SystemExit(f"Litestream does not answer: {litestream.status.last_error}")
        durability.start()
        if not durability.await_durable(0, 30):
            raise SystemExit(f"nothing confirmed: {durability.report().last_error}")
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
        all_in.wait(30)
        elapsed = time.monotonic() - began
        wal_mb = Path(f"{path}-wal").stat().st_size / 1e6
        theirs, ours = cpu_s(pid) - theirs, time.process_time() - ours
    finally:
        durability.stop()
        connection.close()
        litestream.stop()
    took_ms.sort()
    return (
        f"{gap_s * 1000:5.0f} {statistics.median(took_ms):8.1f} "
        f"{took_ms[int(len(took_ms) * 0.99)]:8.1f} {len(questions) / elapsed:8.0f} "
        f"{theirs / elapsed:10.1%} {ours / elapsed:8.1%} {rate * rows:10.0f} {wal_mb:8.1f}"
    )


def main() -> None:
    """Print the table."""
    out = sys.stdout
    with tempfile.TemporaryDirectory() as home:
        for number, (name, rate, rows) in enumerate(LOADS):
            out.write(f"{name}\n  gap   median      p99      q/s Litestream     self")
            out.write("     rows/s   WAL MB\n")
            for gap_s in GAPS_S:
                folder = Path(home) / f"{number}-{gap_s}"
                folder.mkdir()
                place = sys.argv[1] if len(sys.argv) > 1 else f"{home}/replica"
                replica = ReplicaPlace.parse(place).below(folder.name)
                out.write(measure(folder, replica, gap_s, rate, rows) + "\n")
                out.flush()


if __name__ == "__main__":
    main()
