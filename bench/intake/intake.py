"""How many matters a second are taken in, beside a server that only parses, and other products.

All servers run at once; each takes its turn in every round, so that what else the machine does
falls on all of them, and the median over the rounds counts. Ours waits for the replica with every
answer; the peers only commit, and the parsing one stores nothing at all.
"""

import contextlib
import itertools
import json
import os
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.intake import peers
from bench.intake.load import CONNECTIONS, WRK_MOST, Load, LoadError, send
from bench.processes import NotReadyError, cpu_s, free_port, running

AIM = 0.6
WARM_S = 2.0


@dataclass
class Target:
    """One line of the comparison, what was measured of it, and who it is compared with."""

    name: str
    address: str
    style: str
    pid: int
    peer: str = ""
    contact: bool = True
    token: str = ""
    loads: list[Load] = field(default_factory=list)
    warm: Load | None = None
    server_share: list[float] = field(default_factory=list)
    failed: str = ""


def run(folder: Path, rounds: int, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    """Return matters a second of each, and whether ours are all there afterwards."""
    folder.mkdir(parents=True)
    figures: list[Figure] = []
    with contextlib.ExitStack() as stack:
        say("intake: starting the servers")
        address, plain = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
        data = folder / "ours"
        ours = stack.enter_context(_ours(data, address, folder / "ours.log"))
        parser = stack.enter_context(_plain(plain, folder / "plain.log"))
        targets = _targets(address, ours, plain, parser)
        for name, start in (("PocketBase", peers.pocketbase), ("Datasette", peers.datasette)):
            try:
                peer = stack.enter_context(start(folder / name.lower()))
            except NotReadyError as error:
                figures.append(Figure(f"intake, {name}", None, "/s", missing=f"not run: {error}"))
                say(f"intake: {name} is left out: {error}")
            else:
                targets.append(Target(name, peer.address, name.lower(), peer.pid, token=peer.token))
        _measure(targets, rounds, seconds, say)
    figures = [*_figures(targets), *figures]
    figures.append(_all_there(data, [one for one in targets if one.pid == ours], say))
    return figures


def _targets(address: str, ours: int, plain: str, parser: int) -> list[Target]:
    matters = f"{address}/matters"
    return [
        Target("ours, form", matters, "form", ours, "only parsing a form"),
        Target("only parsing a form", f"{plain}/form", "form", parser),
        Target("ours, JSON", matters, "json", ours, "only parsing JSON"),
        Target("only parsing JSON", f"{plain}/json", "json", parser),
        Target(
            "ours, form, no contact", matters, "form", ours, "only parsing a form", contact=False
        ),
        Target("ours, JSON, no contact", matters, "json", ours, "only parsing JSON", contact=False),
        Target("hello, world", f"{plain}/hello", "json", parser),
    ]


@contextlib.contextmanager
def _ours(data: Path, address: str, log: Path) -> Iterator[int]:
    port = address.rpartition(":")[2]
    command = [sys.executable, "-m", "server.command_line", "serve", "--sample"]
    command += ["--data", str(data), "--port", port, "--host", "127.0.0.1"]
    # A setting of the caller's must not change what is measured.
    unset = {name: "" for name in os.environ if name.startswith("HUIYIN_")}
    if unset:
        raise NotReadyError(f"unset {', '.join(unset)} first")
    with running(command, f"{address}/healthz", log) as pid:
        yield pid


@contextlib.contextmanager
def _plain(address: str, log: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.intake.plain_app", address.rpartition(":")[2]]
    with running(command, f"{address}/", log) as pid:
        yield pid


def _measure(
    targets: list[Target], rounds: int, seconds: float, say: Callable[[str], None]
) -> None:
    for number, target in itertools.product(range(rounds + 1), targets):
        if target.failed:
            continue
        began = cpu_s(target.pid)
        try:
            load = send(
                target.address,
                target.style,
                seconds if number else WARM_S,
                contact=target.contact,
                token=target.token,
            )
        except (LoadError, subprocess.TimeoutExpired) as error:
            target.failed = str(error)
            say(f"intake: {target.name}: {error}")
            continue
        if number:
            target.loads.append(load)
            target.server_share.append((cpu_s(target.pid) - began) / load.seconds)
        else:
            target.warm = load
        if not load.good:
            target.failed = f"no answer as wanted, but {load.sample}"
        say(
            f"intake: round {number or 'of warming'}: {target.name} {load.per_second:,.0f}/s, "
            f"p50 {load.p50_ms:.1f} ms, p99 {load.p99_ms:.1f} ms, {load.other} others"
        )


def _figures(targets: list[Target]) -> list[Figure]:
    medians = {
        target.name: statistics.median(load.per_second for load in target.loads)
        for target in targets
        if target.loads and not target.failed
    }
    figures: list[Figure] = []
    for target in targets:
        what = f"intake, {target.name}"
        if target.name not in medians:
            figures.append(Figure(what, None, "/s", missing=f"not run: {target.failed}"))
            continue
        ratios = _ratios(target, targets)
        ratio = statistics.median(ratios) if ratios else None
        aimed = ratio is not None and target.contact
        figures.append(
            Figure(
                what,
                medians[target.name],
                "/s",
                medians.get(target.peer),
                paired=ratio,
                aim=f"≥ {AIM:g} × peer" if aimed else "",
                holds=ratio >= AIM if ratio is not None and aimed else None,
                more=_more(target),
            )
        )
    figures.append(_bottleneck(targets))
    return figures


def _ratios(target: Target, targets: list[Target]) -> list[float]:
    """Return the ratio to its peer within each round."""
    for peer in targets:
        if peer.name == target.peer:
            return [
                mine.per_second / theirs.per_second
                for mine, theirs in zip(target.loads, peer.loads, strict=False)
                if theirs.good
            ]
    return []


def _more(target: Target) -> dict[str, Any]:
    return {
        "p50_ms": statistics.median(load.p50_ms for load in target.loads),
        "p99_ms": statistics.median(load.p99_ms for load in target.loads),
        "per_second": [round(load.per_second) for load in target.loads],
        "answers": sum(load.good for load in target.loads),
        "not_as_wanted": sum(load.other for load in target.loads),
        "lost": sum(load.lost for load in target.loads),
        "wrk_share_of_a_core": [round(load.wrk_share, 2) for load in target.loads],
        "server_share_of_a_core": [round(share, 2) for share in target.server_share],
    }


def details(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    """Return rows of latency and load for the figures that are of intake, their head first."""
    rows: list[tuple[str, ...]] = [
        ("intake", "each round /s", "p50 ms", "p99 ms", "others", "server", "wrk")
    ]
    for figure in figures:
        if figure.what.startswith("intake, ") and figure.more:
            more = figure.more
            rows.append(
                (
                    figure.what.removeprefix("intake, "),
                    " ".join(f"{rate:,}" for rate in more["per_second"]),
                    f"{more['p50_ms']:.1f}",
                    f"{more['p99_ms']:.1f}",
                    f"{more['not_as_wanted']:,}",
                    f"{statistics.median(more['server_share_of_a_core']):.0%}",
                    f"{statistics.median(more['wrk_share_of_a_core']):.0%}",
                )
            )
    return rows


def _bottleneck(targets: list[Target]) -> Figure:
    worst = max((load.wrk_share for one in targets for load in one.loads), default=0.0)
    return Figure(
        "wrk's one thread: most that it used of a core",
        worst * 100,
        "%",
        aim=f"≤ {WRK_MOST:.0%}",
        holds=worst <= WRK_MOST,
    )


def _all_there(data: Path, ours: list[Target], say: Callable[[str], None]) -> Figure:
    """Return how many rows there are against how many answers, and let the log be verified."""
    say("intake: counting, and verifying the log")
    loads = [load for one in ours for load in (one.warm, *one.loads) if load is not None]
    good = sum(load.good for load in loads)
    other = sum(load.other for load in loads)
    with contextlib.closing(sqlite3.connect(data / "huiyin.db")) as connection:
        rows = int(connection.execute("SELECT count(*) FROM matters").fetchone()[0])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "server.command_line", "matters", "verify"),
            *("--json", "--data", str(data)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    verified = done.returncode == 0 and bool(json.loads(done.stdout)["ok"])
    # When wrk ends, each of its connections may have one more under way.
    most = good + other + CONNECTIONS * len(loads)
    return Figure(
        f"rows kept, peer: answers (+ ≤ {most - good - other:,} under way); verify "
        + ("holds" if verified else "FAILS"),
        rows,
        "",
        good,
        aim="none lost",
        holds=verified and good <= rows <= most and not other,
        more={"durable": good, "not_durable": other, "verified": verified},
    )
