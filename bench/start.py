"""What a start costs: the sample hub to its first answer, short commands, many notices restored.

Processor time is that of the command and all that it started; wall time depends on the machine
of the moment. With a second checkout beside it each measurement is made of both, one after the
other, by the same interpreter.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import restored
from bench.figures import Figure
from bench.processes import ROOT, free_port, running

ROUNDS = 3
_COMMAND = (sys.executable, "-m", "server.command_line")


class Cost(NamedTuple):
    """Seconds of processor and wall."""

    cpu_s: float
    wall_s: float


def run(folder: Path, beside: Path | None, say: Callable[[str], None]) -> list[Figure]:
    """Return what each start costs, its peer being the code of the checkout `beside`."""
    checkouts = [ROOT] if beside is None else [ROOT, beside.resolve()]
    costs: dict[str, list[list[Cost]]] = {}
    for number in range(ROUNDS):
        for index, checkout in enumerate(checkouts):
            say(f"start: round {number + 1} of {checkout.name}")
            data = folder / f"{index}-{number}"
            data.parent.mkdir(parents=True, exist_ok=True)
            for what, cost in (
                ("a fresh sample hub", _hub(checkout, data)),
                ("the same folder again", _hub(checkout, data)),
                ("huiyin --help", command_cost(checkout, "--help")),
                ("huiyin tokens add", command_cost(checkout, *_tokens_add(data, number))),
            ):
                costs.setdefault(what, [[] for _ in checkouts])[index].append(cost)
    figures = [figure for what, of_each in costs.items() for figure in _figures(what, of_each)]
    return figures + restored.run(folder, _COMMAND, say)


# Processor seconds to reach, on two cores.
_AIMS_S = {
    "a fresh sample hub": 4.0,
    "the same folder again": 1.5,
    "huiyin --help": 0.4,
    "huiyin tokens add": 0.8,
}


def _figures(what: str, of_each: list[list[Cost]]) -> list[Figure]:
    cpu_s = [statistics.median(cost.cpu_s for cost in costs) for costs in of_each]
    wall_s = [statistics.median(cost.wall_s for cost in costs) for costs in of_each]
    aim_s = _AIMS_S[what]
    return [
        Figure(
            f"start: {what}, processor time",
            cpu_s[0] * 1000,
            "ms",
            cpu_s[1] * 1000 if cpu_s[1:] else None,
            aim=f"≤ {aim_s * 1000:,.0f} ms",
            holds=cpu_s[0] <= aim_s,
        ),
        Figure(
            f"start: {what}, by the clock",
            wall_s[0] * 1000,
            "ms",
            wall_s[1] * 1000 if wall_s[1:] else None,
        ),
    ]


def _tokens_add(data: Path, number: int) -> Sequence[str]:
    return ("tokens", "add", f"bench-{number}", "--role", "office", "--data", str(data))


def environment_of(checkout: Path) -> dict[str, str]:
    return {"PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'site'}"}


def _hub(checkout: Path, data: Path) -> Cost:
    """Serve the sample from a data folder until it answers."""
    port = free_port()
    command = (*_COMMAND, "serve", "--data", str(data), "--port", str(port), "--sample")
    began = time.perf_counter()
    with running(
        command,
        f"http://127.0.0.1:{port}/",
        data.with_name(f"{data.name}.txt"),
        environment_of(checkout),
        folder=checkout,
    ) as pid:
        wall_s = time.perf_counter() - began
        return Cost(tree_cpu_s(pid), wall_s)


def command_cost(checkout: Path, *arguments: str) -> Cost:
    """Return what a command of a checkout costs, run to its end."""
    before, began = os.times(), time.perf_counter()
    subprocess.run(
        (*_COMMAND, *arguments),
        check=True,
        cwd=checkout,
        env={**os.environ, **environment_of(checkout)},
        stdout=subprocess.DEVNULL,
    )
    after, wall_s = os.times(), time.perf_counter() - began
    return Cost(
        after.children_user + after.children_system - before.children_user - before.children_system,
        wall_s,
    )


def tree_cpu_s(root: int) -> float:
    """The processor seconds of a process, of those it waited for, and of all that it runs."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                # It has ended meanwhile.
                continue
            pid = int(entry.name)
            parents[pid] = int(fields[1])
            seconds[pid] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    tree = {root}
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(seconds[pid] for pid in tree)
