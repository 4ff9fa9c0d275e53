"""Working days: weekends, holidays, make-up workdays, against a loop that only looks at days."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations.registers import RecordError, record_from_row
from stations.sample import sample_days
from stations.working_days import DAYS, WEEKENDS_ONLY, DayKind, SpecialDay, WorkingDays

SAMPLE = WorkingDays.of(sample_days())
ONE_DAY = timedelta(days=1)


def special(text: str, kind: DayKind = DayKind.HOLIDAY) -> SpecialDay:
    return SpecialDay(id=text, kind=kind)


DATES = st.dates(date(2025, 12, 1), date(2026, 3, 1))
TABLES = st.dictionaries(DATES, st.sampled_from(DayKind), max_size=60)


def naive(table: dict[date, DayKind], day: date) -> bool:
    """Return whether it is a working day, as one would say it aloud."""
    if day in table:
        return table[day] is DayKind.WORKDAY
    return day.strftime("%a") not in ("Sat", "Sun")


@given(table=TABLES, day=DATES, count=st.integers(0, 60))
def test_counting_is_that_of_a_naive_loop(
    table: dict[date, DayKind], day: date, count: int
) -> None:
    calendar = WorkingDays.of(special(str(one), kind) for one, kind in table.items())
    end = day
    left = count
    while left:
        end += ONE_DAY
        left -= naive(table, end)
    assert calendar.after(day, count) == end
    assert calendar.is_workday(day) is naive(table, day)
    following = calendar.on_or_after(day)
    assert naive(table, following)
    skipped = [day + ONE_DAY * number for number in range((following - day).days)]
    assert not any(naive(table, one) for one in skipped)


@given(table=TABLES, day=DATES, one=st.integers(0, 30), other=st.integers(0, 30))
def test_counts_add_up(table: dict[date, DayKind], day: date, one: int, other: int) -> None:
    calendar = WorkingDays.of(special(str(key), kind) for key, kind in table.items())
    assert calendar.after(calendar.after(day, one), other) == calendar.after(day, one + other)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2025-12-31", 1, "2026-01-04"),  # A Sunday worked for the Friday off.
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-02-13", 6, "2026-02-28"),
        ("2026-04-03", 1, "2026-04-07"),
        ("2026-04-30", 3, "2026-05-08"),
        ("2026-04-30", 4, "2026-05-09"),
        ("2026-06-18", 1, "2026-06-22"),
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-09-24", 1, "2026-09-28"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-30", 3, "2026-10-10"),
        ("2027-02-04", 1, "2027-02-09"),
    ],
)
def test_the_true_calendar(start: str, count: int, end: str) -> None:
    assert SAMPLE.after(date.fromisoformat(start), count) == date.fromisoformat(end)


def test_the_true_calendar_has_as_many_days_as_was_said() -> None:
    kinds = Counter((one.kind, one.id[:4]) for one in sample_days())
    # 3, 9, 3, 5, 3, 3 and 7 days off, six Saturdays and Sundays worked for them.
    assert kinds[DayKind.HOLIDAY, "2026"] == 33
    assert kinds[DayKind.WORKDAY, "2026"] == 6
    # Thirteen days by the regulation, and nothing moved yet.
    assert kinds[DayKind.HOLIDAY, "2027"] == 13
    assert kinds[DayKind.WORKDAY, "2027"] == 0
    year = [date(2026, 1, 1) + ONE_DAY * number for number in range(365)]
    assert sum(SAMPLE.is_workday(day) for day in year) == 248
    # Whoever works on a make-up day would else have been off.
    made_up = [date.fromisoformat(one.id) for one in sample_days() if one.kind == "workday"]
    assert all(not WEEKENDS_ONLY.is_workday(day) for day in made_up)


def test_calendars_are_values() -> None:
    days = sample_days()
    assert WorkingDays.of(days) == WorkingDays.of(reversed(days)) != WEEKENDS_ONLY
    assert hash(WorkingDays.of(days)) == hash(SAMPLE)
    assert WorkingDays.of([special("not-a-day")]) == WEEKENDS_ONLY


def test_the_count_ends_with_the_calendar() -> None:
    with pytest.raises(OverflowError):
        WEEKENDS_ONLY.after(date(9999, 12, 28), 500)
    endless = WorkingDays(frozenset(date(2026, 1, 1) + ONE_DAY * number for number in range(4000)))
    assert endless.after(date(2026, 1, 1), 1) == date(2036, 12, 15)


@pytest.mark.parametrize(
    ("row", "day"),
    [
        (("2026-10-01", "放假"), special("2026-10-01")),
        (("2026/10/1", "休"), special("2026-10-01")),
        (("2026年10月10日", "补班"), special("2026-10-10", DayKind.WORKDAY)),
        (("2026.10.10", "workday"), special("2026-10-10", DayKind.WORKDAY)),
        (("２０２６-10-01 00:00:00", "holiday"), special("2026-10-01")),
    ],
)
def test_how_days_may_be_typed(row: tuple[str, str], day: SpecialDay) -> None:
    assert record_from_row(DAYS, {"日期": row[0], "安排": row[1]}) == day


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "10-01", "国庆", "20261001", ""])
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(RecordError) as caught:
        record_from_row(DAYS, {"日期": text, "安排": "放假"})
    assert [problem.field for problem in caught.value.problems] == ["id"]
