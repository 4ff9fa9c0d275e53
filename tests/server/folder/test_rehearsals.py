"""A restore is rehearsed: what it would bring is what is here, or that is told and mended."""

import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from eventlog.database import reading
from server.command_line import rehearsing
from server.folder.rehearsals import (
    DAY_MS,
    FILE_NAME,
    HOUR_MS,
    Rehearsed,
    Rehearser,
    is_due,
    keep_rehearsed,
    read_rehearsed,
)
from server.folder.settings import Settings, load_settings
from server.node import Node
from sync.keeping.configuration import Keeping
from tests.counts import count
from tests.drills import tell
from tests.hub import Hub, huiyin, until
from tests.sync.keeping.test_whole_point import flipped
from tests.sync.node import Node as SmallNode

# 2026-03-02, at midnight in Shanghai.
MIDNIGHT_MS = 1_772_380_800_000


@pytest.fixture(scope="module")
def rehearsed_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub of its own, for what the tests do to its replica: started once for all of them."""
    with Hub(tmp_path_factory.mktemp("rehearsed") / "data", "--sample") as running:
        running.start()
        running.raise_matter("桥坏了")
        yield running


def settings_of(hub: Hub) -> Settings:
    return load_settings(hub.data)


@pytest.mark.litestream
def test_a_rehearsal_beside_the_server_compares_and_leaves_nothing(rehearsed_hub: Hub) -> None:
    hub = rehearsed_hub
    done = huiyin("doctor", "--rehearse", "--json", "--data", str(hub.data), check=False)
    told = json.loads(done.stdout)
    assert told["rehearsed"]["ok"], told
    assert told["rehearsed"]["events"] > 100
    assert (
        told["rehearsed"]["state_hash"]
        == huiyin("matters", "verify", "--data", str(hub.data)).stdout.strip()
    )
    assert not list(hub.data.glob(".rehearsal-*"))
    health = httpx2.get(hub.url + "/healthz").json()["rehearsed"]
    assert health["ok"]
    assert 0 <= health["good_age_s"] < 300
    line = huiyin("doctor", "--data", str(hub.data), check=False).stdout
    assert told["rehearsed"]["state_hash"] in line


@pytest.mark.litestream
def test_one_that_was_killed_leaves_its_copy_to_the_next(rehearsed_hub: Hub) -> None:
    left = rehearsed_hub.data / ".rehearsal-killed"
    left.mkdir()
    (left / "huiyin.db").write_bytes(b"half")
    assert rehearsing.rehearse(settings_of(rehearsed_hub)).ok
    assert not left.exists()


@pytest.mark.litestream
def test_each_way_in_which_it_fails_has_its_code(
    rehearsed_hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = rehearsed_hub
    good = rehearsing.rehearse(settings_of(hub))
    assert good.ok
    monkeypatch.setattr(rehearsing, "PAUSE_S", 0.0)
    # Whatever a restore may begin with.
    beginnings = list((hub.replica / "huiyin" / "ltx").rglob(f"{1:016x}-*.ltx"))
    whole = {path: path.read_bytes() for path in beginnings}
    for path in beginnings:
        flipped(path, size_of(path) // 2, 1)
    failed = rehearsing.rehearse(settings_of(hub))
    assert (failed.ok, failed.code) == (False, "damaged")
    assert failed.good_at_ms == good.at_ms
    problems = json.loads(huiyin("doctor", "--json", "--data", str(hub.data), check=False).stdout)[
        "problems"
    ]
    assert [each["do"] for each in problems if each["code"] == "rehearsal-damaged"]
    for path, content in whole.items():
        path.write_bytes(content)

    empty = load_settings(hub.data, replica=str(hub.data / "empty"))
    assert rehearsing.rehearse(empty).code == "behind"
    nobody = load_settings(hub.data, replica="s3://bucket/x?endpoint=http://127.0.0.1:1")
    assert rehearsing.rehearse(nobody).code == "unreachable"
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    assert rehearsing.rehearse(settings_of(hub)).code == "no-room"
    monkeypatch.undo()
    assert rehearsing.rehearse(settings_of(hub)).ok


@pytest.mark.litestream
@pytest.mark.faults
def test_a_byte_flipped_in_any_page_of_a_living_database_is_found(
    rehearsed_hub: Hub, tmp_path: Path
) -> None:
    """SQLite has no checksums: what it reads over, the comparison with the copy finds."""
    chance = random.Random(count(5, 6))
    whole = tmp_path / "whole.db"
    with reading(rehearsed_hub.data / "huiyin.db") as living:
        living.execute("VACUUM INTO ?", (str(whole),))
    with reading(whole) as connection:
        page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
    pages = whole.stat().st_size // page_bytes
    flips = found = 0
    for page in range(0, pages, max(1, pages // count(12, pages))):
        damaged = tmp_path / "damaged.db"
        shutil.copyfile(whole, damaged)
        flipped(damaged, chance.choice(used_bytes(whole, page * page_bytes, page_bytes)), 0)
        flips += 1
        if is_found(damaged, whole):
            found += 1
        else:
            # What was deleted within a page, or tells versions in the head: nobody reads it.
            assert rows_of(damaged) == rows_of(whole), page
    tell("flips", flips, note="database pages")
    assert found > flips * 2 // 3


def used_bytes(path: Path, start: int, length: int) -> list[int]:
    """Return where in a page something stands: most pages of a small county are half empty."""
    content = path.read_bytes()[start : start + length]
    return [start + offset for offset, byte in enumerate(content) if byte]


def is_found(damaged: Path, whole: Path) -> bool:
    try:
        return bool(rehearsing.compare(damaged, whole))
    except (sqlite3.Error, rehearsing.Bad):
        return True


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with reading(path) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        return {
            name: sorted(map(tuple, connection.execute(f'SELECT * FROM "{name}"')), key=repr)
            for (name,) in tables
        }


@pytest.mark.litestream
def test_a_row_that_differs_is_told_and_one_just_written_is_not(
    rehearsed_hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsing, "PAUSE_S", 0.0)
    # Of the log and the photos, then of both again.
    passing = iter([{"drafts": {b"new"}}, {}, {"drafts": {b"newer"}}, {}, {}, {}])
    with monkeypatch.context() as patch:
        patch.setattr(rehearsing, "compare", lambda here, copy: next(passing))
        assert rehearsing.rehearse(settings_of(rehearsed_hub)).ok
    lasting = {"words": {b"flipped"}}
    with monkeypatch.context() as patch:
        patch.setattr(
            rehearsing, "compare", lambda here, copy: lasting if here.name == "huiyin.db" else {}
        )
        failed = rehearsing.rehearse(settings_of(rehearsed_hub))
    assert (failed.ok, failed.code) == (False, "differs")
    assert "huiyin.words" in failed.what


def test_it_is_made_at_night_or_when_there_was_no_night() -> None:
    good = Rehearsed(at_ms=MIDNIGHT_MS - 20 * HOUR_MS, ok=True)
    assert is_due(None, MIDNIGHT_MS)
    assert not is_due(good, MIDNIGHT_MS)
    assert is_due(good, MIDNIGHT_MS + 2 * HOUR_MS)
    assert not is_due(good, MIDNIGHT_MS + 9 * HOUR_MS)
    assert is_due(good, MIDNIGHT_MS + 17 * HOUR_MS)
    recent = Rehearsed(at_ms=MIDNIGHT_MS + HOUR_MS, ok=True)
    assert not is_due(recent, MIDNIGHT_MS + 4 * HOUR_MS)
    failed = Rehearsed(at_ms=MIDNIGHT_MS + 9 * HOUR_MS, ok=False)
    assert not is_due(failed, MIDNIGHT_MS + 9 * HOUR_MS + 60_000)
    assert is_due(failed, MIDNIGHT_MS + 11 * HOUR_MS)
    # A clock that was set back.
    assert is_due(good, good.at_ms - 1)


def test_the_newest_good_one_is_remembered(tmp_path: Path) -> None:
    assert read_rehearsed(tmp_path) is None
    keep_rehearsed(tmp_path, Rehearsed(at_ms=1000, ok=True))
    kept = keep_rehearsed(tmp_path, Rehearsed(at_ms=2000, ok=False, code="damaged"))
    assert kept == read_rehearsed(tmp_path)
    assert kept.good_at_ms == 1000
    assert kept.stands(1000 + 2 * DAY_MS)
    assert not kept.stands(1000 + 4 * DAY_MS)
    (tmp_path / FILE_NAME).write_bytes(b"half")
    assert read_rehearsed(tmp_path) is None


@pytest.mark.litestream
def test_older_snapshots_go_only_after_a_good_rehearsal(tmp_path: Path) -> None:
    may_forget = False
    node = SmallNode(
        tmp_path,
        keeping=Keeping(level_1_interval="1s", snapshot_interval="1s", snapshot_retention="1s"),
        may_forget=lambda: may_forget,
    ).start()
    try:
        folder = node.replica_folder / "ltx" / "9"
        until(lambda: node.commit() and len(list(folder.glob("*"))) >= 4, within_s=20)
        oldest = min(folder.glob("*"))
        assert oldest.exists()
        may_forget = True
        node.litestream.reconsider()
        until(lambda: node.commit() and not oldest.exists(), within_s=20)
        assert node.durability.await_durable(node.commit(), 10)
        assert node.restored_up_to() == node.commits
    finally:
        node.close()


@pytest.mark.litestream
def test_the_node_rehearses_by_itself_and_mends_what_is_damaged(tmp_path: Path) -> None:
    """In this process; the rehearsal is made by a child, as it is at night."""
    settings = load_settings(tmp_path / "data", same_disk_counts=True)
    node = Node(settings)
    node.start()
    came: list[Rehearsed] = []
    rehearser = Rehearser(
        node.folder,
        settings.replica_url or "",
        ready=lambda: True,
        came=came.append,
        first_after_s=0.0,
    )
    try:
        until(lambda: node.replica.is_current, within_s=20)
        rehearser.start()
        until(lambda: came, within_s=60)
        assert came[0].ok, came[0]

        def damaged() -> Rehearsed | None:
            # Litestream may fold a damaged file's pages, which it has, into another meanwhile.
            for path in (tmp_path / "data-replica" / "huiyin").rglob(f"{1:016x}-*.ltx"):
                path.write_bytes(path.read_bytes()[: size_of(path) // 2])
            failed = rehearsing.rehearse(settings)
            return failed if failed.code == "damaged" else None

        failed = until(damaged, within_s=30)
        assert failed is not None
        node.replica.take_rehearsed(failed)
        until(lambda: not node.replica.is_current)
        until(lambda: node.replica.is_current, within_s=30)
        assert rehearsing.rehearse(settings).ok
    finally:
        rehearser.stop()
        node.stop()


def size_of(path: Path) -> int:
    return path.stat().st_size
