"""`python -m tests.sync.histories --steps 1000000`: random histories on all cores, until so many
steps were made; each that fails is told with the command that plays it again.

`python -m tests.sync.histories --replay SEED [--without 3,5-9]` plays one history, aloud; with
`--shrink` it first leaves out what it can.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

from tests.sync.histories import simulation
from tests.sync.histories.play import Player

COMMAND = "python -m tests.sync.histories"
# A lane begins so far behind the one before that their seeds never meet.
LANE_APART = 10_000_000
FAILURES_MOST = 20
TOLD_EVERY_S = 20.0


def main() -> int:
    """Do what the command line says; return 1 where a history failed."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--lane", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--replay", type=int, metavar="SEED")
    parser.add_argument("--without", default="", metavar="STEPS")
    parser.add_argument("--shrink", action="store_true")
    chosen = parser.parse_args()
    if not simulation.is_without_chance():
        simulation.begin_anew_without_chance()
    if chosen.replay is not None:
        return replay(chosen.replay, in_full(chosen.without), chosen.shrink)
    if chosen.lane is not None:
        return run_lane(chosen.lane, chosen.seed, chosen.steps)
    return run_lanes(chosen.lanes, chosen.seed, chosen.steps)


def replay(seed: int, left_out: list[int], shrink: bool) -> int:
    """Play one history aloud."""
    player = Player()
    try:
        if shrink and player.play(seed, left_out).failure:
            left_out = player.shrunk(seed)
        played = player.play(seed, left_out, aloud=True)
    finally:
        player.close()
    say(f"{played.steps} steps, {played.failure or 'all is well'}, {played.digest}")
    if left_out:
        say(f"{COMMAND} --replay {seed} --without {in_short(left_out)}")
    return bool(played.failure)


def run_lane(lane: int, seed: int, steps: int) -> int:
    """Play histories from a seed on until so many steps were made; tell each minute and failure."""
    player = Player()
    made = histories = failures = 0
    told_s = time.perf_counter()
    number = seed + lane * LANE_APART
    try:
        while made < steps and failures < FAILURES_MOST:
            played = player.play(number)
            made, histories = made + played.steps, histories + 1
            if played.failure:
                failures += 1
                _tell(failure=played.failure, seed=number)
            number += 1
            if time.perf_counter() - told_s > TOLD_EVERY_S or made >= steps or played.failure:
                told_s = time.perf_counter()
                _tell(made=made, histories=histories, failures=failures, cpu_s=time.process_time())
    finally:
        player.close()
    return bool(failures)


def _tell(**what: Any) -> None:
    say(json.dumps(what))


def run_lanes(lanes: int, seed: int, steps: int) -> int:
    """Run lanes beside each other, one a core, and print what came of them."""
    began_s = time.perf_counter()
    arguments = ["--seed", str(seed), "--steps", str(-(-steps // lanes))]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.sync.histories", *arguments, "--lane", str(lane)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for lane in range(lanes)
    ]
    newest: list[dict[str, Any]] = [{} for _ in processes]
    readers = [
        threading.Thread(target=_read, args=(process, newest[lane]))
        for lane, process in enumerate(processes)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    ended = [process.wait() for process in processes]
    made, histories, failures, cpu_s = (
        sum(told.get(name, 0) for told in newest)
        for name in ("made", "histories", "failures", "cpu_s")
    )
    took_s = time.perf_counter() - began_s
    say(
        f"{made:,} steps in {histories:,} histories, {took_s / 60:.1f} minutes "
        f"({cpu_s / 60:.1f} of computing), {made / took_s:.0f} a second: {failures} failed"
    )
    return int(any(ended) or made < steps)


def _read(process: "subprocess.Popen[str]", newest: dict[str, Any]) -> None:
    """Keep what a lane told last, and print its failures at once."""
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            told = json.loads(line)
            if "failure" in told:
                say(f"{told['failure']}\n    {COMMAND} --replay {told['seed']} --shrink")
            else:
                newest.update(told)


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201  # this is a command


def in_short(numbers: list[int]) -> str:
    """Return numbers as `1,3-5`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in parts)


def in_full(text: str) -> list[int]:
    """Return what `in_short` was made from."""
    numbers: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


if __name__ == "__main__":
    sys.exit(main())
