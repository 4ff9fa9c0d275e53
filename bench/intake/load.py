"""The load: wrk on one thread with 64 connections, each sending its next request when answered.

wrk could be the bottleneck only if its one thread had no time left, so what it used of a core is
measured with every run.
"""

import random
import re
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 64
SCRIPT = Path(__file__).with_name("load.lua")
# Above this share of a core wrk itself would hold the server up.
WRK_MOST = 0.9


class LoadError(Exception):
    """wrk could not be run, or said something that is not understood."""


@dataclass(frozen=True)
class Load:
    """What one run gave: answers as wanted and others, latency in ms, wrk's share of a core."""

    good: int
    other: int
    seconds: float
    p50_ms: float
    p99_ms: float
    mean_ms: float
    lost: int
    wrk_share: float
    sample: str

    @property
    def per_second(self) -> float:
        """Answers as wanted, a second."""
        return self.good / self.seconds


def send(
    address: str, style: str, seconds: float, *, contact: bool = True, token: str = ""
) -> Load:
    """Send for some seconds, and return what came back. Raises LoadError."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise LoadError("wrk is not installed (Debian: wrk)")
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    command += ["-s", str(SCRIPT), address, "--", style, "contact" if contact else "none"]
    command += [str(random.randrange(1, 2**31)), *([token] if token else [])]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 30, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"^huiyin (.*)$\s*^sample (.*)$", done.stdout, re.MULTILINE)
    if done.returncode != 0 or found is None:
        raise LoadError(f"wrk: {(done.stderr or done.stdout)[-500:]}")
    values = dict(part.split("=") for part in found[1].split())
    elapsed = int(values["microseconds"]) / 1e6
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Load(
        good=int(values["good"]),
        other=int(values["other"]),
        seconds=elapsed,
        p50_ms=int(values["p50"]) / 1000,
        p99_ms=int(values["p99"]) / 1000,
        mean_ms=float(values["mean"]) / 1000,
        lost=int(values["lost"]),
        wrk_share=used / elapsed,
        sample=found[2],
    )
