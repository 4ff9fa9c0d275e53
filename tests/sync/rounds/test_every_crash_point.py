"""One full round with a death and an error at each call that writes, flushes, renames or removes.

Made by a command of its own (`tests/sync/every_call`), for it needs a library that is loaded before
the C library: station and hub, a bundle there and back, a hub's first start, a page of the site, a
restore. After a death the next start, and after an error the same process, goes on to the end.
"""

import json
import shutil
import subprocess
import sys
import time

import pytest

from tests.counts import FULL
from tests.drills import tell

pytestmark = pytest.mark.faults
COMMAND = (sys.executable, "-m", "tests.sync.every_call")
# Every so many calls by default, on another day other ones.
EVERY = 1 if FULL else 150
DAY_S = 86_400


@pytest.mark.timeout(3 * 3600)
def test_a_death_and_an_error_at_the_nth_call_lose_nothing() -> None:
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("there is no C compiler to make a disk that fails")
    first = int(time.time()) // DAY_S % EVERY
    words = ("--every", str(EVERY), "--from", str(first))
    made = subprocess.run([*COMMAND, *words], stdout=subprocess.PIPE, text=True, check=False)
    # The table, with what was lost at which call, and how to do it again.
    sys.stdout.write(made.stdout)
    counted = json.loads(made.stdout.splitlines()[-1])
    assert made.returncode == 0 and counted["lost"] == 0
    assert counted["rounds"] > 4 * 5
    tell("crash-points", counted["rounds"], lost=counted["lost"], note=f"N = {counted['calls']:,}")
