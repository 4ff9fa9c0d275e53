"""A restore that is cut at any step is run again, and ends as one that nobody cut.

It is cut in a fork of the test's process, which imports nothing: at each crash point, each time
that it is reached, and at random moments, when Litestream may go on alone for a while.
"""

import itertools
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from eventlog.crash_points import CrashPoint
from eventlog.keys import KIT_NAME, load_keys
from matters.actors import VILLAGER
from matters.intake.intake import check_submission, raise_matter
from server.county.county_registers import read_all
from server.folder.restore_mark import FILE_NAME as MARK
from server.folder.settings import load_settings
from server.node import Node
from tests.counts import count
from tests.hub import huiyin
from tests.server.command_line.dying_commands import begun, ended
from tests.site.light_builds import lighten

AT_RANDOM = count(2, 100)
pytestmark = [pytest.mark.litestream, pytest.mark.faults]
CUT = (
    CrashPoint.FILE_WRITTEN,
    CrashPoint.FILE_RENAMED,
    CrashPoint.DATABASE_RESTORED,
    CrashPoint.RESTORED,
)
NEW_KEYS = (*CUT, CrashPoint.COMMITTING, CrashPoint.COMMITTED)
FILES = {
    *("huiyin.db", "attachments.db", "huiyin.toml", "keys.json", "serve.lock", "voice.json"),
    "replica-claims.json",
}
SETTINGS = """\
smtp_host = "relay.example.org"
smtp_from = "huiyin@example.org"
smtp_user = "huiyin"
smtp_password = "geheim-9182"
webhook_urls = ["https://example.org/hook?key=geheim-9183"]
digest_hour = 7
"""


class Kept(NamedTuple):
    """What is left of a hub whose disk died: its replica, its kit, and what it said of itself."""

    replica: Path
    kit: Path
    state_hash: str


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    data = folder / "data"
    data.mkdir()
    (data / "huiyin.toml").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        lighten(patch.setattr)
        node = Node(load_settings(data, base_url="https://hub.example.org/"))
        try:
            node.start()
            with node.log.reading() as connection:
                known = read_all(connection).known
            for number in range(5):
                fields = {"text": f"第{number}盏路灯坏了", "phone": "13800000000"}
                node.log.write(
                    partial(
                        raise_matter,
                        submission=check_submission(fields, known, staff=False),
                        actor=VILLAGER,
                        receipt_key=node.keys.receipt,
                    )
                )
            state_hash = node.log.verify().state_hash
        finally:
            node.stop()
    kit = folder / "kit.txt"
    shutil.copy(data / KIT_NAME, kit)
    replica = folder / "data-replica"
    shutil.rmtree(data)
    yield Kept(replica, kit, state_hash)


def words(kept: Kept, data: Path, *more: str) -> list[str]:
    """Return the command that restores."""
    return ["restore", "--from", str(kept.replica), "--data", str(data), *more]


def check_cut(data: Path) -> None:
    """What a killed restore left is refused in words, or nothing of a node came yet."""
    if not (data / MARK).exists():
        assert not list(data.glob("[a-z]*.[!l]*"))
        return
    done = huiyin("matters", "verify", "--data", data, check=False)
    assert done.returncode == 1 and "huiyin restore" in done.stderr


def check_ended(kept: Kept, data: Path, state_hash: str, *, new_keys: bool = False) -> None:
    """A restore ended: all is there, nothing is left over, and it can't be run again."""
    assert state_hash == kept.state_hash
    # Reading leaves empty side files of a database that nobody else has open.
    files = {path.name for path in data.iterdir() if not path.name.endswith(("-wal", "-shm"))}
    assert files == FILES | ({KIT_NAME} if new_keys else set())
    with closing(sqlite3.connect(data / "huiyin.db")) as connection:
        count = connection.execute("SELECT count(*) FROM own_keys").fetchone()[0]
    assert count == (2 if new_keys else 1)
    again = huiyin(*words(kept, data, "--kit", str(kept.kit)), check=False)
    assert again.returncode == 1 and "never overwrites" in again.stderr
    assert huiyin("matters", "verify", "--data", data).stdout.strip() == state_hash


@pytest.mark.parametrize(
    ("point", "new_keys"), [(point, False) for point in CUT] + [(point, True) for point in NEW_KEYS]
)
def test_killed_at_each_step_and_run_again(
    kept: Kept, tmp_path: Path, point: CrashPoint, new_keys: bool
) -> None:
    """Each time that the point is reached, by default every fifth; then the restore ends first."""
    more = ("--new-keys",) if new_keys else ("--kit", str(kept.kit))
    for time_reached in itertools.count(1, count(5, 1)):
        data = tmp_path / f"data-{time_reached}"
        command = words(kept, data, *more)
        status = ended(begun(*command, die_at=f"{point}:{time_reached}"))
        if status == 0:
            break
        assert status == -signal.SIGKILL
        check_cut(data)
        state_hash = huiyin(*command).stdout.strip()
        check_ended(kept, data, state_hash, new_keys=new_keys)
    assert time_reached > 1


def test_killed_at_any_moment_and_run_again(kept: Kept, tmp_path: Path) -> None:
    for _ in range(AT_RANDOM):
        data = tmp_path / uuid.uuid4().hex
        command = words(kept, data, "--kit", str(kept.kit))
        pid = begun(*command)
        # The moment is what is tried, so nothing could be waited for.
        time.sleep(random.uniform(0, 0.6))
        os.kill(pid, signal.SIGKILL)
        if ended(pid) == 0 or ((data / "voice.json").exists() and not (data / MARK).exists()):
            continue
        check_cut(data)
        state_hash = huiyin(*command).stdout.strip()
        check_ended(kept, data, state_hash)


def test_a_disk_that_is_full_at_any_step_is_told_and_gone_on_with(
    kept: Kept, tmp_path: Path
) -> None:
    """No older point of the replica is taken for it, though that may have found room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = words(kept, disk / "data", "--kit", str(kept.kit))
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        done, size_kib = huiyin(*command, check=False), 16
        refused = 0
        while done.returncode:
            refused += 1
            assert "make room" in done.stderr.lower() and "hole" not in done.stderr
            size_kib += 100
            assert size_kib < 20_000
            subprocess.run(["mount", "-o", f"remount,size={size_kib}k", str(disk)], check=True)
            done = huiyin(*command, check=False)
        assert refused > 4
        check_ended(kept, disk / "data", done.stdout.strip())
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_new_keys_of_a_cut_restore_are_gone_on_with(kept: Kept, tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = words(kept, data, "--new-keys")
    assert ended(begun(*command, die_at=f"{CrashPoint.DATABASE_RESTORED}:1")) < 0
    made = load_keys(data)
    assert huiyin(*words(kept, data)).stdout.strip() == kept.state_hash
    assert load_keys(data) == made and (data / KIT_NAME).exists()
    huiyin("users", "add", "王主任", "--role", "office", "--data", data)


def test_another_replica_is_not_mixed_in(kept: Kept, tmp_path: Path) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    shutil.copytree(kept.replica, other)
    kit = ("--kit", str(kept.kit))
    assert ended(begun(*words(kept, data, *kit), die_at=f"{CrashPoint.DATABASE_RESTORED}:1")) < 0
    mixed = huiyin("restore", "--from", other, "--data", data, *kit, check=False)
    assert mixed.returncode == 1 and str(kept.replica) in mixed.stderr
    assert huiyin(*words(kept, data, *kit)).stdout.strip() == kept.state_hash


def test_from_a_wrong_address_nothing_is_left(kept: Kept, tmp_path: Path) -> None:
    data = tmp_path / "data"
    refused = huiyin(
        *("restore", "--from", tmp_path / "nowhere", "--data", data, "--kit", kept.kit),
        check=False,
    )
    assert refused.returncode == 1 and "nowhere" in refused.stderr
    assert [path.name for path in data.iterdir()] == ["serve.lock"]
    assert huiyin(*words(kept, data, "--kit", str(kept.kit))).stdout.strip() == kept.state_hash


def test_a_kit_of_another_node_is_told_and_the_right_one_goes_on(
    kept: Kept, tmp_path: Path
) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    huiyin("users", "add", "王主任", "--role", "office", "--data", other)
    wrong = huiyin(*words(kept, data, "--kit", str(other / KIT_NAME)), check=False)
    assert wrong.returncode == 1 and "right kit" in wrong.stderr and (data / MARK).exists()
    done = huiyin(*words(kept, data, "--kit", str(kept.kit)))
    assert done.stdout.strip() == kept.state_hash
    assert (data / "keys-aside-1.json").exists()


def test_the_settings_come_back_and_what_lacks_is_named(kept: Kept, tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = huiyin(*words(kept, data, "--kit", str(kept.kit)))
    settings = load_settings(data)
    assert settings.base_url == "https://hub.example.org/" and settings.digest_hour == 7
    assert settings.smtp_host == "relay.example.org" and settings.smtp_user == "huiyin"
    assert settings.smtp_password == "" and settings.webhook_urls == ()
    assert (data / "huiyin.toml").stat().st_mode & 0o777 == 0o600
    lacking = [line for line in done.stderr.splitlines() if "by hand" in line]
    assert len(lacking) == 2
    assert "smtp_password" in lacking[0] and "webhook_urls" in lacking[1]
    kit = kept.kit.read_text("utf-8")
    assert 'smtp_host = "relay.example.org"' in kit and "digest_hour = 7" in kit
    everything = b"".join(path.read_bytes() for path in data.iterdir())
    replicated = b"".join(path.read_bytes() for path in kept.replica.rglob("*") if path.is_file())
    for text in (done.stderr.encode(), kit.encode(), everything, replicated):
        assert b"geheim" not in text


def test_a_settings_file_that_lies_there_stays(kept: Kept, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "huiyin.toml").write_text("digest_hour = 9\n")
    done = huiyin(*words(kept, data, "--kit", str(kept.kit)))
    assert (data / "huiyin.toml").read_text() == "digest_hour = 9\n"
    assert "by hand" not in done.stderr
