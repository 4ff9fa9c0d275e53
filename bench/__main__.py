"""`python -m bench`: every benchmark, as one table beside its peers, and build/bench.json.

Figures on standard output, progress on standard error. Takes about four minutes, the search of
100,000 notices as long again (`--notices` for fewer), the exchange some minutes (`--stations`
for more), and the lists of a million matters a quarter of an hour more (`--count` for fewer).
"""

import argparse
import os
import platform
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench import busy_hub, durability, publishing, start, whole_site
from bench.exchange import exchange
from bench.figures import Figure, rows_as_text, table, write_json
from bench.intake import intake
from bench.lists import lists
from bench.pages import pages, paint
from bench.processes import ROOT
from bench.search import search

PARTS = (
    "start",
    "site",
    "publishing",
    "pages",
    "lists",
    "search",
    "durability",
    "busy",
    "sync",
    "intake",
)


def main() -> int:
    """Return 1 where a part could not be run, and 0 even where an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of intake (default 3)")
    parser.add_argument("--seconds", type=float, default=4, help="of each load (default 4)")
    parser.add_argument(
        "--count", type=int, default=1_000_000, help="matters of the lists (default 1,000,000)"
    )
    parser.add_argument(
        "--notices", type=int, default=100_000, help="notices to search (default 100,000)"
    )
    parser.add_argument(
        "--sizes",
        type=lambda words: tuple(map(int, words.split(","))),
        default=(1_000, 10_000),
        help="notices of the sites that one more is published on (default 1000,10000)",
    )
    parser.add_argument(
        "--rows", type=int, default=10_000, help="imported into the busy hub (default 10,000)"
    )
    parser.add_argument(
        "--stations", type=int, default=150, help="that reconnect at once (default 150, aim 1500)"
    )
    parser.add_argument(
        "--each", type=int, default=50, help="events of each that reconnects (default 50)"
    )
    parser.add_argument(
        "--beside",
        type=Path,
        metavar="DIR",
        help="another checkout, whose starts and site are the peers",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.json", help="JSON file")
    given = parser.parse_args()
    unknown = sorted(set(given.parts) - set(PARTS))
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    wanted = given.parts or PARTS
    # An ordinary end, so that what was started is ended and what was written is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()

    def say(words: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - began:4.0f} s] {words}\n")
        sys.stderr.flush()

    figures: list[Figure] = []
    failed = False
    home = _home()
    try:
        # What needs a quiet machine comes first; the site with notices serves the pages as well.
        site = home / "publishing" / "site-1000"
        steps: dict[str, Callable[[], list[Figure]]] = {
            "start": lambda: start.run(home / "start", given.beside, say),
            "site": lambda: whole_site.run(home / "site", given.beside, say),
            "publishing": lambda: publishing.run(home / "publishing", given.sizes, say),
            "pages": lambda: pages.run(home / "pages", site if site.exists() else None, say),
            "lists": lambda: lists.run(home / "lists", given.count, say),
            "search": lambda: search.run(home / "search", given.notices, say),
            "durability": lambda: durability.run(home / "durability", 2 * given.seconds, say),
            "busy": lambda: busy_hub.run(home / "busy", given.beside, given.rows, say),
            "sync": lambda: exchange.run(home / "sync", given.stations, given.each, say),
            "intake": lambda: intake.run(home / "intake", given.rounds, given.seconds, say),
        }
        # The longest and loudest comes last, and stands first in the table.
        for part in (part for part in PARTS if part in wanted):
            try:
                figures = (
                    [*figures, *steps[part]()] if part != "intake" else [*steps[part](), *figures]
                )
            except Exception as error:
                # One part that can't be run must not take the others' figures with it.
                failed = True
                say(traceback.format_exc())
                figures.append(Figure(part, None, "", missing=f"not run: {error}", holds=False))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    about = _about(time.monotonic() - began)
    write_json(given.out, figures, about)
    out = sys.stdout
    out.write(f"{about['cores']} cores, Python {about['python']}, SQLite {about['sqlite']}, ")
    out.write(f"{about['seconds']:.0f} s. Medians and ratios of this one run.\n\n")
    out.write(table(figures))
    for rows in (intake.details(figures), pages.details(figures), paint.details(figures)):
        if len(rows) > 1:
            out.write("\n" + rows_as_text(rows))
    return 1 if failed else 0


def _home() -> Path:
    """Return a new folder under build/: on a disk, as /tmp may not be."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="bench-", dir=build))


def _about(seconds: float) -> dict[str, object]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(seconds, 1),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


if __name__ == "__main__":
    sys.exit(main())
