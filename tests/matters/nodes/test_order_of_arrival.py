"""Whatever the order in which events arrive, every node folds the same state (I3, I5)."""

import itertools
import random
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from acts.field import Field, FieldKind
from acts.refusals import Refusal
from eventlog import replay
from eventlog.events import Draft
from eventlog.identifiers import uuid_text
from eventlog.log import Log
from matters.actors import Actor
from matters.commands import COMMANDS
from matters.execution import record_attempt
from matters.intake import history
from matters.intake.history import HistoricalRow
from matters.limits.timing import time_arrivals
from matters.registers.categories import Category
from matters.terms import Kind, MatterEvent, Role
from stations.register_log import remove_record, set_record
from tests.counts import count
from tests.eventlog.arrivals import Arrival, arrive, departing, empty_database, tables_agree
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import (
    ACTORS,
    AREAS,
    BODIES,
    CATEGORIES,
    CONTESTED,
    MIGRATIONS,
    OFFICE,
    PROJECTIONS,
    STATIONS,
    UNITS,
    commanded,
    matter_of,
    message,
    open_county,
    raised,
)
from tests.matters.living import go_on

LEADING, FIRST_CONTESTED = "leading", "contested"
TABLES = ("states", "matters", "numbers", "dispatched", "imports", "attempts", "records")
choices = st.lists(st.integers(0, 1000), max_size=4)
texts = st.sampled_from(["桥断了", "路灯不亮", "水停了 两天", ""])


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Return right and wrong values of a field."""
    right: dict[FieldKind, st.SearchStrategy[Any]] = {
        FieldKind.CHOICE: st.sampled_from(field.choices or ("",)),
        FieldKind.LIMIT: st.sampled_from(["P1M", "P20D", "p2m", "P1M15D"]),
        FieldKind.UNIT: st.sampled_from(UNITS),
        FieldKind.UNITS: st.lists(st.sampled_from(UNITS), max_size=2),
        FieldKind.CATEGORY: st.sampled_from(CATEGORIES),
        FieldKind.AREA: st.sampled_from(AREAS),
        FieldKind.BODY: st.sampled_from(BODIES),
        FieldKind.UNTIL: st.sampled_from(["2026-12-01", "12月1日", "2027-03-01"]),
        # Which matter and which event is meant stands fast only when the command is given.
        FieldKind.MATTER: st.sampled_from([LEADING]),
        FieldKind.EVENT: st.sampled_from([FIRST_CONTESTED]),
        FieldKind.TEXTS: st.lists(texts, max_size=2),
        FieldKind.PARTS: st.lists(
            st.fixed_dictionaries(
                {
                    "unit": st.sampled_from(UNITS),
                    "task": texts,
                    "until": st.sampled_from(["2026-10-01", "9月30日"]),
                }
            ),
            max_size=2,
        ),
    }
    wrong = st.sampled_from(["", None, "没有", 5, "P0D"])
    good = right.get(field.kind, texts.filter(bool))
    return st.one_of(good, good, good, good, good, good, wrong)


@st.composite
def commands(draw: st.DrawFn) -> tuple[str, Actor, dict[str, Any], int | None]:
    """Draw a command with its actor, fields, and how far behind its page is."""
    command = COMMANDS[draw(st.sampled_from(sorted(COMMANDS)))]
    fields = {field.name: draw(values_of(field)) for field in command.fields}
    fitting = [actor for actor in ACTORS if actor.role in command.roles]
    actor = draw(st.sampled_from(fitting * 3 + list(ACTORS)))
    return command.name, actor, fields, draw(st.sampled_from([None, None, 0, 0, 1]))


def carry(
    log: Log,
    number: str,
    drawn: tuple[str, Actor, dict[str, Any], int | None],
    leading: str = "",
) -> Refusal | None:
    """Carry a drawn command out; a conflict is put on record, as the server does.

    `leading` is the matter that it may be merged into.
    """
    name, actor, fields, behind = drawn
    if fields.get("into") == LEADING:
        fields = {**fields, "into": leading or number}
    if fields.get("event") == FIRST_CONTESTED:
        waiting = [uuid_text(step.event) for step in matter_of(log, number).contested]
        fields = {**fields, "event": waiting[0] if waiting else CONTESTED}
    seen = None if behind is None else matter_of(log, number).version - behind
    try:
        commanded(log, number, name, actor, seen, **fields)
    except Refusal as refusal:
        if refusal.status == 409:
            code = refusal.code
            log.write(
                lambda t: record_attempt(
                    t, number, COMMANDS[name], fields, actor=actor, code=code, seen=seen
                )
            )
        return refusal
    return None


def rows_of(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of the projections, without the order of arrival."""
    found = {}
    for table in TABLES:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        chosen = ",".join(column for column in columns if column not in ("position", "seq"))
        rows = connection.execute(f"SELECT {chosen} FROM {table}")
        found[table] = sorted(tuple(row) for row in rows)
    return found


def hashes_on_the_way(folder: Path, arrivals: list[Arrival]) -> str:
    """Let events arrive one by one; after each the tables must be those that the log gives."""
    connection = empty_database(Path(tempfile.mkdtemp(dir=folder)) / "second.db", *MIGRATIONS)
    try:
        connection.execute("BEGIN")
        for number, arrival in enumerate(arrivals):
            arrive(connection, [arrival], PROJECTIONS)
            connection.execute("COMMIT")
            if number % 3 == 0:
                assert tables_agree(connection, PROJECTIONS)
            connection.execute("BEGIN")
        connection.execute("COMMIT")
        found = replay.verify(connection, PROJECTIONS)
        assert found.ok, found
        before = rows_of(connection)
        connection.execute("BEGIN")
        assert replay.rebuild(connection, PROJECTIONS) == found.state_hash
        connection.execute("COMMIT")
        assert rows_of(connection) == before
        return found.state_hash
    finally:
        connection.close()


# Few, so that two matters have the same; each with its check digit.
NUMBERS = ("1234567805", "1234567813", "1234567821")


class County(RuleBasedStateMachine):
    """A county's log, to which anything may happen, and other nodes that it arrives at."""

    def __init__(self) -> None:
        super().__init__()
        self._home = tempfile.TemporaryDirectory()
        self.folder = Path(self._home.name)
        self.clock = Clock()
        self.log = open_county(self.folder / "first", self.clock)
        self.numbers: list[str] = []

    @initialize()
    def begin(self) -> None:
        self.numbers.append(raised(self.log, publish="yes", name="王桂兰").number)

    @rule(
        text=texts.filter(bool),
        kind=st.sampled_from(["help", "report"]),
        station=st.sampled_from(STATIONS),
        publish=st.sampled_from(["yes", "no"]),
        phone=st.sampled_from(["", "13900000000"]),
    )
    def submit(self, **fields: Any) -> None:
        self.numbers.append(raised(self.log, **fields).number)

    @rule(drawn=commands(), which=st.integers(0, 50))
    def command(self, drawn: tuple[str, Actor, dict[str, Any], int | None], which: int) -> None:
        numbers = self.numbers
        carry(self.log, numbers[which % len(numbers)], drawn, numbers[which // 7 % len(numbers)])

    @rule(choice=st.integers(0, 1000), which=st.integers(0, 50))
    def go_on(self, choice: int, which: int) -> None:
        """Take a matter further as somebody may, so that late states are met often."""
        number = self.numbers[which % len(self.numbers)]
        go_on(self.log, number, choice, self.clock.now_ms, self.numbers)

    @rule(text=texts, which=st.integers(0, 50))
    def write_a_message(self, text: str, which: int) -> None:
        try:
            message(self.log, self.numbers[which % len(self.numbers)], text)
        except Refusal:
            return

    @rule(what=st.sampled_from(["contact", "words"]), which=st.integers(0, 50))
    def erase(self, what: str, which: int) -> None:
        fields = {"what": what, "reason": "本人要求"}
        carry(self.log, self.numbers[which % len(self.numbers)], ("erase", OFFICE, fields, None))

    @rule(
        file=st.sampled_from([b"a", b"b"]),
        answer=st.sampled_from(["", "已修好"]),
        kind=st.sampled_from(["help", "report"]),
        approved=st.booleans(),
    )
    def import_a_file(self, file: bytes, answer: str, kind: Any, approved: bool) -> None:
        batch = history.import_identity(file)
        row = HistoricalRow(
            "A1", "李", "139", "路", "路坏了", START_MS, kind=kind, answer=answer,
            replied_at=START_MS if answer else None,
        )  # fmt: skip
        self.log.write(lambda t: history.begin_import(t, batch, "old.xlsx", actor=OFFICE))
        self.log.write(lambda t: history.take_rows(t, batch, [row], actor=OFFICE))
        if approved:
            self.log.write(lambda t: history.approve_import(t, batch, actor=OFFICE))

    @rule(
        id=st.sampled_from(CATEGORIES), name=st.sampled_from(["道路", "供水"]), gone=st.booleans()
    )
    def edit_a_register(self, id: str, name: str, gone: bool) -> None:
        if gone:
            self.log.write(lambda t: remove_record(t, "category", id, by="office:o1"))
        else:
            record = Category(id=id, name=name)
            self.log.write(lambda t: set_record(t, "category", record, by="office:o1"))

    @rule(which=st.integers(0, 50), number=st.sampled_from(NUMBERS))
    def renumber(self, which: int, number: str) -> None:
        matter = matter_of(self.log, self.numbers[which % len(self.numbers)]).id
        draft = Draft(MatterEvent.RENUMBERED, matter, {"number": number})
        self.log.write(lambda t: t.append([draft], by="system"))

    @rule(minutes=st.integers(-20_000_000, 20_000_000))
    def turn_the_clock(self, minutes: int) -> None:
        """The clock of a poor machine jumps by decades, back to 1970 at most."""
        self.clock.now_ms = max(0, self.clock.now_ms + minutes * 60_000)

    @rule(order=st.randoms(use_true_random=False), days=st.integers(-5000, 5000))
    def time_some(self, order: random.Random, days: int) -> None:
        """The hub says when it had some events, as if they came from a node with a wrong clock."""
        with self.log.reading() as connection:
            events = [arrival.row[0] for arrival in departing(connection)]
        some = order.sample(events, min(3, len(events)))
        self.log.write(lambda t: time_arrivals(t, some, START_MS + days * 86_400_000))

    @precondition(lambda self: len(self.numbers) > 1)
    @rule(order=st.randoms(use_true_random=False))
    def arrives_elsewhere(self, order: random.Random) -> None:
        """Everything arrives at another node, in any order."""
        with self.log.reading() as connection:
            arrivals = departing(connection)
        order.shuffle(arrivals)
        assert hashes_on_the_way(self.folder, arrivals) == self.log.verify().state_hash

    def teardown(self) -> None:
        found = self.log.verify()
        assert found.ok, found
        with self.log.reading() as connection:
            arrivals, before = departing(connection), rows_of(connection)
        assert self.log.rebuild() == found.state_hash
        with self.log.reading() as connection:
            assert rows_of(connection) == before
        assert hashes_on_the_way(self.folder, arrivals[::-1]) == found.state_hash
        self.log.stop()
        self._home.cleanup()


def test_an_approval_that_arrives_after_a_later_one_dates_the_notices(tmp_path: Path) -> None:
    clock = Clock()
    log = open_county(tmp_path / "first", clock)
    batch = history.import_identity(b"a")
    row = HistoricalRow("A1", "李", "139", "路", "路坏了", START_MS, kind=Kind.HELP)
    log.write(lambda t: history.begin_import(t, batch, "old.xlsx", actor=OFFICE))
    log.write(lambda t: history.take_rows(t, batch, [row], actor=OFFICE))
    for _ in range(2):
        log.write(lambda t: history.approve_import(t, batch, actor=OFFICE))
        clock.now_ms += 60_000
    with log.reading() as connection:
        arrivals = departing(connection)
    for order in itertools.permutations(arrivals):
        assert hashes_on_the_way(tmp_path, list(order)) == log.verify().state_hash
    log.stop()


@pytest.mark.req("L31")
def test_any_history_in_any_order_of_arrival() -> None:
    run_state_machine_as_test(
        County,
        settings=settings(
            max_examples=count(8, 40),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def exchange(one: Log, other: Log) -> None:
    """Let two nodes give each other what each wrote."""
    with one.reading() as connection:
        from_one = departing(connection, one.voice.log)
    with other.reading() as connection:
        from_other = departing(connection, other.voice.log)

    def take(log: Log, arrivals: list[Arrival]) -> None:
        def job(transaction: Any) -> None:
            known = {row[0] for row in transaction.connection.execute("SELECT id FROM events")}
            new = [arrival for arrival in arrivals if arrival.row[0] not in known]
            arrive(transaction.connection, new, PROJECTIONS)

        log.write(job)

    take(one, from_other)
    take(other, from_one)


@settings(max_examples=count(12, 60), deadline=None)
@given(
    before=choices,
    at_one=choices,
    at_other=choices,
    after=choices,
)
def test_two_nodes_that_write_of_one_matter_come_to_one_state(
    before: list[int], at_one: list[int], at_other: list[int], after: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as home:
        one, other = open_county(Path(home) / "one"), open_county(Path(home) / "other")
        numbers = [raised(one, publish="yes").number, raised(one).number]

        def live(log: Log, choices: list[int]) -> None:
            for choice in choices:
                go_on(log, numbers[choice % 5 == 0], choice, START_MS, numbers)

        live(one, before)
        exchange(one, other)
        live(one, at_one)
        live(other, at_other)
        exchange(one, other)
        live(other, after)
        exchange(one, other)
        found, found_other = one.verify(), other.verify()
        assert found.ok and found_other.ok
        assert found.state_hash == found_other.state_hash and found.events == found_other.events
        for number in numbers:
            matter = matter_of(one, number)
            with one.reading() as connection:
                written = connection.execute(
                    "SELECT id FROM events WHERE subject=? ORDER BY rank, id", (matter.id,)
                ).fetchall()
            assert [step.event for step in matter.steps] == [row[0] for row in written]
        one.stop()
        other.stop()


def test_a_conflict_is_shown_on_both_nodes_and_nothing_is_lost(tmp_path: Path) -> None:
    one, other = open_county(tmp_path / "one"), open_county(tmp_path / "other")
    number = raised(one).number
    exchange(one, other)
    commanded(one, number, "assign", lead="roads")
    commanded(other, number, "assign", lead="water")
    commanded(other, number, "progress", Actor(Role.UNIT, "u2", unit="water"), text="去看了")
    exchange(one, other)
    found = [matter_of(log, number) for log in (one, other)]
    assert found[0] == found[1]
    assert [step.type for step in found[0].contested] == ["matter.assigned"]
    assert len(found[0].steps) == 4 and found[0].lead in ("roads", "water")
    assert one.verify().state_hash == other.verify().state_hash
    one.stop()
    other.stop()
