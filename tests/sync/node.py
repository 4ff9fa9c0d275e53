"""A data folder with a real SQLite database, a real Litestream and a replica in a folder."""

import os
import secrets
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from eventlog.database import connect
from sync.keeping.claims.claim import Claimer
from sync.keeping.claims.claimant import Claimant
from sync.keeping.configuration import Contents, Keeping, ReplicatedDatabase
from sync.keeping.confirmation import Pace
from sync.keeping.durability import Durability
from sync.keeping.litestream import Litestream
from sync.keeping.pulse import SILENCE_LIMIT_S
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import restore

ROWS = Contents(
    "SELECT id, text FROM row WHERE id>0 ORDER BY id DESC LIMIT 1",
    "SELECT 1 FROM row WHERE id=? AND text=?",
)
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
        replica: Path | str | None = None,
        same_disk_counts: bool = True,
        name: str = "events",
        silence_limit_s: float = SILENCE_LIMIT_S,
        data: str = "data",
        anew: bool = False,
        keeping: Keeping | None = None,
        may_forget: Callable[[], bool] = lambda: True,
    ) -> None:
        self.home = home
        self.name = name
        self.folder = home / data
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / f"{name}.db"
        self.whole = ReplicaPlace.parse(str(replica or home / "replica"))
        self.anew = anew
        self.keeping = keeping
        self.may_forget = may_forget
        self.connection = connect(self.path)
        self.connection.execute("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, text)")
        self.connection.execute("INSERT OR IGNORE INTO row VALUES (0, '0')")
        self.same_disk_counts = same_disk_counts
        self.silence_limit_s = silence_limit_s
        self.litestream = self.new_litestream()
        self.durability = self.new_durability()
        self.commits = int(self.connection.execute("SELECT max(id) FROM row").fetchone()[0])
        self.restores = 0

    def new_litestream(self) -> Litestream:
        databases = [ReplicatedDatabase(self.name, self.path, self.whole.below(self.name), ROWS)]
        self.claimant = Claimant(
            self.folder, self.whole, databases, self.claimer, anew=self.anew, settle_s=0.1
        )
        return Litestream(
            self.folder,
            databases,
            keeping=self.keeping,
            silence_limit_s=self.silence_limit_s,
            claimant=self.claimant,
            may_forget=self.may_forget,
        )

    def claimer(self) -> Claimer:
        """Say who this is: every folder is a node of its own, unless it is a copy."""
        mark = self.folder / "node"
        if not mark.exists():
            mark.write_text(secrets.token_hex(4))
        return Claimer(node=mark.read_text(), log="1" * 16, now_ms=0)

    @property
    def place(self) -> ReplicaPlace:
        """Where the replica lies that this node writes."""
        return self.litestream.database(self.name).replica

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
        self.claimant.close()

    def commit(self, *, size: int = 300) -> int:
        number = self.commits + 1
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute(
            "INSERT INTO row VALUES (?, ?)", (number, secrets.token_hex(4) + "x" * size)
        )
        self.connection.execute("UPDATE row SET text = ? WHERE id = 0", (str(number),))
        self.connection.execute("COMMIT")
        self.commits = number
        self.durability.note_commit(number)
        return number

    def signal(self, number: signal.Signals) -> None:
        pid = self.litestream.status.pid
        assert pid is not None
        os.kill(pid, number)
        if number is signal.SIGSTOP:
            # With several threads it is stopped a moment later.
            until(
                lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
            )

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
