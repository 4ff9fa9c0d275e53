"""Duty rules in words, and the days they hold on."""

from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations.cells import CellError
from stations.duty import (
    DutyRule,
    days_before,
    describe_duty_en,
    duty_dates,
    format_duty,
    parse_duty,
    week_of_month,
)

TIMES = st.tuples(st.integers(0, 23 * 60 + 58), st.integers(1, 60)).map(
    lambda pair: (pair[0], min(pair[0] + pair[1], 23 * 60 + 59))
)
RULES = st.builds(
    lambda weekday, weeks, times, deputies: DutyRule(
        weekday=weekday,
        weeks=tuple(sorted(weeks)),
        starts=f"{times[0] // 60:02}:{times[0] % 60:02}",
        ends=f"{times[1] // 60:02}:{times[1] % 60:02}",
        deputies=deputies,
    ),
    st.integers(1, 7),
    st.sets(st.integers(1, 5)),
    TIMES,
    st.integers(1, 50),
)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("每周三", DutyRule(weekday=3)),
        ("代表周三见 2人", DutyRule(weekday=3)),
        ("双周三 3名", DutyRule(weekday=3, weeks=(2, 4), deputies=3)),
        (
            "每月第二、四个星期三 14：30至17：00 3人",
            DutyRule(weekday=3, weeks=(2, 4), starts="14:30", ends="17:00", deputies=3),
        ),
        ("每周日 8:30~11:30", DutyRule(weekday=7)),
        ("Wednesday 08:30-11:30 2 deputies", DutyRule(weekday=3)),
        (
            "2nd and 4th Wednesday 9:00–12:00, 3 deputies",
            DutyRule(weekday=3, weeks=(2, 4), starts="09:00", ends="12:00", deputies=3),
        ),
    ],
)
def test_words_are_understood(text: str, rule: DutyRule) -> None:
    assert parse_duty(text) == (rule,)


BAD = """随时 每周八 每周三8点到11点 每周三,11:30-08:30 每周三,25:00-26:00 每周三,0人 每周三,99人
每月周三 每月第6个周三 每月第2、9个周三 6th,Wednesday"""


@pytest.mark.parametrize("text", BAD.split())
def test_bad_rules(text: str) -> None:
    with pytest.raises(CellError):
        parse_duty(text)


@given(st.lists(RULES, max_size=3))
def test_round_trip(rules: list[DutyRule]) -> None:
    assert parse_duty(format_duty(tuple(rules))) == tuple(rules)
    assert parse_duty("; ".join(map(describe_duty_en, rules))) == tuple(rules)


@given(RULES, st.dates(date(1999, 1, 1), date(2101, 1, 1)), st.integers(0, 800))
def test_days_are_counted_as_they_come(rule: DutyRule, start: date, length: int) -> None:
    end = start + timedelta(days=length)
    between = sum(
        day.isoweekday() == rule.weekday and (not rule.weeks or week_of_month(day) in rule.weeks)
        for day in (start + timedelta(days=shift) for shift in range(length))
    )
    assert days_before(rule, end) - days_before(rule, start) == between


def test_dates_end_with_the_calendar_and_never_hang() -> None:
    assert list(duty_dates(DutyRule(weekday=3), date(9999, 12, 20))) == [
        date(9999, 12, 22), date(9999, 12, 29)]  # fmt: skip
    assert list(duty_dates(DutyRule(weekday=3, weeks=(6,)), date(2026, 1, 1))) == []
    assert list(duty_dates(DutyRule(weekday=9), date(2026, 1, 1))) == []
    fifth = list(islice(duty_dates(DutyRule(weekday=1, weeks=(5,)), date(2026, 1, 1)), 2))
    assert fifth == [date(2026, 3, 30), date(2026, 6, 29)]
