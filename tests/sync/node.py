"""A data folder with a real SQLite database, a real Litestream and a replica in a folder."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from eventlog.database import connect
from sync.keeping.configuration import ReplicatedDatabase
from sync.keeping.confirmation import Pace
from sync.keeping.durability import Durability
from sync.keeping.litestream import Litestream
from sync.keeping.pulse import SILENCE_LIMIT_S
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restore import restore

PACE = Pace(gap_s=0.005, answer_within_s=0.5)


def until(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Return once the condition holds; fail when it doesn't in time."""
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "did not come about in time"
        pause.wait(0.005)


class Node:
    """Commits numbered rows: `text` of row 0 is the number of the last commit."""

    def __init__(
        self,
        home: Path,
        *,
        replica: Path | None = None,
        same_disk_counts: bool = True,
        name: str = "events",
        silence_limit_s: float = SILENCE_LIMIT_S,
    ) -> None:
        self.home = home
        self.name = name
        self.folder = home / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / f"{name}.db"
        self.place = ReplicaPlace.parse(str(replica or home / "replica")).below(name)
        self.connection = connect(self.path)
        self.connection.execute("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, text)")
        self.connection.execute("INSERT OR IGNORE INTO row VALUES (0, '0')")
        self.same_disk_counts = same_disk_counts
        self.silence_limit_s = silence_limit_s
        self.litestream = self.new_litestream()
        self.durability = self.new_durability()
        self.commits = 0
        self.restores = 0

    def new_litestream(self) -> Litestream:
        return Litestream(
            self.folder,
            [ReplicatedDatabase(self.name, self.path, self.place)],
            silence_limit_s=self.silence_limit_s,
        )

    def new_durability(self) -> Durability:
        return Durability(
            self.litestream, self.name, same_disk_counts=self.same_disk_counts, pace=PACE
        )

    @property
    def replica_folder(self) -> Path:
        assert self.place.folder is not None
        return self.place.folder

    def start(self) -> "Node":
        assert self.litestream.start()
        self.durability.start()
        until(lambda: self.durability.report().replicated >= 0)
        return self

    def close(self) -> None:
        self.durability.stop()
        self.connection.close()
        self.litestream.stop(2)

    def commit(self, *, size: int = 300) -> int:
        number = self.commits + 1
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("INSERT INTO row VALUES (?, ?)", (number, "x" * size))
        self.connection.execute("UPDATE row SET text = ? WHERE id = 0", (str(number),))
        self.connection.execute("COMMIT")
        self.commits = number
        self.durability.note_commit(number)
        return number

    def signal(self, number: signal.Signals) -> None:
        pid = self.litestream.status.pid
        assert pid is not None
        os.kill(pid, number)

    def kill_litestream(self) -> None:
        """Kill it and wait until another answers."""
        generation = self.litestream.generation
        self.signal(signal.SIGKILL)
        until(lambda: self.litestream.generation > generation)

    def restored_up_to(self) -> int:
        """Restore, check that no row is missing in the middle, and return the last number."""
        self.restores += 1
        output = self.home / f"restored-{self.restores}.db"
        restore(self.name, self.place, output)
        connection = connect(output, read_only=True)
        try:
            last = int(connection.execute("SELECT text FROM row WHERE id = 0").fetchone()[0])
            ids = [row[0] for row in connection.execute("SELECT id FROM row ORDER BY id")]
        finally:
            connection.close()
        assert ids == list(range(last + 1))
        return last
