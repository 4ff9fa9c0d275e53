"""Rounds in which a node's disk is wiped: whatever happened before, what was durable comes back.

One replica sees all rounds of a drill; each goes on from where the last one ended. While a node
writes, its server and its Litestream are killed and stopped, its line is held, slowed and cut, and
its clock jumps. Then the disk is gone, or the node is taken for dead and is not: it was restored
elsewhere, and wakes up.
"""

import ctypes
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from eventlog.database import reading
from sync.keeping.configuration import Keeping
from sync.keeping.replica import ReplicaPlace
from tests.sync.keeping.partition import Partition
from tests.sync.keeping.replica_servers import S3_KEYS
from tests.sync.keeping.wiped_nodes import NAMES, QUICK, Life, Row, WipedNode, restored

AT_FDCWD, RENAME_EXCHANGE = -100, 2
DAY_S = 86_400.0
# Generous, for a busy machine; nothing waits for so long where all is well.
TAKEN_OVER_WITHIN_S = 150.0
OTHER_ENDED_AFTER_S = 30.0
RESTORES_MOST = 5


@dataclass
class Tally:
    """What came of a drill."""

    rounds: int = 0
    durable: int = 0
    lost: int = 0
    twice: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    restores_again: int = 0

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.durable} durable, {self.lost} lost, {self.twice} twice; "
            f"{dict(self.faults)}, {dict(self.endings)}, {self.restores_again} restored again"
        )


class Wiping:
    """One drill on one replica; `round` after `round`, and `close` at the end."""

    def __init__(self, home: Path, replica: ReplicaPlace) -> None:
        self._home = home
        self._replica = replica
        self._address = replica.url or str(replica.folder)
        self._lines: dict[WipedNode, Partition] = {}
        self._folders = 0
        self._durable: set[Row] = set()
        self.tally = Tally()
        self._node = self._born(f"{replica.scheme} first", Keeping())

    def close(self) -> None:
        """End what still lives."""
        for node in tuple(self._lines):
            self._bury(node)

    def round(self, seed: str) -> None:
        """Let a node live among faults, take its disk away, and go on from the replica.

        Fails, with the seed, where anything durable is lost or there twice.
        """
        chance = random.Random(seed)
        node = self._node
        self._live(node, chance)
        ways = [self._killed, self._server_killed, self._ended, self._paused, self._forgotten]
        if node in self._lines and self._replica.folder is None:
            ways.append(self._cut_off)
        ending = chance.choice(ways)
        self.tally.endings[ending.__name__.strip("_")] += 1
        ending(node)
        lives = node.alive
        if not lives:
            shutil.rmtree(node.life.folder, ignore_errors=True)
        keeping = chance.choice((Keeping(), QUICK))
        self._node = self._taken_over(seed, keeping, node)
        if node.alive:
            self._wake(node, chance)
        self._bury(node)
        self.tally.rounds += 1

    # A node's life.

    def _born(self, seed: str, keeping: Keeping, folder: Path | None = None) -> WipedNode:
        address, line = self._address, None
        if self._replica.folder is None:
            port = port_of(self._address)
            line = Partition(port)
            address = address.replace(f"127.0.0.1:{port}", f"127.0.0.1:{line.port}")
        life = Life(folder or self._new_folder(), address, seed, keeping)
        node = WipedNode(life, tuple(S3_KEYS.items()))
        if line is not None:
            self._lines[node] = line
        else:
            self._lines.setdefault(node, Partition(1))
        return node

    def _new_folder(self) -> Path:
        self._folders += 1
        return self._home / f"data-{self._folders}"

    def _live(self, node: WipedNode, chance: random.Random) -> None:
        """Let it write until something is durable, and do to it what comes."""
        ends_at = time.monotonic() + chance.uniform(0.3, 2.0)
        gives_up_at = ends_at + TAKEN_OVER_WITHIN_S
        before = len(node.durable)
        healing: list[tuple[float, Callable[[], None]]] = []
        while time.monotonic() < ends_at or len(node.durable) == before:
            node.listen(0.02)
            now = time.monotonic()
            assert now < gives_up_at, "nothing became durable"
            due = [heal for at, heal in healing if at <= now]
            healing = [(at, heal) for at, heal in healing if at > now]
            for heal in due:
                heal()
            if now < ends_at and chance.random() < 0.12:
                heal = self._harm(node, chance)
                healing.append((now + chance.uniform(0.05, 0.8), heal))
        for _, heal in healing:
            heal()

    def _harm(self, node: WipedNode, chance: random.Random) -> Callable[[], None]:
        """Do one harm to a living node, and return what ends it."""
        line = self._lines[node]
        what = chance.choice(
            ("kill litestream", "stop litestream", "stop server", "hold", "slow", "cut", "clock")
        )
        self.tally.faults[what] += 1
        if what == "kill litestream":
            node.send(signal.SIGKILL, server=False, litestream=True)
        elif what.startswith("stop"):
            whom = {"server": what.endswith("server"), "litestream": what.endswith("litestream")}
            node.send(signal.SIGSTOP, **whom)
            return lambda: node.send(signal.SIGCONT, **whom)
        elif what == "clock":
            node.jump(chance.choice((-3650, -1, -0.04, 0.04, 1, 400, 3650)) * DAY_S)
        elif self._replica.folder is not None:
            return self._unplug(self._replica.folder)
        elif what == "cut":
            line.cut()
        else:
            line.hold() if what == "hold" else line.slow()
            return line.heal
        return lambda: None

    def _unplug(self, folder: Path) -> Callable[[], None]:
        """Take a replica's folder away: whoever asks for it gets an error until it is back."""
        away = folder.with_name(f"{folder.name}-away")
        if away.exists() or not folder.is_dir():
            return lambda: None
        away.touch()
        exchange(folder, away)

        def plug_in() -> None:
            exchange(folder, away)
            away.unlink()

        return plug_in

    # How it ends.

    def _killed(self, node: WipedNode) -> None:
        node.kill()

    def _server_killed(self, node: WipedNode) -> None:
        # Litestream is told by the kernel, and may still upload something meanwhile.
        os.kill(node.server, signal.SIGKILL)
        until_dead(node)

    def _ended(self, node: WipedNode) -> None:
        node.end()
        node.kill()

    def _paused(self, node: WipedNode) -> None:
        node.send(signal.SIGSTOP, server=True, litestream=True)

    def _forgotten(self, node: WipedNode) -> None:
        """It lives on as before; somebody restores it elsewhere all the same."""

    def _cut_off(self, node: WipedNode) -> None:
        self._lines[node].hold()

    def _wake(self, node: WipedNode, chance: random.Random) -> None:
        """Let the node of before find out that it is not the replica's any more."""
        first = chance.random() < 0.5
        for litestream in (first, not first):
            # Either may be the first to wake, and do what it had begun.
            node.send(signal.SIGCONT, server=not litestream, litestream=litestream)
            node.listen(chance.uniform(0, 0.3))
        self._lines[node].heal()
        if chance.random() < 0.3:
            node.send(signal.SIGKILL, server=False, litestream=True)
        gives_up_at = time.monotonic() + TAKEN_OVER_WITHIN_S
        while not node.refusal:
            node.listen(0.05)
            assert node.alive and time.monotonic() < gives_up_at, "it does not know"
        known = len(node.durable)
        node.listen(0.2)
        assert len(node.durable) == known, "called durable by a node that was refused"

    def _bury(self, node: WipedNode) -> None:
        node.close()
        self._durable |= node.durable
        self.tally.durable = len(self._durable)
        shutil.rmtree(node.life.folder, ignore_errors=True)
        self._lines.pop(node).close()

    # What comes after.

    def _taken_over(self, seed: str, keeping: Keeping, before: WipedNode) -> WipedNode:
        """Restore, compare, and return the node that writes the replica now.

        Where the node of before lives and goes on writing, a restore may be too late already:
        then it is refused, and made again, at last with the other one ended.
        """
        for attempt in range(1, RESTORES_MOST + 1):
            before.listen()
            told = self._durable | before.durable
            folder = self._new_folder()
            restored(folder, self._address)
            lost, twice = compared(folder, told)
            self.tally.lost += len(lost)
            self.tally.twice += len(twice)
            assert (lost, twice) == ([], []), f"lost {lost[:3]}, twice {twice[:3]}"
            node = self._born(f"{seed} {attempt}", keeping, folder)
            began_at = time.monotonic()
            while not node.durable and not node.refusal:
                node.listen(0.05)
                before.listen()
                waited_s = time.monotonic() - began_at
                assert node.alive and waited_s < TAKEN_OVER_WITHIN_S, "nobody took over"
                if before.alive and waited_s > OTHER_ENDED_AFTER_S:
                    # What it compares changes under its hands as long as the other one writes.
                    before.kill()
            if not node.refusal:
                return node
            assert (node.refusal, len(node.durable)) == ("ahead", 0)
            self.tally.restores_again += 1
            self._bury(node)
            if attempt > 1:
                before.kill()
        raise AssertionError("never taken over")


def compared(folder: Path, told: Collection[Row]) -> tuple[list[Row], list[str]]:
    """Return which rows of those that were told are not in a restored folder, and which twice.

    Fails where a number is missing in the middle, or is not the one that row 0 has.
    """
    lost, twice = [], []
    for name in NAMES:
        path = folder / f"{name}.db"
        rows: list[tuple[int, str]] = []
        if path.exists():
            with reading(path) as connection:
                rows = [
                    (number, text.rstrip())
                    for number, text in connection.execute("SELECT id, text FROM row")
                ]
                (last,) = connection.execute("SELECT text FROM row WHERE id=0").fetchone()
            assert sorted(number for number, _ in rows) == list(range(int(last) + 1))
        there = set(rows)
        lost += [row for row in told if row.name == name and (row.number, row.text) not in there]
        times = Counter(text for number, text in rows if number)
        twice += [text for text, often in times.items() if often > 1]
    return lost, twice


def exchange(one: Path, other: Path) -> None:
    """Exchange two files or folders, so that there is no moment at which either is not there."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, bytes(one), AT_FDCWD, bytes(other), RENAME_EXCHANGE) != 0:
        raise OSError(ctypes.get_errno(), "renameat2", str(one))


def port_of(address: str) -> int:
    """Return the port on loopback that stands in the address of a replica."""
    return int(address.partition("127.0.0.1:")[2].partition("/")[0].partition("?")[0])


def until_dead(node: WipedNode) -> None:
    """Wait until the server is no more; what it started may go on for a moment."""
    gives_up_at = time.monotonic() + 10
    while node.alive:
        node.listen(0.01)
        assert time.monotonic() < gives_up_at
