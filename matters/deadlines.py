"""Limits: ISO 8601 durations counted in the calendar of Asia/Shanghai (H24, H25)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
ALONE = "P1M"
JOINT = "P2M"

_DURATION = re.compile(r"P(?:(?P<months>[0-9]{1,2})M)?(?:(?P<days>[0-9]{1,3})D)?")


class BadLimit(ValueError):
    """A limit that is not a duration in months and days, is nothing, or is over two years."""


def parse_limit(text: str) -> tuple[int, int]:
    """Return the months and days of a limit such as P1M, P20D or P1M15D. Raises BadLimit."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise BadLimit(text)
    months, days = int(match["months"] or 0), int(match["days"] or 0)
    if not 0 < months * 30 + days <= 731:
        raise BadLimit(text)
    return months, days


def default_limit(assisting: int) -> str:
    """Return the limit of law where none is set: one month alone, two with others (H24, H25)."""
    return JOINT if assisting else ALONE


def due_at(start_ms: int, limit: str) -> int:
    """Return when a limit that starts at `start_ms` runs out: the end of its last day.

    Both are milliseconds since 1970, UTC; days are those of Asia/Shanghai. A month ends on the
    day of the same number, or on the last day of a shorter month. Raises BadLimit.
    """
    months, days = parse_limit(limit)
    start = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(SHANGHAI)
    last_day = _add_months(start, months) + timedelta(days=days)
    end = last_day.replace(hour=23, minute=59, second=59, microsecond=0)
    return int(end.timestamp() * 1000)


def _add_months(day: datetime, months: int) -> datetime:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return day.replace(year=year, month=month + 1, day=number)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def month_of(at_ms: int) -> str:
    """Return the month (yyyy-mm) in Asia/Shanghai of a time in milliseconds, UTC."""
    return _month_of_hour(at_ms // 3_600_000)


@lru_cache(maxsize=1024)
def _month_of_hour(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, UTC).astimezone(SHANGHAI).strftime("%Y-%m")
