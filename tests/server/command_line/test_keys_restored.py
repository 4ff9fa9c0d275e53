"""`huiyin keys`: keys that are lost, damaged or another's are put back, and good ones stay."""

import itertools
import shutil
import signal
from contextlib import closing
from pathlib import Path

import pytest

from eventlog.crash_points import CrashPoint
from eventlog.database import connect, reading
from eventlog.keys import FILE_NAME, KIT_NAME, forget_unsealing, load_keys, make_keys, save_keys
from eventlog.log import FILE_NAME as LOG_FILE
from matters.actors import VILLAGER
from matters.intake.intake import check_submission, raise_matter
from server.county.county_registers import read_all
from server.data_folder import open_log
from server.folder import own_keys
from server.folder.folder_lock import taken
from server.folder.restore_mark import RestoreMark, begin
from tests.hub import huiyin
from tests.server.command_line.dying_commands import begun, ended
from tests.server.command_line.harms import HARMS, content


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's data folder with a matter in it, its kit printed and taken away to `kit.txt`."""
    data = tmp_path_factory.mktemp("whole") / "data"
    huiyin("users", "add", "李主任", "--role", "office", "--data", data)
    (data / KIT_NAME).rename(data.parent / "kit.txt")
    keys = load_keys(data)
    assert keys is not None
    log = open_log(data, keys)
    with log.reading() as connection:
        known = read_all(connection).known
    submission = check_submission({"text": "路灯坏了", "phone": "13800000000"}, known, staff=False)
    log.write(lambda job: raise_matter(job, submission, actor=VILLAGER, receipt_key=keys.receipt))
    log.stop()
    return data


@pytest.fixture
def data(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, of the test's own."""
    return Path(shutil.copytree(whole, tmp_path / "data"))


@pytest.fixture
def kit(whole: Path) -> Path:
    return whole.parent / "kit.txt"


@pytest.fixture
def other_kit(tmp_path: Path) -> Path:
    """The kit of another node."""
    huiyin("users", "add", "王主任", "--role", "office", "--data", tmp_path / "other")
    return tmp_path / "other" / KIT_NAME


@pytest.mark.parametrize("harm", ["missing", "cut", "of another"])
def test_the_kits_keys_are_put_back(data: Path, kit: Path, harm: str) -> None:
    keys = load_keys(data)
    assert keys is not None
    HARMS[harm](data)
    lying = (data / FILE_NAME).read_bytes() if harm != "missing" else b""
    done = huiyin("keys", "restore", "--kit", kit, "--data", data)
    assert load_keys(data) == keys and done.stdout.strip() == keys.fingerprint
    aside = data / "keys-aside-1.json"
    assert (aside.read_bytes() if aside.exists() else b"") == lying
    huiyin("matters", "verify", "--data", data)
    again = huiyin("keys", "restore", "--kit", kit, "--data", data)
    assert "nothing was changed" in again.stderr and load_keys(data) == keys


@pytest.mark.parametrize("harm", ["missing", "cut", "of another"])
def test_another_nodes_kit_is_refused(data: Path, other_kit: Path, harm: str) -> None:
    HARMS[harm](data)
    before = content(data)
    done = huiyin("keys", "restore", "--kit", other_kit, "--data", data, check=False)
    assert done.returncode == 1 and "another node's" in done.stderr
    assert content(data) == before


def test_good_keys_are_never_replaced(data: Path, other_kit: Path) -> None:
    before = content(data)
    for more in (("--kit", str(other_kit)), ("--new-keys",)):
        done = huiyin("keys", "restore", *more, "--data", data, check=False)
        assert done.returncode == 1 and "all right" in done.stderr
    assert content(data) == before


def test_new_keys_where_the_kit_is_lost_too(data: Path, kit: Path) -> None:
    old = load_keys(data)
    (data / FILE_NAME).unlink()
    done = huiyin("keys", "restore", "--new-keys", "--data", data)
    keys = load_keys(data)
    assert keys is not None and keys != old and done.stdout.strip() == keys.fingerprint
    assert keys.fingerprint in (data / KIT_NAME).read_text("utf-8")
    assert "stay sealed" in done.stderr
    huiyin("matters", "verify", "--data", data)
    with reading(data / LOG_FILE) as connection:
        assert connection.execute("SELECT count(*), max(epoch) FROM logs").fetchone()[:] == (2, 2)
    # The old keys are another node's from now on.
    refused = huiyin("keys", "restore", "--kit", kit, "--data", data, check=False)
    assert refused.returncode == 1 and load_keys(data) == keys


def test_nobody_needs_new_keys_beside_the_kit(data: Path, kit: Path) -> None:
    shutil.copy(kit, data / KIT_NAME)
    (data / FILE_NAME).unlink()
    before = content(data)
    done = huiyin("keys", "restore", "--new-keys", "--data", data, check=False)
    assert done.returncode == 1 and f"--kit {data / KIT_NAME}" in done.stderr
    assert content(data) == before
    huiyin("keys", "restore", "--kit", data / KIT_NAME, "--data", data)
    huiyin("matters", "verify", "--data", data)


def test_a_station_takes_new_keys_and_joins_anew(tmp_path: Path) -> None:
    hub, data, invitation = tmp_path / "hub", tmp_path / "station", tmp_path / "invitation.json"
    huiyin("nodes", "enrol", "石瓮站", "--file", invitation, "--data", hub)
    huiyin("nodes", "join", invitation, "--data", data)
    keys = load_keys(data)
    assert keys is not None and keys.of_station
    forget_unsealing(data, keys)
    (data / FILE_NAME).unlink()
    huiyin("keys", "restore", "--new-keys", "--data", data)
    made = load_keys(data)
    assert made is not None and made.of_station and not (data / KIT_NAME).exists()
    huiyin("nodes", "join", invitation, "--data", data)
    kit = huiyin("keys", "kit", "--data", data, check=False)
    assert kit.returncode == 1 and "joins anew" in kit.stderr


def test_nothing_is_put_into_a_folder_that_is_served_empty_or_half_restored(
    data: Path, kit: Path, tmp_path: Path
) -> None:
    (data / FILE_NAME).unlink()
    words = ("keys", "restore", "--kit", str(kit), "--data")
    with taken(data):
        done = huiyin(*words, data, check=False)
        assert done.returncode == 1 and "serves this folder" in done.stderr
    begin(data, RestoreMark("/replica"))
    done = huiyin(*words, data, check=False)
    assert done.returncode == 1 and "huiyin restore again" in done.stderr
    done = huiyin(*words, tmp_path / "empty", check=False)
    assert done.returncode == 1 and "huiyin restore" in done.stderr
    assert not (data / FILE_NAME).exists() and not (tmp_path / "empty").exists()


@pytest.mark.parametrize("point", [CrashPoint.FILE_WRITTEN, CrashPoint.FILE_RENAMED])
@pytest.mark.parametrize("new_keys", [False, True])
def test_killed_at_each_step_and_run_again(
    whole: Path, kit: Path, tmp_path: Path, point: CrashPoint, new_keys: bool
) -> None:
    for time_reached in itertools.count(1):
        data = tmp_path / f"data-{time_reached}"
        shutil.copytree(whole, data)
        save_keys(data, make_keys())
        more = ("--new-keys",) if new_keys else ("--kit", str(kit))
        words = ("keys", "restore", *more, "--data", str(data))
        status = ended(begun(*words, die_at=f"{point}:{time_reached}"))
        if status == 0:
            break
        assert status == -signal.SIGKILL
        # What was put there before it died is good, or it is refused and may be put there again.
        again = huiyin(*words, check=False)
        assert again.returncode == 0 or "all right" in again.stderr
        huiyin("matters", "verify", "--data", data)
        assert (load_keys(data) == load_keys(whole)) is not new_keys
    assert time_reached > 1


def test_a_kit_is_written_again_with_the_settings_of_now(data: Path, kit: Path) -> None:
    (data / "huiyin.toml").write_text('base_url = "https://hub.example.org/"\n')
    done = huiyin("keys", "kit", "--data", data)
    path = Path(done.stdout.strip())
    assert path == data / KIT_NAME and path.stat().st_mode & 0o777 == 0o600
    text = path.read_text("utf-8")
    assert 'base_url = "https://hub.example.org/"' in text
    secrets = [line for line in kit.read_text("utf-8").splitlines() if " key: " in line]
    assert len(secrets) == 3 and all(line in text for line in secrets)
    assert not any(line in done.stdout + done.stderr for line in secrets)


def test_what_the_kit_opens_counts_for_more_than_what_is_written_down(
    data: Path, kit: Path, whole: Path
) -> None:
    """An older release made new keys unasked, or took any kit: those were written down later."""
    other = make_keys()
    save_keys(data, other)
    with closing(connect(data / LOG_FILE)) as connection:
        connection.execute("DELETE FROM own_keys")
        # What opens the contact is of a log of before, as after a restore.
        connection.execute("INSERT INTO logs(log, epoch, started_at) VALUES (x'01', 2, 1)")
    huiyin("matters", "verify", "--data", data)
    assert own_keys.are_own(data / LOG_FILE, other) is True
    huiyin("keys", "restore", "--kit", kit, "--data", data)
    assert load_keys(data) == load_keys(whole)
    huiyin("matters", "verify", "--data", data)
