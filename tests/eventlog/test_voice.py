"""A restored or cloned node is a new voice, and what was erased does not come back with it."""

import shutil
from pathlib import Path

import pytest

from eventlog import erasures, words
from eventlog.erasures import Erasure
from eventlog.events import Event
from eventlog.log import Log
from eventlog.voice import FILE_NAME
from tests.eventlog.notes import add, line, line_count, open_notes


def write(log: Log, text: str = "一行") -> Event:
    return log.write(lambda t: add(t, line(1, text))).result[0]


def copy_database(source: Path, target: Path) -> None:
    """Copy a database that nobody has open."""
    target.mkdir(exist_ok=True)
    shutil.copy(source / "huiyin.db", target / "huiyin.db")


def test_a_node_that_was_stopped_goes_on_in_its_voice(tmp_path: Path) -> None:
    log = open_notes(tmp_path)
    voice, first = log.voice, write(log)
    log.stop()
    log = open_notes(tmp_path)
    second = write(log)
    assert log.voice == voice and voice.epoch == 1
    assert (first.sequence, second.sequence) == (1, 2) and first.log == second.log
    log.stop()


@pytest.mark.parametrize("left", [None, b"", b"{", b'{"log":"zz","epoch":1,"sequence":1}'])
def test_without_its_mark_a_node_takes_a_new_epoch(tmp_path: Path, left: bytes | None) -> None:
    log = open_notes(tmp_path)
    old = log.voice
    write(log)
    log.stop()
    mark = tmp_path / FILE_NAME
    mark.unlink() if left is None else mark.write_bytes(left)
    log = open_notes(tmp_path)
    event = write(log)
    assert log.voice.epoch == old.epoch + 1 and log.voice.log != old.log
    assert (event.log, event.sequence, event.rank) == (log.voice.log, 1, 1)
    assert log.verify().ok
    log.stop()


def test_a_database_behind_its_mark_gives_no_sequence_twice(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    log = open_notes(home)
    write(log)
    log.stop()
    copy_database(home, tmp_path / "kept")
    log = open_notes(home)
    old = log.voice
    lost = write(log, "丢了的一行")
    log.stop()
    copy_database(tmp_path / "kept", home)
    log = open_notes(home)
    after = write(log)
    assert log.voice.epoch == old.epoch + 1
    assert (after.log, after.sequence) != (lost.log, lost.sequence)
    assert log.verify().ok and line_count(log, 1) == 2
    log.stop()
    log = open_notes(home)
    assert log.voice.epoch == old.epoch + 1
    log.stop()


def test_the_epoch_grows_also_where_only_the_mark_knows_it(tmp_path: Path) -> None:
    log = open_notes(tmp_path)
    log.stop()
    (tmp_path / FILE_NAME).write_bytes(b'{"log":"0102030405060708","epoch":7,"sequence":3}')
    log = open_notes(tmp_path)
    assert log.voice.epoch == 8
    log.stop()


def test_an_old_database_does_not_bring_words_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    log = open_notes(home)
    event, other = write(log, "要删除的话"), write(log, "留下的话")
    log.stop()
    copy_database(home, tmp_path / "kept")
    log = open_notes(home)

    def erase(log: Log) -> None:
        erasures.record(home, [Erasure(event.id.hex(), "text", 1)])
        log.write(lambda t: words.erase(t.connection, event.id, "text"))

    erase(log)
    log.stop()
    copy_database(tmp_path / "kept", home)
    log = open_notes(home)
    with log.reading() as connection:
        assert words.read(connection, event.id, "text") is None
        assert words.read(connection, other.id, "text") == "留下的话"
    log.stop()
    for path in home.iterdir():
        assert "要删除的话".encode() not in path.read_bytes(), path.name


def test_a_torn_line_costs_no_other_erasure(tmp_path: Path) -> None:
    one, two = Erasure("01" * 16, "text", 1), Erasure("02" * 16, "contact", 2)
    erasures.record(tmp_path, [one])
    file = tmp_path / erasures.FILE_NAME
    with file.open("ab") as torn:
        torn.write(b'{"event":"030303')
    assert erasures.recorded(tmp_path) == [one]
    erasures.record(tmp_path, [two])
    assert erasures.recorded(tmp_path) == [one, two]


def test_a_line_that_names_no_event_does_not_keep_the_node_from_opening(tmp_path: Path) -> None:
    (tmp_path / erasures.FILE_NAME).write_bytes(b'{"event":"xyz","field":"text","at":1}\n')
    open_notes(tmp_path).stop()
