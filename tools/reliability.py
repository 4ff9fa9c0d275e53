"""Writes docs/reliability.md: each drill with its rounds and losses, from a run of it in full.

Run as `make reliability`, or `make reliability DRILLS="wipes upgrades"` for some; the rows of the
others stay as they were. The tests tell what they counted (`tests/drills.py`), and where they tell
nothing each is a round. A drill whose tests fail has a row that says so, and the end is 1.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- rows: made by tools/reliability.py -->", "<!-- end of rows -->"
HEAD = (
    "| drill | what was done | rounds | lost | twice | minutes | day, commit |\n"
    "|---|---|---|---|---|---|---|"
)


class Drill(NamedTuple):
    """A drill: its name, what is done in one round, and the tests that do it."""

    name: str
    what: str
    tests: tuple[str, ...]


DRILLS = (
    Drill(
        "wipes",
        "the data folder wiped while it is written, with kills, pauses, partitions and jumps of "
        "the clock; restored and served again: folder, SFTP, S3, NATS",
        ("tests/sync/keeping/test_wipes.py",),
    ),
    Drill(
        "claims",
        "started on an empty folder, on older data, twice, on a copy: nothing written there",
        ("tests/sync/keeping/test_claims.py", "tests/sync/keeping/test_claims_at_once.py"),
    ),
    Drill(
        "restores",
        "a restore while it is written without a pause",
        ("tests/sync/keeping/test_restores_under_writes.py",),
    ),
    Drill(
        "flips",
        "a byte flipped in each LTX file, page of a database or of the site, photo, bundle",
        (
            "tests/sync/keeping/test_whole_point.py",
            "tests/server/folder/test_rehearsals.py",
            "tests/server/photos/test_travelling_photos.py",
            "tests/sync/sticks/test_bundle_file.py",
            "tests/sync/mirror/test_mirror.py",
        ),
    ),
    Drill(
        "exchange",
        "steps of random histories of a hub and stations, with every fault of a line and a disk",
        ("tests/sync/rounds/test_random_exchange.py",),
    ),
    Drill(
        "crash-points",
        "a death and an error at the n-th write, fsync, rename and removal, for every n",
        ("tests/sync/rounds/test_every_crash_point.py",),
    ),
    Drill(
        "upgrades",
        "a data folder of each release opened, killed at each step of it",
        ("tests/server/folder/test_upgrades.py",),
    ),
    Drill(
        "kills",
        "kill -9 at each labelled step and at any moment",
        (
            "tests/sync/rounds/test_killed.py",
            "tests/server/villagers/test_durable.py",
            "tests/site/writing/test_crashes.py",
        ),
    ),
    Drill(
        "power-cuts",
        "what was not flushed is forgotten",
        ("tests/sync/rounds/test_power_cut.py",),
    ),
    Drill(
        "keys",
        "keys missing, cut or of another node, beside every command; a restore killed at each step",
        (
            "tests/server/command_line/test_keys_guarded.py",
            "tests/server/command_line/test_restore_again.py",
            "tests/server/command_line/test_keys_restored.py",
            "tests/server/folder/test_first_start.py",
        ),
    ),
    Drill(
        "causes",
        "each cause for which nothing is durable, told by /healthz and doctor, and put right",
        ("tests/server/operations/test_truth.py",),
    ),
)


def run(drill: Drill) -> tuple[str, bool]:
    """Run a drill in full and return its row, and whether all of it passed."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        environment = {**os.environ, "HUIYIN_FAULTS": "full", "HUIYIN_DRILLS": str(told)}
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *drill.tests]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, check=False, stdout=subprocess.PIPE, text=True
        )
        sys.stdout.write(done.stdout)
        minutes = (time.monotonic() - began) / 60
        lines = told.read_text("utf-8").splitlines() if told.exists() else []
    counted = [json.loads(line) for line in lines]
    total = {name: sum(each[name] for each in counted) for name in ("rounds", "lost", "twice")}
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    passed = done.returncode == 0
    if not counted:
        # Each test is a round: those that have several say so.
        found = re.search(r"(\d+) passed", done.stdout)
        total["rounds"] = int(found[1]) if found else 0
    per: dict[str, int] = {}
    for each in counted:
        if each["note"]:
            per[each["note"]] = per.get(each["note"], 0) + each["rounds"]
    parts = [f"{note} {n:,}" for note, n in per.items()] if len(per) > 1 else [*per]
    rounds = f"{total['rounds']:,}" + (f" ({', '.join(parts)})" if parts else "")
    numbers = f"{rounds} | {total['lost']} | {total['twice']}" if passed else "**failed** | |"
    row = f"| {drill.name} | {drill.what} | {numbers} | {minutes:.1f} | {date.today()}, {commit} |"
    return row, passed


def rows_of(page: str) -> dict[str, str]:
    """Return the rows that the page has, by the drills' names."""
    inside = page.partition(BEGIN)[2].partition(END)[0]
    lines = [line for line in inside.splitlines() if line.startswith("| ")][1:]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines}


def main() -> None:
    """Run the drills that are named, or all, and write the page."""
    names = sys.argv[1:]
    unknown = sorted(set(names) - {drill.name for drill in DRILLS})
    if unknown:
        raise SystemExit(f"no such drill: {', '.join(unknown)}")
    rows, all_passed = rows_of(PAGE.read_text("utf-8")), True
    for drill in DRILLS:
        if names and drill.name not in names:
            continue
        rows[drill.name], passed = run(drill)
        all_passed = all_passed and passed
        page = PAGE.read_text("utf-8")
        before, after = page.partition(BEGIN)[0], page.partition(END)[2]
        ordered = [rows[each.name] for each in DRILLS if each.name in rows]
        PAGE.write_text(f"{before}{BEGIN}\n{HEAD}\n" + "\n".join(ordered) + f"\n{END}{after}")
    raise SystemExit(0 if all_passed else 1)


if __name__ == "__main__":
    main()
