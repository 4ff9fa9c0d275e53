"""Days as people write them, with a year and without."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.day import BadDay, parse_day, read_day

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(("2026-12-01", "2026-12-01"), ("2026/12/1", "2026-12-01"), ("2026.12.1", "2026-12-01")),
        *(("2026年12月1日", "2026-12-01"), ("２０２６ 年 12 月 1 日", "2026-12-01")),
        *(("12月1日", "2026-12-01"), ("12月1号", "2026-12-01"), (" 12 月 1 ", "2026-12-01")),
        *(("11月21日", "2026-11-21"), ("11月20日", "2027-11-20"), ("2月29日", "2028-02-29")),
        ("1999-01-31", "1999-01-31"),
    ],
)
def test_a_day_as_it_is_typed(text: str, day: str) -> None:
    assert read_day(text, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        *("", "明天", "12月", "2026-02-29", "2月30日", "13月1日", "0月0日", "20261201", "1日"),
        *("2026-12-01T08:00", "2026-12-01 号", "12-01", "12/1", "P1M", "9" * 5000),
    ],
)
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(BadDay):
        read_day(text, TODAY)


def test_without_a_year_it_is_the_next_the_last_or_the_nearer() -> None:
    for typed, after, before, near in (
        ("12月1日", "2026-12-01", "2025-12-01", "2026-12-01"),
        ("11月20日", "2027-11-20", "2026-11-20", "2026-11-20"),
        ("11月21日", "2026-11-21", "2026-11-21", "2026-11-21"),
        ("2月29日", "2028-02-29", "2024-02-29", "2028-02-29"),
        ("6月1日", "2027-06-01", "2026-06-01", "2026-06-01"),
    ):
        assert str(read_day(typed, TODAY)) == after
        assert str(read_day(typed, TODAY, past=True)) == before
        assert str(read_day(typed, TODAY, near=True)) == near


@given(st.dates(date(1800, 1, 1), date(2200, 1, 1)), st.dates())
def test_the_next_is_never_before_and_the_last_never_after(today: date, typed: date) -> None:
    text = f"{typed.month}月{typed.day}日"
    after, before = read_day(text, today), read_day(text, today, past=True)
    assert before <= today <= after
    for day in (after, before, read_day(text, today, near=True)):
        assert (day.month, day.day) == (typed.month, typed.day)
    assert parse_day(f"{after:%Y-%m-%d}") == after
