"""One full round with a death and an error at each call that writes, flushes, renames or removes.

Made by a command of its own (`tests/sync/every_call`), for it needs a library that is loaded before
the C library: station and hub, a bundle there and back, a hub's first start, a page of the site, a
restore. After a death the next start, and after an error the same process, goes on to the end.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.counts import FULL
from tests.drills import tell
from tests.failing_disk import COMPILER, PRELOAD, Mode, build

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        COMPILER is None,
        reason="there is no C compiler to make a disk that fails",
    ),
]
COMMAND = (sys.executable, "-m", "tests.sync.every_call")
# Every so many calls by default, on another day other ones.
EVERY = 1 if FULL else 150
DAY_S = 86_400


@pytest.mark.timeout(3 * 3600)
def test_a_death_and_an_error_at_the_nth_call_lose_nothing() -> None:
    first = int(time.time()) // DAY_S % EVERY
    words = ("--every", str(EVERY), "--from", str(first))
    made = subprocess.run([*COMMAND, *words], stdout=subprocess.PIPE, text=True, check=False)
    # The table, with what was lost at which call, and how to do it again.
    sys.stdout.write(made.stdout)
    counted = json.loads(made.stdout.splitlines()[-1])
    assert made.returncode == 0 and counted["lost"] == 0
    assert counted["rounds"] > 4 * 5
    tell("crash-points", counted["rounds"], lost=counted["lost"], note=f"N = {counted['calls']:,}")


def test_the_disk_does_fail(tmp_path: Path) -> None:
    """At its second call, which writes: each in a process of its own, for one of them dies."""
    build(tmp_path / "failing.so")
    place = tmp_path / "place"
    place.mkdir()
    script = (
        "import os, sys\n"
        "from tests.failing_disk import FailingDisk, Mode\n"
        "disk = FailingDisk()\n"
        f"disk.arm({str(place)!r}, 2, Mode[sys.argv[1]])\n"
        f"file = os.open({str(place / 'file')!r}, os.O_WRONLY | os.O_CREAT)\n"
        "for _ in range(2):\n"
        "    try:\n"
        "        print(os.write(file, b'four'))\n"
        "    except OSError as error:\n"
        "        print(error.errno)\n"
        "os.fsync(file)\n"
        f"os.rename({str(place / 'file')!r}, {str(place / 'other')!r})\n"
        "open(os.devnull, 'w').write('elsewhere')\n"
        "print(disk.calls, disk.has_struck)\n"
    )
    said = {}
    for mode in Mode:
        done = subprocess.run(
            [sys.executable, "-c", script, mode.name],
            env={**os.environ, PRELOAD: str(tmp_path / "failing.so")},
            capture_output=True,
            text=True,
            check=False,
        )
        said[mode] = done.stdout.split() or done.returncode
    assert said == {
        Mode.COUNT: ["4", "4", "5", "False"],
        Mode.DEATH: -signal.SIGKILL,
        Mode.IO_ERROR: [str(errno.EIO), "4", "5", "True"],
        Mode.FULL: [str(errno.ENOSPC), str(errno.ENOSPC), "5", "True"],
        Mode.SHORT: ["2", "4", "5", "True"],
        Mode.TORN: -signal.SIGKILL,
    }
    # The last died with half of it written.
    assert (place / "file").read_bytes() == b"fo"
