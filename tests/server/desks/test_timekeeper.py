"""The timekeeper of a hub that doubts its clock, and what it makes good once the time is known."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from acts.shanghai import DAY_MS, day_of
from eventlog.log import Log
from matters import store
from matters.actors import VILLAGER, Actor
from matters.commands import COMMANDS
from matters.execution import carry_out
from matters.intake.intake import check_submission, raise_matter
from matters.matter import Matter
from matters.terms import Role
from server.county.county_registers import RegisterCache
from server.data_folder import open_log, prepare_folder
from server.desks.timekeeper import Timekeeper
from server.folder.hub_clock import HubClock
from server.folder.settings import Settings
from server.registers.sample import seed_sample

START_MS = 1_790_000_000_000
OFFICE = Actor(Role.OFFICE, "office")


class Desk:
    """A hub's log and timekeeper with the machine's clock in a test's hands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.system_ms = self.counting_ms = START_MS
        self.open()

    def open(self) -> None:
        """Start the hub."""
        self.clock = HubClock(
            self.folder,
            system_ms=lambda: self.system_ms,
            counting_ms=lambda: self.counting_ms,
            is_kept=lambda: False,
        )
        self.log: Log = open_log(
            self.folder, prepare_folder(Settings(data=self.folder)), clock=self.clock
        )
        self.registers = RegisterCache(self.log)
        self.timekeeper = Timekeeper(self.log, self.registers.current, self.clock)

    def was_off(self, ms: int) -> None:
        """Stop the hub, and start it after a while."""
        self.clock.keep(at_once=True)
        self.log.stop()
        self.system_ms += ms
        self.open()

    def raised(self, text: str) -> bytes:
        """Raise a matter."""
        submission = check_submission({"text": text}, self.registers.current().known, staff=False)
        return self.log.write(
            lambda t: raise_matter(t, submission, actor=VILLAGER, receipt_key=bytes(32))
        ).result.id

    def act(self, matter: bytes, command: str, **fields: str) -> None:
        """Carry a command out by the office."""
        number = self.matter(matter).number
        self.log.write(
            lambda t: carry_out(
                t,
                number,
                COMMANDS[command],
                fields,
                actor=OFFICE,
                known=self.registers.current().known,
                seen=None,
                folder=self.folder,
            )
        )

    def matter(self, identity: bytes) -> Matter:
        """Return a matter as it is now."""
        with self.log.reading() as connection:
            matter = store.by_id(connection, identity)
        assert matter is not None
        return matter


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a sample county, made once."""
    folder = tmp_path_factory.mktemp("county")
    made = Desk(folder)
    seed_sample(made.log, folder)
    made.log.stop()
    return folder


@pytest.fixture
def desk(county: Path, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(shutil.copytree(county, tmp_path / "data"))
    yield made
    made.log.stop()


def test_nothing_lapses_by_a_doubted_clock_and_all_does_by_a_right_one(desk: Desk) -> None:
    answered = desk.raised("问一件小事。")
    desk.act(answered, "answer", text="可以办。")
    desk.system_ms += 400 * DAY_MS
    assert desk.timekeeper.look() == 0 and desk.matter(answered).state == "replied"
    desk.clock.confirm("office-1")
    assert desk.timekeeper.look() == 1 and desk.matter(answered).state == "closed"


def test_what_was_written_in_doubt_counts_from_when_it_was(desk: Desk) -> None:
    before = desk.raised("前一天的事。")
    desk.was_off(4 * DAY_MS)
    now_ms = desk.system_ms
    identity = desk.raised("开机以后来的事。")
    unit = min(desk.registers.current().units)
    desk.act(identity, "assign", lead=unit, limit="P10D")
    seemed = desk.matter(identity)
    assert seemed.received_at < now_ms - 3 * DAY_MS and seemed.due_at is not None
    desk.clock.confirm("office-1")
    desk.timekeeper.look()
    matter = desk.matter(identity)
    assert abs(matter.received_at - now_ms) < 60_000 and matter.due_at is not None
    assert day_of(matter.due_at) == day_of(now_ms + 10 * DAY_MS) > day_of(seemed.due_at)
    assert desk.matter(before).received_at == START_MS
    assert desk.clock.moved == [] and desk.timekeeper.look() == 0
    assert desk.log.verify().ok


def test_a_death_between_the_two_makes_it_good_at_the_next_start(desk: Desk) -> None:
    desk.was_off(4 * DAY_MS)
    identity = desk.raised("开机以后来的事。")
    desk.clock.confirm("office-1")
    # Nothing was timed before the hub died; and once more after it was.
    desk.was_off(1000)
    (span,) = desk.clock.moved
    desk.timekeeper._put_right(span)
    events = desk.log.newest_position()
    desk.timekeeper._put_right(span)
    assert desk.log.newest_position() == events
    assert abs(desk.matter(identity).received_at - desk.system_ms) < 60_000
    desk.was_off(1000)
    assert desk.clock.moved == []


def test_a_clock_that_was_wrong_and_came_back_leaves_the_times_as_they_are(desk: Desk) -> None:
    desk.system_ms += 400 * DAY_MS
    identity = desk.raised("钟错了那天来的事。")
    desk.system_ms -= 400 * DAY_MS
    desk.timekeeper.look()
    matter = desk.matter(identity)
    assert abs(matter.received_at - START_MS) < 60_000
    assert all(step.received_at is None for step in matter.steps)
