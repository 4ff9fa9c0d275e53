"""Lights by the days that are left, and to whom what is overdue is raised."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.shanghai import day_of, end_of_day
from matters.limits.lights import Light, Raised, due_until, level_of, light_of
from matters.registers.rules import DEFAULT_RULES, Rules
from tests.matters.limits.test_deadlines import at

DUE = at("2026-06-30T23:59:59")


@pytest.mark.parametrize(
    ("now", "light"),
    [
        ("2026-06-01T08:00", Light.GREEN),
        ("2026-06-22T23:59:59", Light.GREEN),
        ("2026-06-23T00:00", Light.YELLOW),
        ("2026-06-26T23:59:59", Light.YELLOW),
        ("2026-06-27T00:00", Light.RED),
        ("2026-06-30T23:59", Light.RED),
        ("2026-07-01T00:00", Light.RED),
        ("2027-07-01T00:00", Light.RED),
    ],
)
def test_the_light_changes_with_the_day(now: str, light: Light) -> None:
    assert light_of(DUE, at(now), DEFAULT_RULES) is light


def test_no_clock_no_light() -> None:
    assert light_of(None, DUE, DEFAULT_RULES) is Light.NONE
    assert level_of(None, DUE, DEFAULT_RULES) is Raised.NOT


@pytest.mark.parametrize(
    ("now", "level"),
    [
        ("2026-06-30T23:59:59", ""),
        ("2026-07-01T00:00", "unit"),
        ("2026-07-01T23:59:58", "unit"),
        ("2026-07-02T00:00", "head"),
        ("2026-07-05T12:00", "head"),
        ("2026-07-06T00:00", "office"),
        ("2026-07-15T23:00", "office"),
        ("2026-07-16T00:00", "committee"),
        ("2028-01-01T00:00", "committee"),
    ],
)
def test_what_is_overdue_is_raised_level_by_level(now: str, level: str) -> None:
    assert level_of(DUE, at(now), DEFAULT_RULES) == level


@given(
    due=st.dates(date(2026, 1, 1), date(2026, 3, 1)),
    now=st.integers(at("2026-01-01T00:00"), at("2026-03-01T00:00")),
    red=st.integers(0, 10),
    more=st.integers(1, 10),
)
def test_a_light_is_the_days_between(due: date, now: int, red: int, more: int) -> None:
    rules = msgspec.structs.replace(DEFAULT_RULES, red_days=red, yellow_days=red + more)
    left = (due - day_of(now)).days
    expected = Light.RED if left <= red else Light.YELLOW if left <= red + more else Light.GREEN
    assert light_of(end_of_day(due), now, rules) is expected
    # The bound by which lists ask is the same rule.
    assert (end_of_day(due) <= due_until(now, red)) is (expected is Light.RED)


@given(due=st.integers(0, 10**12), now=st.integers(0, 10**12), later=st.integers(0, 10**10))
def test_time_only_raises(due: int, now: int, later: int) -> None:
    levels = list(Raised)
    rules: Rules = DEFAULT_RULES
    assert levels.index(level_of(due, now, rules)) <= levels.index(
        level_of(due, now + later, rules)
    )
    # What is raised to anybody shines red.
    if level_of(due, now, rules):
        assert light_of(due, now, rules) is Light.RED


def test_bounds_are_ends_of_days() -> None:
    now = at("2026-06-30T12:00")
    for days in (0, 3, 7):
        assert day_of(due_until(now, days)) == date(2026, 6, 30) + timedelta(days=days)
