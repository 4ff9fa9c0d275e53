"""Due dates: limits counted on the calendar of Asia/Shanghai and the county's working days.

How a limit is written stands in `acts/limit.py` (H24, H25).
"""

from datetime import date, timedelta

from acts.limit import BadLimit, add_months, parse_limit
from acts.shanghai import day_of, end_of_day
from stations.working_days import WEEKENDS_ONLY, WorkingDays


def due_at(start_ms: int, limit: str, calendar: WorkingDays = WEEKENDS_ONLY) -> int:
    """Return when a limit that starts at `start_ms` runs out: the end of its last day.

    Both are milliseconds since 1970, UTC; days are those of Asia/Shanghai, and the day of the
    start is not counted. A month ends on the day of the same number, or on the last day of a
    shorter month; months and days count every day, working days only those of `calendar`.
    Raises BadLimit, also where the limit would end after the year 9999.
    """
    months, days, working = parse_limit(limit)
    try:
        last_day = add_months(day_of(start_ms), months) + timedelta(days=days)
        return end_of_day(calendar.after(last_day, working))
    except (OverflowError, ValueError) as error:
        raise BadLimit(limit) from error


def moved(due_ms: int, days: int, *, working: bool, calendar: WorkingDays = WEEKENDS_ONLY) -> int:
    """Return the due moment after the clock stood still for `days`: the end of a later day.

    Where the limit is in working days and the new day is none, it is the next working day.
    Without a pause nothing moves, and nothing moves beyond the year 9999.
    """
    if days <= 0:
        return due_ms
    try:
        last_day = day_of(due_ms) + timedelta(days=days)
        return end_of_day(calendar.on_or_after(last_day) if working else last_day)
    except OverflowError:
        return end_of_day(date.max)
