"""A folder becomes a node's once: cut at any step or begun by several, it has one set of keys."""

import itertools
import signal
from pathlib import Path

import pytest

from eventlog.crash_points import CrashPoint
from eventlog.keys import KIT_NAME, load_keys
from eventlog.recovery_kit import read_kit
from server.data_folder import prepare_folder, renew_kit
from server.folder.settings import load_settings
from tests.counts import count
from tests.hub import huiyin
from tests.server.command_line.dying_commands import begun, ended

ADD = ("users", "add", "李主任", "--role", "office", "--data")


@pytest.mark.parametrize("point", [CrashPoint.FILE_WRITTEN, CrashPoint.FILE_RENAMED])
def test_a_first_start_that_is_cut_is_gone_on_with(tmp_path: Path, point: CrashPoint) -> None:
    for time_reached in itertools.count(1, count(2, 1)):
        data = tmp_path / f"data-{time_reached}"
        status = ended(begun(*ADD, str(data), die_at=f"{point}:{time_reached}"))
        if status == 0:
            break
        assert status == -signal.SIGKILL
        before = load_keys(data)
        huiyin("matters", "verify", "--data", data)
        keys = load_keys(data)
        assert keys is not None and before in (None, keys)
        assert read_kit(data / KIT_NAME) == keys
    assert time_reached > 4


def test_a_kit_that_was_not_put_away_follows_the_settings(tmp_path: Path) -> None:
    keys = prepare_folder(load_settings(tmp_path))
    path = tmp_path / KIT_NAME
    assert "hub.example.org" not in path.read_text("utf-8")
    settings = load_settings(
        tmp_path,
        base_url="https://hub.example.org/",
        replica="nats://huiyin:geheim@backup/county?token=geheim",
    )
    renew_kit(settings, keys)
    text = path.read_text("utf-8")
    assert 'base_url = "https://hub.example.org/"' in text and "geheim" not in text
    assert "replica: nats://huiyin@backup/county\n" in text
    assert read_kit(path) == keys and path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    renew_kit(settings, keys)
    assert not path.exists()


def test_of_several_that_begin_at_once_one_makes_the_keys(tmp_path: Path) -> None:
    data = tmp_path / "data"
    names = [f"李主任{number}" for number in range(4)]
    words = [["users", "add", name, "--role", "office", "--data", str(data)] for name in names]
    assert [ended(pid) for pid in [begun(*each) for each in words]] == [0] * len(words)
    keys = prepare_folder(load_settings(data))
    assert read_kit(data / KIT_NAME) == keys
    assert not list(data.glob("keys-aside*"))
