"""Old files: the dates of the file, no clock started, a second run that changes nothing."""

from pathlib import Path
from typing import Any

import pytest

from eventlog.log import Log
from matters import store
from matters.intake import history
from matters.intake.history import HistoricalRow, Taken
from matters.listing import lists
from matters.listing.filters import Filters
from matters.terms import Channel, Kind, Publicity, State
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import ACTORS, OFFICE, matter_of, open_county

DAY_MS = 86_400_000
OLD = START_MS - 3000 * DAY_MS
BATCH = history.import_identity(b"digest of the file")
LATER = history.import_identity(b"digest of a later file")


def row(number: int, **fields: Any) -> HistoricalRow:
    """Return a row of an old file, unanswered unless `answer` is given."""
    given: dict[str, Any] = {
        "source_number": f"A{number}",
        "name": "A00012345",
        "phone": "",
        "title": f"主题{number}",
        "text": f"内容{number}",
        "received_at": OLD + number * DAY_MS,
        "category": "streets",
    }
    return HistoricalRow(**given | fields)


def answered(number: int, **fields: Any) -> HistoricalRow:
    """Return the same row with an answer."""
    return row(number, answer="已修好", replied_at=OLD + (number + 9) * DAY_MS, **fields)


def take(log: Log, rows: list[HistoricalRow], batch: bytes = BATCH) -> Taken:
    log.write(lambda t: history.begin_import(t, batch, "old.xlsx", actor=OFFICE))
    return log.write(lambda t: history.take_rows(t, batch, rows, actor=OFFICE)).result


def found(log: Log, one: HistoricalRow) -> Any:
    with log.reading() as connection:
        return store.by_id(connection, one.identity)


@pytest.fixture
def log(tmp_path: Path) -> Any:
    opened = open_county(tmp_path, Clock())
    yield opened
    assert opened.verify().ok
    opened.stop()


def test_a_row_becomes_a_matter_with_the_dates_of_the_file(log: Log) -> None:
    one, two = row(1), answered(2, kind=Kind.COMPLAINT, station="dahe")
    assert take(log, [one, two]) == Taken(2, 0, 0)
    open_, closed = found(log, one), found(log, two)
    assert (open_.state, open_.received_at) == (State.RECEIVED, OLD + DAY_MS)
    assert (closed.state, closed.replied_at) == (State.REPLIED, OLD + 11 * DAY_MS)
    assert closed.kind is Kind.COMPLAINT and closed.station == "dahe"
    for matter in (open_, closed):
        assert matter.due_at is None and matter.assigned_at is None
        assert matter.channel is Channel.IMPORT and matter.batch == BATCH
        assert matter.publicity is Publicity.DRAFT and matter.source_number.startswith("A")
        assert len(matter.steps) == 1
    with log.reading() as connection:
        late = lists.listed(connection, OFFICE, Filters(overdue=True), now_ms=START_MS + 10**12)
        assert late.rows == []


def test_a_second_run_changes_nothing(log: Log) -> None:
    rows = [row(1), answered(2), row(3, category="taps")]
    assert take(log, rows) == Taken(3, 0, 0)
    position, state_hash = log.newest_position(), log.verify().state_hash
    assert take(log, rows) == Taken(0, 3, 0)
    assert take(log, rows[::-1]) == Taken(0, 3, 0)
    assert (log.newest_position(), log.verify().state_hash) == (position, state_hash)
    again = log.write(lambda t: history.begin_import(t, BATCH, "x.xlsx", actor=OFFICE))
    assert again.result is False


def test_one_message_under_two_categories_is_two_matters(log: Log) -> None:
    assert take(log, [row(1), row(1, category="taps")]) == Taken(2, 0, 0)


def test_a_later_file_brings_the_answers(log: Log) -> None:
    take(log, [row(1), row(2)])
    assert take(log, [answered(1), row(2), row(3)], LATER) == Taken(1, 1, 1)
    matter = found(log, row(1))
    assert (matter.state, matter.replied_at) == (State.REPLIED, OLD + 10 * DAY_MS)
    assert (matter.batch, matter.received_at) == (LATER, OLD + DAY_MS)
    assert matter.contested == [] and matter.due_at is None
    assert take(log, [answered(1), row(2), row(3)], LATER) == Taken(0, 3, 0)
    assert take(log, [row(1), row(2)]) == Taken(0, 2, 0)


def test_an_answer_without_a_date_is_no_harm(log: Log) -> None:
    undated = row(1, answer="已修好")
    take(log, [row(1)])
    take(log, [undated], LATER)
    matter = found(log, row(1))
    assert matter.contested == [] or not matter.answered
    assert (matter.state is State.REPLIED) == matter.answered


def test_who_is_in_the_file_is_sealed(log: Log, tmp_path: Path) -> None:
    take(log, [row(1, name="赵不具名", phone="13912345678")])
    for path in tmp_path.iterdir():
        raw = path.read_bytes()
        assert "赵不具名".encode() not in raw and b"13912345678" not in raw, path.name


def test_an_import_is_approved_once_and_by_whom(log: Log) -> None:
    take(log, [row(1), answered(2)])
    with log.reading() as connection:
        (one,) = store.imports(connection)
    assert (one.file_name, one.rows, one.answered) == ("old.xlsx", 2, 1)
    assert one.approved_at is None and one.approved_by == ""
    for actor in (OFFICE, ACTORS[1]):
        log.write(lambda t, actor=actor: history.approve_import(t, BATCH, actor=actor))  # type: ignore[misc]
    with log.reading() as connection:
        (one,) = store.imports(connection)
    assert (one.approved_at, one.approved_by) == (START_MS, "office:o1")


def test_identities_are_of_the_content_only() -> None:
    assert row(1).identity == answered(1, area="x", station="y", phone="1").identity
    several = [row(1), row(2), row(1, category="x"), row(1, name="x"), row(1, text="x")]
    assert len({one.identity for one in several}) == len(several)
    assert row(1).identity[6] >> 4 == 8
    assert history.import_identity(b"a") != history.import_identity(b"b")


def test_numbers_are_new_ones_and_never_those_of_the_file(log: Log) -> None:
    take(log, [row(number) for number in range(40)])
    with log.reading() as connection:
        numbers = [one[0] for one in connection.execute("SELECT number FROM matters")]
    assert len(set(numbers)) == 40
    assert all(matter_of(log, number).number == number for number in numbers)
