"""How much memory a node takes, with Litestream and all else that it started.

Pages that several processes share are counted once, in parts (`Pss` of Linux). What other programs
of the machine share with them, as the C library, is counted in part only.
"""

import contextlib
import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure
from bench.processes import free_port, running, tree_of

SUBMISSIONS = 50
# What people ask for in a day: each page loads what it needs at the first time.
PAGES = ("/", "/submit/", "/search?q=" + urllib.parse.quote("路灯"), "/console/sign-in", "/wall/")
_ROLES = (("hub", ("--sample",), 150), ("station", ("--role", "station"), 100))
_MIB = 1024 * 1024


def run(folder: Path, command: tuple[str, ...], say: Callable[[str], None]) -> list[Figure]:
    """Return what a hub with the sample and its site, and a station, take."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        figure
        for role, options, most_mib in _ROLES
        for figure in _of_node(folder / role, role, (*command, "serve", *options), most_mib, say)
    ]


def _of_node(
    data: Path, role: str, command: tuple[str, ...], most_mib: int, say: Callable[[str], None]
) -> list[Figure]:
    say(f"memory: a {role}")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    words = (*command, "--data", str(data), "--port", str(port))
    with running(words, f"{address}/healthz", data.with_suffix(".txt")) as pid:
        begun = _taken_bytes(pid)
        for number in range(SUBMISSIONS):
            _send(address, f"第{number}盏灯不亮")
        for page in PAGES:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address + page, timeout=60).close()
        used = _taken_bytes(pid)
    return [
        _figure(f"memory: a {role} after its start", begun, most_mib),
        _figure(f"memory: a {role} after {SUBMISSIONS} submissions", used, most_mib),
    ]


def _figure(what: str, taken_bytes: dict[str, int], most_mib: int) -> Figure:
    figure = sum(taken_bytes.values()) / _MIB
    return Figure(
        what, figure, "MiB", None, f"≤ {most_mib} MiB", figure <= most_mib, more={**taken_bytes}
    )


def _send(address: str, text: str) -> None:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(f"{address}/matters", body, headers)
    urllib.request.urlopen(request, timeout=60).close()


def _taken_bytes(root: int) -> dict[str, int]:
    """Return what each process of a tree takes, by its program and process id."""
    taken: dict[str, int] = {}
    for pid in tree_of(root):
        with contextlib.suppress(OSError):
            program = Path(f"/proc/{pid}/comm").read_text().strip()
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    taken[f"{program} {pid}"] = int(line.split()[1]) * 1024
    return taken
