"""Time at the edge: days, months and minutes in Asia/Shanghai of times that are kept in ms, UTC."""

import time
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY_MS = 86_400_000


def moment_of(at_ms: int) -> datetime:
    """Return a time in milliseconds since 1970, UTC, as people in Asia/Shanghai read it."""
    return datetime.fromtimestamp(at_ms / 1000, SHANGHAI)


def day_of(at_ms: int) -> date:
    """Return the day in Asia/Shanghai of a time in milliseconds since 1970, UTC."""
    return datetime.fromtimestamp(at_ms // 1000, SHANGHAI).date()


def start_of_day(day: date) -> int:
    """Return 00:00:00 of a day in Asia/Shanghai, in milliseconds since 1970, UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).timestamp()) * 1000


def end_of_day(day: date) -> int:
    """Return 23:59:59 of a day in Asia/Shanghai, in milliseconds since 1970, UTC."""
    last = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=SHANGHAI)
    return int(last.timestamp()) * 1000


def days_between(start_ms: int, end_ms: int) -> int:
    """Return how many days in Asia/Shanghai lie between two moments: 0 within one day, never less.

    A clock that stands still from Monday to Wednesday loses two days, whatever the hours.
    """
    return max(0, (day_of(end_ms) - day_of(start_ms)).days)


def month_of(at_ms: int) -> str:
    """Return the month (yyyy-mm) in Asia/Shanghai of a time in milliseconds, UTC."""
    return _month_of_hour(at_ms // 3_600_000)


@lru_cache(maxsize=1024)
def _month_of_hour(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, SHANGHAI).strftime("%Y-%m")


def day_text(at_ms: int | None) -> str:
    """Return the day of a time as text: 2026-11-21; "" for None."""
    return "" if at_ms is None else moment_of(at_ms).strftime("%Y-%m-%d")


def minute_text(at_ms: int) -> str:
    """Return a time as text: 2026-11-21 21:05."""
    return moment_of(at_ms).strftime("%Y-%m-%d %H:%M")


def clock_text(at_ms: int, now_ms: int | None = None) -> str:
    """Return a time of today as 12:03, an older one with its day."""
    when, now = moment_of(at_ms), moment_of(now_ms or time.time_ns() // 1_000_000)
    return when.strftime("%H:%M" if when.date() == now.date() else "%Y-%m-%d %H:%M")


def iso(at_ms: int | None) -> str | None:
    """Return a time as ISO 8601 with the offset of Asia/Shanghai, for the interface."""
    return None if at_ms is None else moment_of(at_ms).isoformat(timespec="seconds")
