"""What a start costs: the sample hub to its first answer, short commands, many notices restored.

Processor time is that of the command and all that it started; wall time depends on the machine
of the moment. With a second checkout beside it each measurement is made of both, one after the
other, by the same interpreter.
"""

import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import memory, restored
from bench.figures import Figure
from bench.processes import ROOT, free_port, running, tree_of

ROUNDS = 3
_STATION = ("--role", "station")
# A node's first answer by the clock; making the sample county and its site comes on top once.
_FIRST_ANSWER_WITHIN_S = {"the same folder again": 2.0, "a station": 2.0, "the station again": 2.0}
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
                ("a station", _hub(checkout, data.with_name(f"{data.name}-s"), *_STATION)),
                ("the station again", _hub(checkout, data.with_name(f"{data.name}-s"), *_STATION)),
                ("huiyin --help", command_cost(checkout, "--help")),
                ("huiyin tokens add", command_cost(checkout, *_tokens_add(data, number))),
            ):
                costs.setdefault(what, [[] for _ in checkouts])[index].append(cost)
    figures = [figure for what, of_each in costs.items() for figure in _figures(what, of_each)]
    figures += memory.run(folder / "memory", _COMMAND, say)
    return figures + restored.run(folder, _COMMAND, say)


# Processor seconds to reach, on two cores.
_AIMS_S = {
    "a fresh sample hub": 4.0,
    "the same folder again": 1.5,
    "a station": 2.0,
    "the station again": 1.5,
    "huiyin --help": 0.4,
    "huiyin tokens add": 0.8,
}


def _figures(what: str, of_each: list[list[Cost]]) -> list[Figure]:
    cpu_s = [statistics.median(cost.cpu_s for cost in costs) for costs in of_each]
    wall_s = [statistics.median(cost.wall_s for cost in costs) for costs in of_each]
    aim_s, within_s = _AIMS_S[what], _FIRST_ANSWER_WITHIN_S.get(what)
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
            aim=f"≤ {within_s * 1000:,.0f} ms" if within_s else "",
            holds=wall_s[0] <= within_s if within_s else None,
        ),
    ]


def _tokens_add(data: Path, number: int) -> Sequence[str]:
    return ("tokens", "add", f"bench-{number}", "--role", "office", "--data", str(data))


def environment_of(checkout: Path) -> dict[str, str]:
    return {"PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'site'}"}


def _hub(checkout: Path, data: Path, *options: str) -> Cost:
    """Serve a data folder until it answers; the sample where nothing else is said."""
    port = free_port()
    where = ("--data", str(data), "--port", str(port))
    command = (*_COMMAND, "serve", *where, *(options or ("--sample",)))
    began = time.perf_counter()
    with running(
        command,
        f"http://127.0.0.1:{port}/healthz",
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
    """Return the processor seconds of a process, of those it waited for, and of all it runs."""
    seconds = 0.0
    for pid in tree_of(root):
        with contextlib.suppress(OSError):  # It has ended meanwhile.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            seconds += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return seconds
