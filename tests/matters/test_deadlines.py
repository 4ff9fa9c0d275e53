"""Limits: months, days, month ends, leap years; the law's one month alone and two joint."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matters.deadlines import SHANGHAI, BadLimit, default_limit, due_at, month_of, parse_limit
from tests.eventlog.notes import Clock
from tests.matters.county import ROADS, commanded, open_county, raised


def at(text: str) -> int:
    """Return a time that is written in Asia/Shanghai."""
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


def due(start: str, limit: str) -> str:
    """Return the due time, written in Asia/Shanghai."""
    end = datetime.fromtimestamp(due_at(at(start), limit) / 1000, UTC)
    return end.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.req("H24")
def test_a_unit_alone_has_one_month(tmp_path: Path) -> None:
    clock = Clock(at("2026-03-10T09:30"))
    log = open_county(tmp_path, clock)
    matter = commanded(log, raised(log).number, "assign", lead="roads")
    assert matter.limit == default_limit(0) == "P1M"
    assert matter.due_at == at("2026-04-10T23:59:59")
    log.stop()


@pytest.mark.req("H25")
def test_several_units_have_two_months(tmp_path: Path) -> None:
    clock = Clock(at("2026-03-10T09:30"))
    log = open_county(tmp_path, clock)
    matter = commanded(log, raised(log).number, "assign", lead="roads", assisting=["water"])
    assert matter.limit == default_limit(1) == "P2M"
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
        *("", "P", "1M", "P1", "P0M", "P0D", "P0M0D", "P1Y", "P1W", "PT1H", "P1D1M", "P-1M"),
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
