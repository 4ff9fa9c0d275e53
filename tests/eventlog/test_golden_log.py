"""Every release's log is replayed by this one: what was written once is understood for good."""

import json
from pathlib import Path
from typing import Any

import pytest

from eventlog import replay
from eventlog.database import connect
from eventlog.events import decode, encode
from matters import store
from matters.commands import COMMANDS
from matters.terms import MatterEvent
from tests.eventlog.arrivals import Arrival, arrive, empty_database
from tests.matters.county import MIGRATIONS, PROJECTIONS, open_county

GOLDEN = sorted(Path(__file__).with_name("golden").glob("*.json"))
WORD_BYTES = (0, 2, 3, 4)


def arrivals_of(golden: dict[str, Any]) -> list[Arrival]:
    """Return the events of a golden log as they would arrive."""
    found = []
    for one in golden["events"]:
        body = bytes.fromhex(one["body"])
        event = decode(body)
        row = (event.id, event.log, event.sequence, event.subject, event.rank, event.type, body)
        words = tuple(
            tuple(
                bytes.fromhex(value) if number in WORD_BYTES and value is not None else value
                for number, value in enumerate(word)
            )
            for word in one["words"]
        )
        found.append(Arrival(row, words))
    return found


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("backwards", [False, True])
def test_an_old_log_folds_to_what_it_folded_to(tmp_path: Path, path: Path, backwards: bool) -> None:
    golden = json.loads(path.read_text("utf-8"))
    arrivals = arrivals_of(golden)
    connection = empty_database(tmp_path / "golden.db", *MIGRATIONS)
    connection.execute("BEGIN")
    arrive(connection, reversed(arrivals) if backwards else arrivals, PROJECTIONS)
    connection.execute("COMMIT")
    found = replay.verify(connection, PROJECTIONS)
    assert found.ok and found.state_hash == golden["state_hash"], found
    numbers = [row[0] for row in connection.execute("SELECT number FROM matters")]
    matters = [store.by_number(connection, number) for number in numbers]
    assert not any(matter is None or matter.contested for matter in matters)
    connection.close()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_bytes_would_be_written_the_same_today(path: Path) -> None:
    for arrival in arrivals_of(json.loads(path.read_text("utf-8"))):
        assert encode(decode(arrival.row[6])) == arrival.row[6]


def test_the_golden_log_of_this_release_holds_one_of_everything() -> None:
    newest = json.loads(GOLDEN[-1].read_text("utf-8"))
    types = {arrival.row[5] for arrival in arrivals_of(newest)}
    assert {str(type) for type in MatterEvent} <= types
    assert {str(command.type) for command in COMMANDS.values()} <= types


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_data_folder_of_an_old_release_has_new_tables_when_it_is_opened(
    tmp_path: Path, path: Path
) -> None:
    """What an upgrade leaves: the log and its words, states of before, and tables made empty."""
    arrivals = arrivals_of(json.loads(path.read_text("utf-8")))
    log = open_county(tmp_path)
    log.stop()
    connection = connect(log.path)
    connection.execute("BEGIN")
    arrive(connection, arrivals, PROJECTIONS)
    expected = [tuple(row) for row in connection.execute("SELECT * FROM matters ORDER BY seq")]
    connection.execute("UPDATE states SET state=x'80'")
    connection.execute("DELETE FROM projection_versions")
    for table in ("matters", "dispatched", "postings", "tallies", "waiting"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("COMMIT")
    connection.close()
    log = open_county(tmp_path)
    with log.reading() as connection:
        rows = connection.execute("SELECT * FROM matters ORDER BY seq").fetchall()
        assert expected and [tuple(row) for row in rows] == expected
        assert connection.execute("SELECT count(*) FROM waiting").fetchone()[0] == 0
        received = connection.execute("SELECT received FROM tallies WHERE dimension='total'")
        assert received.fetchone()[0] == len(expected)
    found = log.verify()
    assert found.state_hash == found.replayed_hash
    log.stop()
