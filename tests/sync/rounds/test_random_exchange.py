"""Random histories of hubs, replicas and stations over lines and by sticks that do their worst.

They are played by a command of their own (`tests/sync/histories`), in processes without chance: one
seed gives the same bytes each time, so a history that fails plays again, and is made smaller.
"""

import subprocess
import sys
import time

import pytest

from tests.counts import FULL, count
from tests.drills import tell

pytestmark = pytest.mark.faults
COMMAND = (sys.executable, "-m", "tests.sync.histories")
STEPS = count(700, 1_000_000)
DAY_S = 86_400


@pytest.mark.timeout(4 * 3600)
def test_random_histories_lose_nothing_and_converge() -> None:
    # Others than yesterday's: what was played once and is well says nothing new.
    seed = 0 if FULL else 1_000_000_000 + int(time.time()) // DAY_S * 1000
    lanes = ("--lanes", "2" if FULL else "1")
    words = ("--steps", str(STEPS), "--seed", str(seed), *lanes)
    made = subprocess.run([*COMMAND, *words], stdout=subprocess.PIPE, text=True, check=False)
    # Each failure with the command that plays it again.
    sys.stdout.write(made.stdout)
    assert made.returncode == 0
    steps = int(made.stdout.splitlines()[-1].split()[0].replace(",", ""))
    assert steps >= STEPS
    tell("exchange", steps)


def test_a_seed_gives_the_same_history_each_time_and_steps_can_be_left_out() -> None:
    said = [
        subprocess.run(
            [*COMMAND, "--replay", "1", *words], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for words in ((), (), ("--without", "3,20-70"))
    ]
    assert said[0] == said[1] and "all is well" in said[0][-1]
    assert said[2][-1].endswith("--replay 1 --without 3,20-70")
    assert len(said[2]) < len(said[0]) - 40
