"""A node in a process of its own, which writes at random and says what is durable of that."""

import os
import random
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from eventlog.database import connect
from sync.keeping.claims.claim import Claimer, ReplicaRefused, claim_of, places_of
from sync.keeping.claims.claim_notes import note_restored
from sync.keeping.claims.claimant import Claimant
from sync.keeping.configuration import Keeping, ReplicatedDatabase
from sync.keeping.confirmation import Pace
from sync.keeping.durability import Durability
from sync.keeping.litestream import Litestream
from sync.keeping.process import command_line
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import NoBackupError, restore_newest
from tests.sync.forks import FORKS
from tests.sync.node import ROWS, until

NAMES = ("huiyin", "attachments")
# Folds and removes while a node lives a second or two.
QUICK = Keeping(level_1_interval="300ms", level_0_retention="500ms", level_0_check_interval="300ms")
# A county's, but for the patience.
PACE = Pace(answer_within_s=0.5)
# A node that goes on living while others are restored on a slow machine soon writes less often.
AT_PACE_ROWS, LATER_PAUSE_S = 200, 0.3
# A Litestream that hangs is ended sooner than a county's.
SILENCE_LIMIT_S = 3.0


class Row(NamedTuple):
    """What was written: in which database, as which number, and its words, which are its own."""

    name: str
    number: int
    text: str


class Life(NamedTuple):
    """How a node lives: where, the seed of its pace, and how long it pauses between two rows."""

    folder: Path
    replica: str
    seed: str
    keeping: Keeping
    # Now and then it is quiet for a moment, now and then there is a crowd.
    pauses_s: Sequence[float] = (0.001, 0.004, 0.02, 0.1)
    # Of a node that is to write on: how many rows at that pace.
    rows_at_pace: float = AT_PACE_ROWS


def replicated(folder: Path, replica: str) -> list[ReplicatedDatabase]:
    """Return the databases of a node with their replicas."""
    place = ReplicaPlace.parse(replica)
    return [
        ReplicatedDatabase(name, folder / f"{name}.db", place.below(name), ROWS) for name in NAMES
    ]


def restored(folder: Path, replica: str) -> None:
    """Bring both databases back into a new folder, in the steps of `huiyin restore`."""
    folder.mkdir()
    place = ReplicaPlace.parse(replica)
    claim = claim_of(place)
    places = places_of(place, claim)
    for database in replicated(folder, replica):
        try:
            restore_newest(database.name, places, database.path)
        except NoBackupError:
            # Photos may never have been replicated.
            if database.name == NAMES[0]:
                raise
    note_restored(folder, claim, replicated(folder, replica))


class _Writer:
    """Writes numbered rows to one database; row 0 has the number of the last."""

    def __init__(self, database: ReplicatedDatabase, litestream: Litestream) -> None:
        self.database = database
        self.connection = connect(database.path)
        self.connection.execute("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, text)")
        self.connection.execute("INSERT OR IGNORE INTO row VALUES (0, '0')")
        self.number = int(self.connection.execute("SELECT max(id) FROM row").fetchone()[0])
        self.durability = Durability(litestream, database.name, same_disk_counts=True, pace=PACE)
        self.durability.note_commit(self.number)

    def write(self, text: str) -> tuple[Row, "Future[bool]"]:
        """Commit one row, and return it with what becomes of it."""
        self.number += 1
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("INSERT INTO row VALUES (?, ?)", (self.number, text))
        self.connection.execute("UPDATE row SET text = ? WHERE id = 0", (str(self.number),))
        self.connection.execute("COMMIT")
        self.durability.note_commit(self.number)
        row = Row(self.database.name, self.number, text)
        return row, self.durability.when_durable(self.number)


class _Living:
    """The inside of a node's process."""

    def __init__(self, life: Life, news: Connection) -> None:
        self._chance = random.Random(life.seed)
        self._seed = life.seed
        self._pauses_s, self._rows_at_pace = life.pauses_s, life.rows_at_pace
        self._news = news
        self._saying = Lock()
        self._clock_s = 0.0
        databases = replicated(life.folder, life.replica)
        self._claimant = Claimant(
            life.folder,
            ReplicaPlace.parse(life.replica),
            databases,
            lambda: Claimer(node="county", log="1" * 16, now_ms=self._now_ms()),
        )
        self._litestream = Litestream(
            life.folder,
            databases,
            keeping=life.keeping,
            silence_limit_s=SILENCE_LIMIT_S,
            claimant=self._claimant,
        )
        self._writers = [_Writer(database, self._litestream) for database in databases]

    def live(self, orders: Connection) -> None:
        """Write, and say what is durable, until the order to end."""
        self._litestream.start(0)
        for writer in self._writers:
            writer.durability.start()
        refusal: ReplicaRefused | None = None
        held, written = False, 0
        while True:
            written += 1
            pauses_s = self._pauses_s if written < self._rows_at_pace else (LATER_PAUSE_S,)
            if orders.poll(self._chance.choice(pauses_s)):
                order = orders.recv()
                if order is None:
                    break
                self._clock_s += order
            self._write()
            if self._litestream.refusal is not refusal:
                refusal = self._litestream.refusal
                self._say("refused", None if refusal is None else refusal.code)
            if self._claimant.is_held and not held:
                held = True
                self._say("held", None)
        self._end()

    def _write(self) -> None:
        writer = self._writers[self._chance.random() < 0.2]
        # Not of the seed: a round may be played again on the replica where it was played.
        text = f"{self._seed} {secrets.token_hex(8)}"
        row, durable = writer.write(text + " " * self._chance.choice((10, 300, 5000)))

        def told(future: "Future[bool]") -> None:
            if not future.cancelled() and future.result():
                # Short, so that the pipe takes it whole or not at all, whenever this is killed.
                self._say("durable", row._replace(text=text))

        durable.add_done_callback(told)

    def _say(self, what: str, value: object) -> None:
        with self._saying:
            self._news.send((what, value))

    def _end(self) -> None:
        """End in the one order that loses nothing."""
        arrived = [writer.durability.final_sync(2.0) for writer in self._writers]
        for writer in self._writers:
            writer.durability.stop()
            writer.connection.close()
        self._litestream.stop(1.5)
        if all(arrived):
            self._claimant.note_end()
        self._claimant.close()

    def _now_ms(self) -> int:
        return int((time.time() + self._clock_s) * 1000)


def _live(
    life: Life, orders: Connection, news: Connection, environment: Sequence[tuple[str, str]]
) -> None:
    os.environ.update(environment)
    # What goes wrong in between is told by the node, as it is meant to be.
    sys.stderr = (life.folder / "stderr").open("a")
    _Living(life, news).live(orders)


class WipedNode:
    """A node seen from outside; `durable` is what it ever called so, in the test's own memory."""

    def __init__(self, life: Life, environment: Sequence[tuple[str, str]] = ()) -> None:
        self.life = life
        life.folder.mkdir(parents=True, exist_ok=True)
        self.durable: set[Row] = set()
        self.refusal = ""
        self.was_refused = ""
        self.held = False
        orders, self._orders = FORKS.Pipe(duplex=False)
        self._news, news = FORKS.Pipe(duplex=False)
        self._process = FORKS.Process(target=_live, args=(life, orders, news, environment))
        self._process.start()
        orders.close()
        news.close()

    @property
    def alive(self) -> bool:
        """Whether the server's process is there, though it may be stopped."""
        return self._process.is_alive()

    @property
    def server(self) -> int:
        """The server's process id."""
        assert self._process.pid is not None
        return self._process.pid

    def litestreams(self) -> list[int]:
        """Return the processes of Litestream that work for this folder."""
        mark = f"{self.life.folder}/litestream"
        numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
        return [
            pid
            for pid in numbers
            if (words := command_line(pid))
            and words[0].endswith("/litestream")
            and any(word.startswith(mark) for word in words)
        ]

    def send(self, number: signal.Signals, *, server: bool, litestream: bool) -> None:
        """Send a signal to one of the two, or to both."""
        for pid in [self.server] * server + (self.litestreams() if litestream else []):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def jump(self, seconds: float) -> None:
        """Set the server's clock forward or back."""
        self._order(seconds)

    def listen(self, for_s: float = 0.0) -> None:
        """Hear for so long what the node says, and what it has said."""
        until_s = time.monotonic() + for_s
        try:
            while self._news.poll(max(0.0, until_s - time.monotonic())):
                what, value = self._news.recv()
                if what == "durable":
                    self.durable.add(Row(*value))
                elif what == "held":
                    self.held = True
                else:
                    self.refusal = value or ""
                    self.was_refused = self.refusal or self.was_refused
        except (EOFError, OSError):
            # A word that was broken off was not said.
            pass

    def await_durable(self, within_s: float) -> None:
        """Hear until something new is durable."""
        before, until_s = len(self.durable), time.monotonic() + within_s
        while len(self.durable) == before:
            self.listen(0.02)
            assert time.monotonic() < until_s, "nothing became durable"

    def end(self) -> None:
        """End it in order, or by force where that takes long."""
        self._order(None)
        self._process.join(10)

    def kill(self) -> None:
        """End server and Litestream, whatever they do."""
        for _ in range(3):
            self.send(signal.SIGKILL, server=True, litestream=True)
            self._process.join()
        until(lambda: not self.litestreams())

    def close(self) -> None:
        """Kill it, and hear what it had said."""
        self.kill()
        self.listen()
        for end in (self._news, self._orders):
            end.close()
        self._process.close()

    def _order(self, order: float | None) -> None:
        # It may be dead.
        with suppress(OSError):
            self._orders.send(order)
