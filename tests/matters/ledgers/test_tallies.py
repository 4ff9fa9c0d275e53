"""Tallies: whatever happened, and whatever waits, they are what a naive count over states gives."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acts.refusals import Refusal
from acts.shanghai import month_of
from eventlog.log import Log
from matters.actors import Actor
from matters.intake import history
from matters.intake.history import HistoricalRow
from matters.ledgers import figures, tallies
from matters.ledgers.figures import By, Scope
from matters.ledgers.marks import Mark, marks_of, people_of
from matters.listing import waiting
from matters.matter import Matter
from matters.public.public import is_public
from matters.store import by_id
from matters.terms import Role
from tests.counts import count
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import (
    AREAS,
    OFFICE,
    ROADS,
    STATIONS,
    commanded,
    open_county,
    raised,
)

BATCH = history.import_identity(b"old file")
COMMANDS: tuple[tuple[str, Actor, dict[str, Any]], ...] = (
    ("assign", OFFICE, {"lead": "roads", "limit": "P9D"}),
    ("assign", OFFICE, {"lead": "water", "assisting": ["roads"]}),
    ("reply", ROADS, {"text": "已修好", "result": "A"}),
    ("reply", Actor(Role.UNIT, unit="water"), {"text": "解释清楚了", "result": "B"}),
    ("return", ROADS, {"reason": "不属本单位"}),
    ("rate", Actor(Role.VILLAGER), {"reply_rating": "satisfied", "result_rating": "basically"}),
    (
        "rate",
        Actor(Role.VILLAGER),
        {"reply_rating": "satisfied", "result_rating": "unsatisfied", "comment": "没修好"},
    ),
    ("explain", ROADS, {"cause": "缺料", "until": "2026-12-01"}),
    ("decline", OFFICE, {"reason": "不受理", "route": "petition"}),
    ("refer", OFFICE, {"to": "市", "reason": "上级"}),
    ("close", OFFICE, {"text": "办结"}),
    ("publish", OFFICE, {"title": "题", "text": "文", "answer": "答"}),
    ("withdraw", OFFICE, {"reason": "家属要求"}),
    ("reclassify", OFFICE, {"category": "taps", "area": AREAS[1]}),
    ("erase", OFFICE, {"what": "words", "reason": "本人要求"}),
)
KEY_OF: dict[By, Callable[[Matter], str]] = {
    By.MONTH: lambda one: month_of(one.received_at),
    By.CATEGORY: lambda one: one.category,
    By.STATION: lambda one: one.station,
    By.UNIT: lambda one: one.lead,
    By.AREA: lambda one: one.area,
}
steps = st.lists(
    st.tuples(
        st.sampled_from(["raise", "command", "import", "approve", "work", "rebuild"]),
        st.integers(0, 5),
        st.integers(0, len(COMMANDS) - 1),
    ),
    max_size=25,
)


def all_matters(log: Log) -> list[tuple[Matter, bool]]:
    """Return every matter with whether it has a notice."""
    with log.reading() as connection:
        rows = connection.execute("SELECT subject FROM states WHERE noun='matter'").fetchall()
        found = [by_id(connection, row[0]) for row in rows]
        return [(one, is_public(connection, one.id)) for one in found if one is not None]


def check(log: Log) -> None:
    """Hold every line, of all months and of some, against a naive count."""
    matters = all_matters(log)
    months = sorted({month_of(one.received_at) for one, _ in matters})
    for scope in (Scope(), *(Scope(first=month, last=month) for month in months)):
        within = [
            (one, shown)
            for one, shown in matters
            if not scope.first or month_of(one.received_at) == scope.first
        ]
        with log.reading() as connection:
            total = figures.total(connection, scope)
            lines = {by: figures.counted(connection, by, scope) for by in By}
        assert total.received == len(within)
        assert total.published == sum(shown for _, shown in within)
        assert total.people == sum(people_of(one) for one, _ in within)
        for mark in Mark:
            naive = sum(mark in marks_of(one) for one, _ in within)
            assert getattr(total, str(mark.name).lower()) == naive, mark
        for by, key_of in KEY_OF.items():
            received = Counter(key_of(one) for one, _ in within)
            answered = Counter(key_of(one) for one, _ in within if one.answered)
            if by is not By.CATEGORY:
                received.pop("", None)
            assert {line.key: line.received for line in lines[by]} == dict(received), by
            assert all(line.answered == answered[line.key] for line in lines[by])
        for by in (By.MONTH, By.CATEGORY):
            for name in tallies.TALLIED:
                assert sum(getattr(line, name) for line in lines[by]) == getattr(total, name)


@settings(max_examples=count(10, 40), deadline=None)
@given(steps=steps)
def test_tallies_are_a_naive_count_after_any_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    clock = Clock()
    log = open_county(tmp_path_factory.mktemp("tallies") / "data", clock)
    numbers: list[str] = []
    for name, which, command in steps:
        clock.now_ms += which * 4 * 86_400_000
        if name == "raise":
            place = {"station": ("", *STATIONS)[which % 3], "area": ("", *AREAS)[command % 3]}
            numbers.append(raised(log, publish="yes", people=str(which + 1), **place).number)
        elif name == "command" and numbers:
            verb, actor, fields = COMMANDS[command]
            try:
                commanded(log, numbers[which % len(numbers)], verb, actor, **fields)
            except Refusal:
                continue
        elif name == "import":
            row = HistoricalRow(f"A{which}", "李", "", "路灯", "坏了", START_MS - which * 10**10)
            if command % 2:
                row = row._replace(answer="修好了", replied_at=START_MS - 10**9)
            log.write(lambda t: history.begin_import(t, BATCH, "old.xlsx", actor=OFFICE))
            log.write(lambda t, r=row: history.take_rows(t, BATCH, [r], actor=OFFICE))  # type: ignore[misc]
        elif name == "approve":
            log.write(lambda t: history.begin_import(t, BATCH, "old.xlsx", actor=OFFICE))
            log.write(lambda t: history.approve_import(t, BATCH, actor=OFFICE))
        elif name == "work":
            log.write(lambda t, n=which: waiting.work_off(t.connection, n + 1))  # type: ignore[misc]
        elif name == "rebuild":
            log.rebuild()
    check(log)
    log.rebuild()
    check(log)
    log.stop()


def test_a_line_that_is_empty_again_is_gone(tmp_path: Path) -> None:
    log = open_county(tmp_path)
    number = raised(log, category="streets").number
    log.write(lambda t: waiting.work_off(t.connection))
    commanded(log, number, "reclassify", category="taps")
    for _ in range(2):
        with log.reading() as connection:
            lines = figures.counted(connection, By.CATEGORY)
        assert [(line.key, line.received) for line in lines] == [("taps", 1)]
        log.write(lambda t: waiting.work_off(t.connection))
    log.stop()
