"""How long the whole site of many notices takes, beside another checkout's, file by file the same.

What is compared is all that is no compressed copy: how hard those are squeezed may differ.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure
from bench.processes import ROOT
from bench.publishing import ADDRESS, fill
from bench.start import Cost, command_cost
from eventlog.keys import make_keys
from publisher.writing.compressed import SUFFIXES
from server.data_folder import open_log
from server.registers.sample import seed_sample

NOTICES = 10_000


def run(folder: Path, beside: Path | None, say: Callable[[str], None]) -> list[Figure]:
    """Return the time of `huiyin site build`, its peer being the code of the checkout `beside`."""
    data = folder / "data"
    data.mkdir(parents=True)
    say(f"site: writing {NOTICES:,} notices")
    log = open_log(data, make_keys())
    seed_sample(log, data)
    fill(log, NOTICES)
    log.stop()
    costs: list[Cost] = []
    sites: list[dict[str, bytes]] = []
    for checkout in [ROOT] if beside is None else [ROOT, beside.resolve()]:
        say(f"site: the whole of it by {checkout.name}")
        out = folder / f"site-{len(sites)}"
        costs.append(
            command_cost(
                checkout,
                *("site", "build", "--data", str(data), "--out", str(out)),
                *("--base-url", ADDRESS),
            )
        )
        sites.append(_hashes(out))
    if sites[1:] and sites[0] != sites[1]:
        unlike = sorted(path for path, _ in sites[0].items() ^ sites[1].items())
        raise RuntimeError(f"{len(unlike)} files differ, among them {unlike[:5]}")
    named = f"site: the whole of {NOTICES:,} notices, {len(sites[0]):,} files"
    wall_s = [cost.wall_s for cost in costs]
    cpu_s = [cost.cpu_s for cost in costs]
    return [
        Figure(
            f"{named}, by the clock",
            *_beside_ms(wall_s),
            aim="≤ a third of the peer's",
            holds=3 * wall_s[0] <= wall_s[1] if wall_s[1:] else None,
        ),
        Figure(f"{named}, processor time", *_beside_ms(cpu_s)),
    ]


def _beside_ms(took_s: list[float]) -> tuple[float, str, float | None]:
    return took_s[0] * 1000, "ms", took_s[1] * 1000 if took_s[1:] else None


def _hashes(out: Path) -> dict[str, bytes]:
    """Every file that is seen, with the hash of its bytes."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).digest()
        for path in out.rglob("*")
        if path.is_file() and path.suffix not in SUFFIXES and not path.name.startswith(".")
    }
