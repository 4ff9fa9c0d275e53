"""How soon a hub of many notices answers that has no site yet, as after a restore.

Its site is built meanwhile; how long that takes stands beside it.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure
from bench.processes import free_port, running
from bench.publishing import fill
from eventlog.keys import load_keys
from server.data_folder import open_log, prepare_folder
from server.folder.settings import load_settings
from server.registers.sample import seed_sample

NOTICES = 25_000
AIM_S = 2.0
BUILT_WITHIN_S = 1800.0


def run(folder: Path, command: tuple[str, ...], say: Callable[[str], None]) -> list[Figure]:
    """Return from its start to the first 200 of `/healthz` and of `/submit/`, and of the site."""
    say(f"start: writing {NOTICES:,} notices")
    data = folder / "restored"
    prepare_folder(load_settings(data, sample=True))
    keys = load_keys(data)
    assert keys is not None
    log = open_log(data, keys)
    try:
        seed_sample(log, data)
        fill(log, NOTICES)
    finally:
        log.stop()
    say("start: a hub without a site")
    port = free_port()
    began = time.perf_counter()
    with running(
        (*command, "serve", "--data", str(data), "--port", str(port)),
        f"http://127.0.0.1:{port}/healthz",
        data.with_name("restored.txt"),
    ):
        took_s = {
            path: _answered(f"http://127.0.0.1:{port}{path}") - began
            for path in ("/healthz", "/submit/", "/")
        }
    return [
        Figure(
            f"start: {path} of {NOTICES:,} notices without a site, the site's build as peer",
            took_s[path] * 1000,
            "ms",
            took_s["/"] * 1000,
            aim=f"≤ {AIM_S * 1000:,.0f} ms",
            holds=took_s[path] <= AIM_S,
        )
        for path in ("/healthz", "/submit/")
    ]


def _answered(address: str) -> float:
    """Return the moment at which an address answers with 200, by `perf_counter`."""
    until = time.monotonic() + BUILT_WITHIN_S
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=30).close()
        except urllib.error.HTTPError as error:
            error.close()
            time.sleep(0.05)
        else:
            return time.perf_counter()
    raise RuntimeError(f"{address} did not answer")
