"""A power cut: what was not flushed is gone, at a hub or a station in a stream of submissions.

By a library that is loaded before the C library and keeps what each fsync made safe
(`forgetful.c`): after the kill the node's folder is put together from that alone, so no write, no
new name and no rename outlives that was not flushed. `kill -9` does not show this, for the kernel
writes what a dead process left. Not shown: a disk that tears a sector or flushes in another order.
"""

import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.counts import count
from tests.hub import until
from tests.sync.dying_nodes import answers
from tests.sync.rounds.test_killed import Stream, opened

RUNS = count(4, 50)
pytestmark = pytest.mark.faults
SOURCE = Path(__file__).with_name("forgetful.c")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, built by the machine's C compiler."""
    built = tmp_path_factory.mktemp("forgetful") / "forgetful.so"
    if shutil.which("gcc") is None:
        pytest.skip("there is no C compiler to make a disk that forgets")
    command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(built), str(SOURCE), "-ldl"]
    subprocess.run([*command, "-lpthread"], check=True)
    return built


class Disk:
    """The disk of one node's folder, which remembers only what was flushed."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.folder = folder
        self._remembered = folder.with_name(folder.name + "-remembered")
        self._remembered.mkdir()
        self.environment = {
            "LD_PRELOAD": str(library),
            "HUIYIN_FORGETFUL": str(folder),
            "HUIYIN_REMEMBERED": str(self._remembered),
        }
        # What stands there before the node is started was flushed long ago.
        for path in folder.iterdir():
            shutil.copy(path, self._remembered / str(path.stat().st_ino))
        names = "".join(f"{path.stat().st_ino} {path.name}\n" for path in folder.iterdir())
        self._names.write_text(names)

    @property
    def _names(self) -> Path:
        return self._remembered / f"{self.folder.stat().st_ino}.names"

    def cut(self) -> int:
        """Put the folder back as the disk has it; return how many files were not as they stood."""
        forgot = 0
        names: dict[str, str] = {}
        for line in self._names.read_text().splitlines():
            inode, _, name = line.partition(" ")
            if name not in (".", ".."):
                names[name] = inode
        for path in self.folder.iterdir():
            if path.name not in names:
                forgot += 1
                path.unlink()
        for name, inode in names.items():
            if name.endswith("-shm"):
                # The index of the write-ahead log is made anew where nobody has it open.
                (self.folder / name).unlink(missing_ok=True)
                continue
            kept, path = self._remembered / inode, self.folder / name
            content = kept.read_bytes() if kept.exists() else b""
            forgot += not path.exists() or path.read_bytes() != content
            path.write_bytes(content)
        return forgot


def taken_of(stream: Stream, node: str) -> set[bytes]:
    """Return the ids of all events in a node's database."""
    with opened(stream.folder / node) as connection:
        found = {row[0] for row in connection.execute("SELECT id FROM events")}
    connection.close()
    return found


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("run", range(RUNS))
def test_what_was_flushed_is_enough(tmp_path: Path, library: Path, run: int) -> None:
    chance = random.Random(run)
    stream = Stream(tmp_path)
    role = ("hub", "station")[run % 2]
    disk = Disk(tmp_path / role, library)
    try:
        hub = stream.run("hub", environment=disk.environment if role == "hub" else {})
        until(lambda: answers(stream.port), within_s=60)
        station = stream.run("station", environment=disk.environment if role != "hub" else {})
        until(lambda: len(taken_of(stream, "hub")) > run % 5, within_s=60)
        # When the power goes is what this test is about, not what it waits for.
        time.sleep(chance.uniform(0.0, 0.3))
        dying = hub if role == "hub" else station
        dying.kill()
        dying.wait()
        disk.cut()
        stream.check_durable()
        if role == "station":
            # Whatever had left it stands in its own log.
            written = {number.to_bytes(16, "little") for number in range(1, 1000)}
            assert taken_of(stream, "hub") & written <= taken_of(stream, "station")
        restarted = stream.run(role)
        assert (station if role == "hub" else restarted).wait(180) == 0
        stream.check_all()
    finally:
        stream.stop()


def test_the_disk_does_forget(tmp_path: Path, library: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "old").write_text("old")
    disk = Disk(folder, library)
    script = (
        "import os, pathlib\n"
        f"at = pathlib.Path({str(folder)!r})\n"
        "(at / 'old').write_text('not flushed')\n"
        "(at / 'lost').write_text('not flushed')\n"
        "kept = os.open(at / 'kept', os.O_WRONLY | os.O_CREAT)\n"
        "os.write(kept, b'flushed'); os.fsync(kept); os.write(kept, b', not flushed')\n"
        "os.fsync(os.open(at, os.O_RDONLY))\n"
        "(at / 'later').write_text('its name was not flushed')\n"
    )
    environment = {**os.environ, **disk.environment}
    subprocess.run(["python3", "-c", script], env=environment, check=True)
    assert disk.cut() == 4
    found = {path.name: path.read_text() for path in folder.iterdir()}
    assert found == {"old": "old", "lost": "", "kept": "flushed"}
