"""Verify finds what was changed behind the log's back; rebuild makes the tables anew."""

import random
import sqlite3
from pathlib import Path

import msgspec
import pytest

from eventlog import replay
from eventlog.database import connect
from eventlog.events import Draft, Event, decode, encode
from eventlog.log import Log
from tests.eventlog.arrivals import arrive, departing, empty_database, tables_agree
from tests.eventlog.notes import PROJECTIONS, add, line, migrations, open_notes, subject


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    log = open_notes(tmp_path)
    log.write(lambda t: add(t, line(1, "一"), line(2, "二"), line(1, "三")))
    log.write(lambda t: add(t, line(2, "四")))
    log.stop()
    return tmp_path


def verified(folder: Path) -> replay.Verification:
    log = open_notes(folder)
    try:
        return log.verify()
    finally:
        log.stop()


def change(folder: Path, statement: str, *values: object) -> None:
    connection = connect(folder / "huiyin.db")
    assert connection.execute(statement, values).rowcount == 1
    connection.close()


def event_at(folder: Path, sequence: int) -> Event:
    connection = connect(folder / "huiyin.db")
    body = connection.execute("SELECT body FROM events WHERE sequence=?", (sequence,)).fetchone()[0]
    connection.close()
    return decode(body)


def test_a_whole_log_is_found_whole(folder: Path) -> None:
    found = verified(folder)
    assert found.ok and found.broken == [] and (found.events, found.subjects) == (4, 2)


def test_changed_bytes_break_the_chain(folder: Path) -> None:
    changed = msgspec.structs.replace(event_at(folder, 2), by="someone:else")
    change(folder, "UPDATE events SET body=? WHERE sequence=2", encode(changed))
    found = verified(folder)
    assert not found.ok and any("3 does not follow 2" in one for one in found.broken)


def test_a_lost_event_is_a_gap(folder: Path) -> None:
    change(folder, "DELETE FROM events WHERE sequence=2")
    assert any("gap before 3" in one for one in verified(folder).broken)


def test_bytes_that_are_no_event_are_told_and_not_raised(folder: Path) -> None:
    change(folder, "UPDATE events SET body=x'00' WHERE sequence=4")
    found = verified(folder)
    assert not found.ok and any("4" in one for one in found.broken)


@pytest.mark.parametrize(
    "setting",
    ["rank=7", "subject=x'00000000000000000000000000000009'", "type='note.x'", "sequence=9"],
)
def test_a_row_that_says_other_than_its_event_is_found(folder: Path, setting: str) -> None:
    change(folder, f"UPDATE events SET {setting} WHERE sequence=4")
    assert verified(folder).broken != []


def test_a_changed_table_is_found_and_made_anew(folder: Path) -> None:
    change(folder, "UPDATE states SET state=x'90' WHERE subject=?", subject(1))
    assert not verified(folder).ok
    log = open_notes(folder)
    assert log.rebuild() == log.verify().state_hash
    assert log.verify().ok
    log.stop()


def test_a_changed_text_is_found(folder: Path) -> None:
    change(folder, "UPDATE words SET body=? WHERE event=?", "假".encode(), event_at(folder, 1).id)
    assert any("text" in one for one in verified(folder).broken)


def rows(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for table in ("states", "notes")
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")
    ]


def test_rebuilt_tables_are_the_tables(folder: Path) -> None:
    log = open_notes(folder)
    with log.reading() as connection:
        before = rows(connection)
    log.rebuild()
    with log.reading() as connection:
        assert rows(connection) == before
    log.stop()


def unknown_first(log: Log) -> None:
    """A newer version's event of a noun that is unknown here, on a subject that is known."""
    new = Draft("weather.told", subject(5), {}, id=b"\0" * 16)
    log.write(lambda t: add(t, new, line(5, "雨")))


@pytest.mark.parametrize("seed", range(4))
def test_a_noun_that_is_unknown_hides_nothing(tmp_path: Path, seed: int) -> None:
    log = open_notes(tmp_path)
    unknown_first(log)
    log.write(lambda t: add(t, line(5, "晴")))
    found = log.verify()
    assert found.ok and found.subjects == 1
    with log.reading() as connection:
        travelling = departing(connection)
    log.stop()
    random.Random(seed).shuffle(travelling)
    second = empty_database(tmp_path / "second.db", migrations)
    for arrival in travelling:
        arrive(second, [arrival], PROJECTIONS)
        assert tables_agree(second, PROJECTIONS)
    assert replay.state_hash(second) == found.state_hash
    second.close()
