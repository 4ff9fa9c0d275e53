"""Plays histories by their seeds, and leaves out steps of one that fails until no more can go."""

import hashlib
import shutil
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.sync.histories.county import begun
from tests.sync.histories.drawing import COME_TOGETHER, Step, drawn
from tests.sync.histories.history import History
from tests.sync.histories.simulation import Simulation
from tests.sync.histories.together import check_plain_text, come_together
from tests.sync.small_nodes import ids, states

MEMORY = Path("/dev/shm")
SECONDS_A_STEP = 0.3


class Played(NamedTuple):
    """How many steps were made, why the history failed ("" where it did not), and its digest.

    The digest is over all that was said and all states at the end: two that differ are two
    histories.
    """

    steps: int
    failure: str
    digest: str


class Player:
    """Plays histories, one after the other, in a folder of its own in memory."""

    def __init__(self) -> None:
        self._simulation = Simulation()
        memory = MEMORY if MEMORY.is_dir() else None
        self._folder = Path(tempfile.mkdtemp(prefix="histories-", dir=memory))
        self._begun = begun(self._folder / "begun", self._simulation)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder)

    def play(self, seed: int, left_out: Sequence[int] = (), *, aloud: bool = False) -> Played:
        """Play the history of a seed, without some of its steps; all come together at the end."""
        root = self._folder / "history"
        history = History(self._begun, root, self._simulation, seed)
        steps = made = 0
        failure = ""
        try:
            for number, step in enumerate([*drawn(seed), Step(COME_TOGETHER, 0, 0, 0)]):
                if number in left_out:
                    continue
                self._simulation.time.now_s += SECONDS_A_STEP
                steps = number
                if aloud:
                    _say(f"{number:4} {step.name} {step.station} {step.one} {step.other}")
                if step.name == COME_TOGETHER:
                    come_together(history)
                    history.check_durable()
                    made += 1
                else:
                    made += history.make(step)
                if aloud and history.deliveries:
                    _say(f"      {history.deliveries[-1]}")
            check_plain_text(history)
            digest = _digest(history)
        except Exception as error:
            digest = ""
            failure = f"step {steps}: {type(error).__name__}: {error}"
            if aloud:
                traceback.print_exc()
        history.close()
        return Played(made, failure, digest)

    def shrunk(self, seed: int) -> list[int]:
        """Return which steps of a history that fails can be left out, and it still fails."""
        count, left_out = len(drawn(seed)), list[int]()
        size = count // 2
        while size:
            for start in range(0, count, size):
                more = sorted({*left_out, *range(start, min(count, start + size))})
                if len(more) > len(left_out) and self.play(seed, more).failure:
                    left_out = more
            size //= 2
        return left_out


def _say(text: str) -> None:
    print(text)  # noqa: T201  # somebody wants to hear it


def _digest(history: History) -> str:
    running = hashlib.sha256()
    for delivery in history.deliveries:
        running.update(repr(delivery).encode())
    for node in history.nodes():
        for event in sorted(ids(node.log)):
            running.update(event)
        for subject, state in sorted(states(node.log).items()):
            running.update(subject + state)
    return running.hexdigest()
