"""A data folder of an older release: its tables are made anew once, when it is opened."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from eventlog import refolding, transaction
from eventlog.events import Event
from eventlog.log import Log
from tests.eventlog.notes import (
    KEYS,
    Clock,
    Note,
    NotesProjection,
    add,
    line,
    line_count,
    migrations,
    open_notes,
    subject,
)


class NewerNotes(NotesProjection):
    """Counts every line twice."""

    version = 2

    def fold(self, events: Sequence[Event]) -> Note:
        """Return the note with each line twice."""
        return Note([one for one in super().fold(events).lines for _ in range(2)])


def open_newer(folder: Path) -> Log:
    """Return the log of a folder as the newer release opens it."""
    return Log(
        folder,
        projections=[NewerNotes()],
        migrations=(migrations,),
        sealer=KEYS.sealer,
        now_ms=Clock(),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that the older release wrote: 25 notes of 1 to 3 lines."""
    log = open_notes(tmp_path)
    for note in range(25):
        for _ in range(note % 3 + 1):
            log.write(lambda t, n=note: add(t, line(n)))  # type: ignore[misc]
    log.stop()
    return tmp_path


def test_what_an_older_version_made_is_folded_anew_once(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refolding, "BATCH", 10)
    with caplog.at_level(logging.INFO, "huiyin.eventlog"):
        log = open_newer(folder)
    assert [record.getMessage() for record in caplog.records] == [
        "folding anew: note",
        "folded 25 subjects anew",
    ]
    assert [line_count(log, note) for note in range(3)] == [2, 4, 6]
    assert log.verify().ok
    log.stop()
    caplog.clear()
    with caplog.at_level(logging.INFO, "huiyin.eventlog"):
        log = open_newer(folder)
    assert caplog.records == []
    log.stop()


def test_a_refolding_that_was_cut_off_begins_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refolding, "BATCH", 10)
    real = transaction.refold

    def fail(*given: object) -> None:
        if given[2] == subject(15):
            raise KeyboardInterrupt
        real(*given)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(refolding, "refold", fail)
    with pytest.raises(KeyboardInterrupt):
        open_newer(folder)
    monkeypatch.setattr(refolding, "refold", real)
    log = open_newer(folder)
    assert [line_count(log, note) for note in (1, 15, 24)] == [4, 2, 2]
    assert log.verify().ok
    log.stop()
