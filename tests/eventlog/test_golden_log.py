"""Every release's log is replayed by this one: what was written once is understood for good.

A release may give a state new fields, and writes none that has its default; so the bytes of a
state, and with them the state hash, differ from release to release. What must stay is what the
states say. `golden/states/` holds those that the release itself folded: that they are its own,
its recorded state hash shows; and whatever they say, today's fold has to say as well.
"""

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eventlog import replay
from eventlog.database import connect
from eventlog.events import decode, encode
from eventlog.transaction import events_of
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


def states_of(path: Path) -> dict[bytes, bytes]:
    """Return the states that the release folded, as bytes by subject."""
    recorded = json.loads((path.parent / "states" / path.name).read_text("utf-8"))
    return {bytes.fromhex(subject): bytes.fromhex(state) for subject, state in recorded.items()}


def hash_of(states: dict[bytes, bytes]) -> str:
    """Return the state hash of states, as `eventlog.replay` makes it."""
    running = hashlib.sha256()
    for subject, state in sorted(states.items()):
        running.update(subject + hashlib.sha256(state).digest())
    return running.hexdigest()


def plainly(state: Any) -> Any:
    """Return a state as maps and lists, with the fields that have their default."""
    if isinstance(state, msgspec.Struct):
        return {name: plainly(getattr(state, name)) for name in state.__struct_fields__}
    if isinstance(state, list | tuple):
        return [plainly(one) for one in state]
    return str(state) if isinstance(state, str) else state


def differences(then: Any, now: Any, where: str = "") -> list[str]:
    """Return where today's state does not say what it said then; it may say more."""
    if isinstance(then, dict) and isinstance(now, dict):
        gone = [f"{where}.{name} is gone" for name in then if name not in now]
        return gone + [
            found
            for name in then
            if name in now
            for found in differences(then[name], now[name], f"{where}.{name}")
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return [
            found
            for number, (one, other) in pairs
            for found in differences(one, other, f"{where}[{number}]")
        ]
    return [] if then == now else [f"{where}: {then!r}, now {now!r}"]


def test_a_change_of_meaning_would_be_found() -> None:
    then = {"state": "closed", "steps": [{"at": 1}]}
    assert differences(then, {"state": "closed", "steps": [{"at": 1, "more": 2}], "more": 3}) == []
    assert differences(then, {"state": "replied", "steps": [{"at": 1}]})
    assert differences(then, {"state": "closed", "steps": [{"at": 2}]})
    assert differences(then, {"state": "closed", "steps": []})
    assert differences(then, {"steps": [{"at": 1}]}) == [".state is gone"]


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
    assert found.ok, found
    states = states_of(path)
    assert hash_of(states) == golden["state_hash"]
    kinds = dict(connection.execute("SELECT subject, type FROM events"))
    assert set(states) == {row[0] for row in connection.execute("SELECT subject FROM states")}
    for subject, then in states.items():
        noun = kinds[subject].partition(".")[0]
        now = PROJECTIONS[noun].fold(events_of(connection, subject))
        assert differences(msgspec.msgpack.decode(then), plainly(now)) == []
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


def rows_of(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Return the rows of all matters, without their place in the order of arrival."""
    rows = connection.execute("SELECT * FROM matters ORDER BY id")
    return [tuple(row)[1:] for row in rows]


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
    expected = rows_of(connection)
    connection.execute("UPDATE states SET state=x'80'")
    connection.execute("DELETE FROM projection_versions")
    for table in ("matters", "dispatched", "postings", "tallies", "waiting"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("COMMIT")
    connection.close()
    log = open_county(tmp_path)
    with log.reading() as connection:
        assert expected and rows_of(connection) == expected
        assert connection.execute("SELECT count(*) FROM waiting").fetchone()[0] == 0
        received = connection.execute("SELECT received FROM tallies WHERE dimension='total'")
        assert received.fetchone()[0] == len(expected)
    found = log.verify()
    assert found.state_hash == found.replayed_hash
    log.stop()
