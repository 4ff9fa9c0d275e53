"""What is told of the exchange in few numbers, and what `doctor` makes of it."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acts.shanghai import DAY_MS
from eventlog.clock import FILE_NAME as CLOCK_NAME
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.log import Log
from eventlog.transaction import Transaction
from server.command_line.exchange_problems import SITE_COPY_NAME, exchange_problems
from server.data_folder import open_log, prepare_folder
from server.exchange.exchange_health import above, line_for
from server.folder.settings import Settings
from server.people import station_accounts
from sync.nodes import audit, nodes, quarantine
from sync.nodes.audit import Finding
from sync.nodes.enrolment import HubCard
from sync.rounds import upstream

HUB = HubCard(b"v" * 32, b"s" * 32, b"a" * 32, "望禾县")
HOUR_MS = 3_600_000


class Station:
    """The log of a station without a server, and a clock in the test's hands."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data=folder, role="station", replica="off")
        self.now = round(time.time() * 1000)
        keys = prepare_folder(self.settings)
        self.log: Log = open_log(folder, keys, now_ms=lambda: self.now, role="station")

    def does(self, job: Callable[[sqlite3.Connection], object]) -> None:
        """Run something in a transaction."""
        self.log.write(lambda transaction: job(transaction.connection))

    def join(self) -> None:
        """Belong to a hub, and have heard it now."""
        self.log.write(lambda transaction: upstream.join(transaction, HUB, "http://hub/", b"x"))
        self.does(lambda connection: upstream.note_heard(connection, self.now))

    def writes(self) -> None:
        """Write an event that waits."""
        draft = Draft("visit.made", new_uuid7(self.now), {})
        self.log.write(lambda transaction: transaction.append([draft], by="liaison:x"))

    def line(self, staff: str = "liaison", later_ms: int = 0) -> tuple[str, int] | None:
        """Return the line of the frame."""
        with self.log.reading() as connection:
            return line_for(connection, "station", staff, self.now + later_ms)

    def problems(self) -> list[str]:
        """Return the codes of what doctor finds."""
        return [one["code"] for one in exchange_problems(self.settings)]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path / "station")
    yield made
    made.log.stop()


def test_a_station_that_belongs_to_no_hub(station: Station) -> None:
    assert station.line() == station.line("") == ("not-joined", 0)
    assert station.problems() == ["not-joined"]


def test_the_line_shows_what_waits_for_long_or_since_a_failure(station: Station) -> None:
    station.join()
    assert station.line() is None
    station.writes()
    station.writes()
    assert station.line() is None and station.line(later_ms=HOUR_MS + 1) == ("stuck", 2)
    station.does(lambda connection: upstream.note_tried(connection, station.now, "unreachable"))
    assert station.line() == ("stuck", 2) and station.problems() == []
    station.does(lambda connection: connection.execute("UPDATE uplink SET state=2"))
    assert station.line() is None
    station.does(lambda connection: upstream.note_tried(connection, station.now, "revoked"))
    assert station.line() == ("refused", 0) and station.problems() == ["hub-refuses"]


def test_what_waits_is_found_at_once_in_a_long_queue(station: Station) -> None:
    station.join()
    station.writes()
    with station.log.reading() as connection:
        assert above(connection)[1:] == (1, station.now, 0, None)
    many = [(number.to_bytes(16, "big"), 2) for number in range(200_000)]
    station.does(
        lambda connection: connection.executemany(
            "INSERT INTO uplink(event, state) VALUES (?,?)", many
        )
    )
    with station.log.reading() as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT count(*), min(position) FROM uplink WHERE state IN (0,3)"
        ).fetchall()
        assert all("uplink_of_state" in row[3] for row in plan), [row[3] for row in plan]
        assert above(connection).waiting == 1


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (6, []),
        (8, ["hub-silent"]),
        (36, ["hub-silent", "accounts-expire"]),
        (60, ["hub-silent", "accounts-expire"]),
    ],
)
def test_doctor_says_when_the_hub_was_not_heard(
    station: Station, days: int, expected: list[str]
) -> None:
    station.join()
    heard = station.now - days * DAY_MS
    station.does(lambda connection: upstream.note_heard(connection, heard))
    until = heard + station_accounts.VALID_MS
    station.log.write(lambda transaction: station_accounts.confirm(transaction, until))
    assert station.problems() == expected


@pytest.mark.parametrize(("days", "expected"), [(1, []), (8, ["site-old"])])
def test_doctor_says_when_the_site_is_old(station: Station, days: int, expected: list[str]) -> None:
    station.join()
    with sqlite3.connect(station.settings.data / SITE_COPY_NAME) as copy:
        copy.execute("CREATE TABLE copy(copied_at INTEGER)")
        copy.execute("INSERT INTO copy VALUES (?)", (station.now - days * DAY_MS,))
    copy.close()
    assert station.problems() == expected
    (station.settings.data / SITE_COPY_NAME).write_bytes(b"no database at all")
    assert station.problems() == []


def test_doctor_goes_by_the_stations_clock(station: Station) -> None:
    station.join()
    kept = {"last_ms": station.now + 9 * DAY_MS, "system_ms": 2**42, "known": True}
    (station.settings.data / CLOCK_NAME).write_text(json.dumps(kept))
    assert station.problems() == ["hub-silent"]


def test_a_damaged_database_is_not_this_ones_business(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, role="station", replica="off")
    assert exchange_problems(settings) == []


def test_alarms_wait_until_somebody_saw_these(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "hub", replica="off")
    log = open_log(settings.data, prepare_folder(settings))

    def alarm(transaction: Transaction, detail: str) -> int:
        audit.note(transaction.connection, 1, Finding.FORK, node=None, detail=detail)
        return audit.newest(transaction.connection)

    def seen(transaction: Transaction, number: int) -> None:
        audit.note_seen(transaction.connection, 1, number, "admin:x")

    def line(staff: str) -> tuple[str, int] | None:
        with log.reading() as connection:
            return line_for(connection, "hub", staff, 0)

    assert line("admin") is None
    first = log.write(lambda transaction: alarm(transaction, "a")).result
    log.write(lambda transaction: alarm(transaction, "b"))
    assert line("office") == ("undecided", 2) and line("liaison") is None and line("") is None
    log.write(lambda transaction: seen(transaction, first))
    assert line("admin") == ("undecided", 1)
    assert [one["code"] for one in exchange_problems(settings)] == ["undecided"]
    with log.reading() as connection:
        assert [entry.detail for entry in audit.alarms(connection)] == ["b"]
        assert quarantine.count(connection) == 0
        assert nodes.summary(connection) == (0, None)
    log.stop()
