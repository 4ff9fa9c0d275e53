"""Due dates: months, days, working days, month ends, leap years; pauses; days as typed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.limit import BadLimit, parse_limit
from acts.shanghai import DAY_MS, SHANGHAI, day_of, days_between, end_of_day, month_of
from matters.limits.deadlines import due_at, moved
from matters.registers.rules import DEFAULT_RULES
from stations.sample import sample_days
from stations.working_days import WEEKENDS_ONLY, WorkingDays
from tests.eventlog.notes import Clock
from tests.matters.county import ROADS, commanded, open_county, raised


def at(text: str) -> int:
    """Return a time that is written in Asia/Shanghai."""
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


SAMPLE = WorkingDays.of(sample_days())


def due(start: str, limit: str, calendar: WorkingDays = WEEKENDS_ONLY) -> str:
    """Return the due time, written in Asia/Shanghai."""
    end = datetime.fromtimestamp(due_at(at(start), limit, calendar) / 1000, UTC)
    return end.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.req("H24")
def test_a_unit_alone_has_one_month(tmp_path: Path) -> None:
    clock = Clock(at("2026-03-10T09:30"))
    log = open_county(tmp_path, clock)
    matter = commanded(log, raised(log).number, "assign", lead="roads")
    assert matter.limit == DEFAULT_RULES.limit_for() == "P1M"
    assert matter.due_at == at("2026-04-10T23:59:59")
    log.stop()


@pytest.mark.req("H25")
def test_several_units_have_two_months(tmp_path: Path) -> None:
    clock = Clock(at("2026-03-10T09:30"))
    log = open_county(tmp_path, clock)
    matter = commanded(log, raised(log).number, "assign", lead="roads", assisting=["water"])
    assert matter.limit == DEFAULT_RULES.limit_for(assisting=1) == "P2M"
    assert matter.due_at == at("2026-05-10T23:59:59")
    log.stop()


@pytest.mark.req("H20", "L23")
def test_the_office_may_set_another_limit(tmp_path: Path) -> None:
    clock = Clock(at("2026-03-10T09:30"))
    log = open_county(tmp_path, clock)
    number = raised(log).number
    matter = commanded(log, number, "assign", lead="roads", limit="p20d")
    assert (matter.limit, matter.due_at) == ("P20D", at("2026-03-30T23:59:59"))
    assert commanded(log, number, "return", ROADS, reason="不属本单位").due_at is None
    log.stop()


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2026-01-31T08:00", "P1M", "2026-02-28"),
        ("2028-01-31T08:00", "P1M", "2028-02-29"),
        ("2028-01-30T08:00", "P1M", "2028-02-29"),
        ("2027-01-29T08:00", "P1M", "2027-02-28"),
        ("2026-12-31T08:00", "P2M", "2027-02-28"),
        ("2027-12-31T08:00", "P2M", "2028-02-29"),
        ("2026-03-31T08:00", "P1M", "2026-04-30"),
        ("2026-02-28T08:00", "P1M", "2026-03-28"),
        ("2026-12-15T08:00", "P1M", "2027-01-15"),
        ("2026-05-31T08:00", "P12M", "2027-05-31"),
        ("2028-02-29T08:00", "P12M", "2029-02-28"),
        ("2028-02-29T08:00", "P24M", "2030-02-28"),
        ("2026-01-31T08:00", "P1M1D", "2026-03-01"),
        ("2026-02-27T08:00", "P3D", "2026-03-02"),
        ("2028-02-27T08:00", "P3D", "2028-03-01"),
        ("2026-12-31T08:00", "P1D", "2027-01-01"),
        ("2026-03-10T00:00", "P1D", "2026-03-11"),
        ("2026-03-10T23:59:59", "P1D", "2026-03-11"),
        ("1988-04-10T00:30", "P1M", "1988-05-10"),
    ],
)
def test_where_a_limit_ends(start: str, limit: str, end: str) -> None:
    assert due(start, limit) == f"{end} 23:59:59"


def test_the_day_is_that_of_shanghai() -> None:
    # 2026-03-31 16:30 UTC is the first of April there.
    start = int(datetime(2026, 3, 31, 16, 30, tzinfo=UTC).timestamp() * 1000)
    assert due_at(start, "P1M") == at("2026-05-01T23:59:59")
    assert month_of(start) == "2026-04" and month_of(start - 3_600_000) == "2026-03"


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "1M", "P1", "P0M", "P0D", "P0M0D", "P1Y", "PT1H", "P1D1M", "P-1M"),
        *("p1m", "P100M", "P25M", "P24M12D", "P732D", "P1000D", " P1M", "P1M ", "P1M\n"),
        *("P１M", "P1.5M"),
    ],
)
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(BadLimit):
        parse_limit(text)
    with pytest.raises(BadLimit):
        due_at(0, text)


@given(
    start=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
    months=st.integers(0, 20),
    days=st.integers(0, 100),
)
def test_a_limit_ends_when_its_months_and_days_are_over(
    start: datetime, months: int, days: int
) -> None:
    if not months + days:
        return
    start_ms = int(start.replace(tzinfo=UTC).timestamp() * 1000)
    end = due_at(start_ms, f"P{months}M{days}D")
    passed = (end - start_ms) / 86_400_000
    assert 28 * months + days <= passed + 3 and passed <= 31 * months + days + 1
    # A longer limit never ends earlier.
    assert end < due_at(start_ms, f"P{months}M{days + 1}D")
    assert end <= due_at(start_ms, f"P{months + 1}M{days}D")


@pytest.mark.parametrize(
    ("start", "limit", "weekends", "sample"),
    [
        ("2026-09-29T09:00", "P1B", "2026-09-30", "2026-09-30"),
        ("2026-09-30T09:00", "P1B", "2026-10-01", "2026-10-08"),
        ("2026-09-30T23:59:59", "P5B", "2026-10-07", "2026-10-13"),
        ("2026-02-13T09:00", "P5B", "2026-02-20", "2026-02-27"),
        ("2026-02-13T09:00", "P10B", "2026-02-27", "2026-03-05"),
        ("2026-04-04T09:00", "P1B", "2026-04-06", "2026-04-07"),
        # Every day counts where working days are not asked for.
        ("2026-09-30T09:00", "P5D", "2026-10-05", "2026-10-05"),
        ("2026-09-30T09:00", "P1M", "2026-10-30", "2026-10-30"),
    ],
)
def test_working_days_go_by_the_calendar(
    start: str, limit: str, weekends: str, sample: str
) -> None:
    assert due(start, limit) == f"{weekends} 23:59:59"
    assert due(start, limit, SAMPLE) == f"{sample} 23:59:59"


def test_a_limit_beyond_all_calendars_is_refused() -> None:
    last = end_of_day(date(9999, 12, 30))
    for limit in ("P1M", "P20D", "P10B", "P24M"):
        with pytest.raises(BadLimit):
            due_at(last, limit)
    for working in (True, False):
        assert moved(last, 400, working=working) == end_of_day(date.max)
    for start in (10**18, -(10**18)):
        with pytest.raises(BadLimit):
            due_at(start, "P1M")


@pytest.mark.parametrize(
    ("until", "days", "working", "end"),
    [
        ("2026-09-24", 0, False, "2026-09-24"),
        ("2026-09-24", -1, True, "2026-09-24"),
        ("2026-09-24", 1, False, "2026-09-25"),
        ("2026-09-24", 2, False, "2026-09-26"),
        ("2026-09-24", 1, True, "2026-09-28"),
        ("2026-09-24", 4, True, "2026-09-28"),
        ("2026-09-29", 2, True, "2026-10-08"),
        ("2026-10-08", 2, True, "2026-10-10"),
    ],
)
def test_a_pause_moves_the_due_day(until: str, days: int, working: bool, end: str) -> None:
    before = end_of_day(date.fromisoformat(until))
    after = moved(before, days, working=working, calendar=SAMPLE)
    assert after == end_of_day(date.fromisoformat(end))


@given(
    day=st.dates(date(2025, 6, 1), date(2027, 6, 1)),
    days=st.integers(1, 90),
    working=st.booleans(),
)
def test_a_pause_never_costs_time(day: date, days: int, working: bool) -> None:
    before = end_of_day(day)
    after = moved(before, days, working=working, calendar=SAMPLE)
    assert after - before >= days * DAY_MS
    if working:
        assert SAMPLE.is_workday(day_of(after))
    else:
        assert after - before == days * DAY_MS


@given(start=st.integers(0, 10**13), hours=st.integers(0, 24 * 90))
def test_a_clock_that_stands_still_within_a_day_loses_none(start: int, hours: int) -> None:
    end = start + hours * 3_600_000
    assert days_between(start, end) == (day_of(end) - day_of(start)).days
    assert days_between(end, start) == 0


@given(day=st.dates(date(1992, 1, 1), date(2200, 1, 1)))
def test_a_day_ends_on_that_day(day: date) -> None:
    assert day_of(end_of_day(day)) == day
    assert day_of(end_of_day(day) + 1000) == day + timedelta(days=1)
