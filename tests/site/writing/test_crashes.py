"""A publisher that is killed, or whose disk is full: old pages stay whole, the next start mends."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eventlog.crash_points import VARIABLE, CrashPoint
from publisher.site import Publisher
from publisher.writing.files import recover
from publisher.writing.record import NAME
from publisher.writing.touched import Changes
from tests.counts import count
from tests.hub import until
from tests.site import counties
from tests.site.whole_sites import folders, tree
from tests.site.writing.publishing_loop import BASE, step
from tests.site.writing.test_compressed import check_copies
from tests.site.writing.test_histories import Office

pytestmark = pytest.mark.usefixtures("light")
RUNS = count(1, 20)
LOOP = (sys.executable, "-m", "tests.site.writing.publishing_loop")


def check_whole(out: Path) -> None:
    """Every page ends as it should, and every copy is of the page beside it."""
    for page in out.rglob("index.html"):
        assert page.read_text("utf-8").rstrip().endswith("</html>"), page
    check_copies(out, all_there=False)


@pytest.mark.faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_the_next_publish_mends_all(tmp_path: Path, seed: int) -> None:
    out, done = tmp_path / "site", tmp_path / "steps"
    running = subprocess.Popen([*LOOP, str(out), str(seed), str(done)])
    try:
        until(done.exists, within_s=120)
        # How long it goes on is what this test is about, not what it waits for.
        time.sleep(random.Random().uniform(0.1, 1.5))
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    check_mended(tmp_path, seed)


@pytest.mark.faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("run", range(RUNS))
@pytest.mark.parametrize("point", [CrashPoint.PAGE_WRITTEN, CrashPoint.PAGE_RENAMED])
def test_killed_at_a_crash_point_of_a_page_the_next_publish_mends_all(
    tmp_path: Path, point: CrashPoint, run: int
) -> None:
    count = random.Random(f"{point}{run}").randint(1, 40)
    done = subprocess.run(
        [*LOOP, str(tmp_path / "site"), str(run), str(tmp_path / "steps")],
        env={**os.environ, VARIABLE: f"{point}:{count}"},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    check_mended(tmp_path, run)


@pytest.mark.faults
@pytest.mark.parametrize("point", [CrashPoint.SITE_BUILT, CrashPoint.SITE_SWAPPED])
def test_killed_while_a_whole_site_takes_the_place_of_the_old_one(
    tmp_path: Path, point: CrashPoint
) -> None:
    out = tmp_path / "site"
    before = [counties.notice(n) for n in range(7)]
    Publisher(lambda: counties.content(before), out, BASE).build_full()
    old = tree(out)
    done = subprocess.run(
        [*LOOP, str(out), "1", str(tmp_path / "steps")],
        env={**os.environ, VARIABLE: f"{point}"},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    recover(out)
    office = Office(1)
    fresh = tmp_path / "fresh"
    Publisher(office.content, fresh, BASE).build_full()
    assert tree(out) == (old if point is CrashPoint.SITE_BUILT else tree(fresh))


def check_mended(folder: Path, seed: int) -> None:
    """What a killed publisher left is whole, and the next publish makes of it what is right."""
    out, done, fresh = (folder / name for name in ("site", "steps", "fresh"))
    check_whole(out)
    office = Office(seed)
    for _ in range(int(done.read_text())):
        step(office)
    changes = step(office)
    Publisher(office.content, out, BASE).publish(changes)
    Publisher(office.content, fresh, BASE).build_full()
    assert tree(out) == tree(fresh)
    assert folders(out) == folders(fresh)
    # Beside what the loop itself was writing when it was killed.
    left = {path.name for path in folder.iterdir() if not path.name.startswith(".steps.")}
    assert left == {"site", "fresh", "steps"}


def test_a_full_disk_leaves_the_old_pages_whole(tmp_path: Path) -> None:
    """No file may grow beyond some bytes: pages fail, as on a disk without room."""
    notices = [counties.notice(n) for n in range(8)]
    now = [counties.content(notices[:7])]
    out = tmp_path / "site"
    publisher = Publisher(lambda: now[0], out, BASE)
    publisher.build_full()
    old = tree(out)
    now[0] = counties.content(notices)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            publisher.publish(Changes(notices=(notices[7].number,)))
        with pytest.raises(OSError, match="too large"):
            publisher.build_full()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    # The record alone knows of the notice already: it goes before the pages.
    assert tree(out) == {**old, NAME: tree(out)[NAME]}
    publisher.publish(Changes(notices=(notices[7].number,)))
    fresh = tmp_path / "fresh"
    Publisher(lambda: now[0], fresh, BASE).build_full()
    assert tree(out) == tree(fresh)
    assert folders(out) == folders(fresh)
