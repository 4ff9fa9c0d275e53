"""A line of 16 kbit/s that loses three packets of ten each way, between two network namespaces.

In full by chance, which now and then takes a minute from one submission; else the same three of
each ten, in no order that TCP could meet.

`python -m tests.sync.slow_line FOLDER HOST PORT COUNT` plays the station at its end: it carries
COUNT submissions one by one, then twenty at once, and writes out what each took.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.rounds.client import HubLine
from tests.counts import FULL
from tests.sync.dying_nodes import open_station
from tests.sync.small_nodes import SmallStation, lined

RATE = "16kbit"
# As iptables takes it, each a rule of its own. The second and third count what is left.
BY_CHANCE = [("--mode", "random", "--probability", "0.3")]
IN_TURN = [
    ("--mode", "nth", "--every", "10", "--packet", "1"),
    ("--mode", "nth", "--every", "9", "--packet", "4"),
    ("--mode", "nth", "--every", "8", "--packet", "5"),
]
AT_ONCE = 20
HUB, STATION = "10.99.7.1", "10.99.7.2"
TEXT = "村口的桥板断了一块，老人孩子过河要绕两里路，请尽快派人来看看，最好赶在雨季以前修好。"


class NotAllowed(Exception):
    """The machine makes no network namespaces, or not for this user."""


def _run(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotAllowed(f"{words[0]}: {error}") from error
    if done.returncode != 0:
        raise NotAllowed(f"{' '.join(words)}: {done.stderr.strip()}")


@contextmanager
def slow_line() -> Iterator[tuple[list[str], list[str]]]:
    """Yield what a command begins with to run at the hub's end, and at the station's.

    Raises NotAllowed.
    """
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "tc", "iptables"))):
        raise NotAllowed("it takes root, and iproute2 and iptables")
    ends = [(f"huiyin-{end}-{os.getpid()}", f"hy{end}{os.getpid()}") for end in ("h", "s")]
    (here, one), (there, other) = ends
    made = []
    try:
        for namespace, _ in ends:
            _run("ip", "netns", "add", namespace)
            made.append(namespace)
        _run(
            *("ip", "link", "add", one, "netns", here),
            *("type", "veth", "peer", "name", other, "netns", there),
        )
        for (namespace, device), address in zip(ends, (HUB, STATION), strict=True):
            _run("ip", "-n", namespace, "address", "add", f"{address}/24", "dev", device)
            _run("ip", "-n", namespace, "link", "set", device, "up")
            within = ("ip", "netns", "exec", namespace)
            shape = ("tbf", "rate", RATE, "burst", "2000", "latency", "3s")
            _run(*within, "tc", "qdisc", "add", "dev", device, "root", *shape)
            for lost in BY_CHANCE if FULL else IN_TURN:
                _run(*within, "iptables", "-A", "INPUT", "-m", "statistic", *lost, "-j", "DROP")
        yield ["ip", "netns", "exec", here], ["ip", "netns", "exec", there]
    finally:
        for namespace in made:
            subprocess.run(["ip", "netns", "delete", namespace], check=False)


def carry(station: SmallStation) -> None:
    """Deliver until nothing waits, again soon after a failure as a station's rounds do."""
    while station.counts()[:2] != (0, 0):
        if not station.deliver().ok:
            time.sleep(0.5)


def main(folder: Path, host: str, port: int, count: int) -> None:
    """Carry, and write out how long each submission took, in seconds, and how many requests."""
    station = open_station(folder)
    line = HubLine(f"http://{host}:{port}/")
    requests = 0

    def counted(message: bytes) -> bytes:
        nonlocal requests
        requests += 1
        return line.exchange(message)

    station.line = counted
    took: list[tuple[float, int]] = []
    for number in range(1, count + 1):
        requests, began = 0, time.monotonic()
        station.write(lined(number, f"第{number}件：{TEXT}", station="shiweng"))
        carry(station)
        took.append((time.monotonic() - began, requests))
    began = time.monotonic()
    for number in range(count + 1, count + 1 + AT_ONCE):
        station.write(lined(number, f"第{number}件：{TEXT}", station="shiweng"))
    carry(station)
    json.dump({"one": took, "twenty_s": time.monotonic() - began}, sys.stdout)
    station.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
