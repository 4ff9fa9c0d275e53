"""Due dates: limits counted on the calendar of Asia/Shanghai and the county's working days.

How a limit is written stands in `acts/limit.py` (H24, H25).
"""

import re
from datetime import date, timedelta

from acts.limit import BadLimit, parse_limit
from acts.shanghai import day_of, end_of_day
from acts.text import plain_digits
from stations.cells import CellError, parse_day
from stations.working_days import WEEKENDS_ONLY, WorkingDays

_WITHOUT_YEAR = re.compile(r"([0-9]{1,2})月([0-9]{1,2})[日号]?")


class BadDay(ValueError):
    """A text that names no day."""


def due_at(start_ms: int, limit: str, calendar: WorkingDays = WEEKENDS_ONLY) -> int:
    """Return when a limit that starts at `start_ms` runs out: the end of its last day.

    Both are milliseconds since 1970, UTC; days are those of Asia/Shanghai, and the day of the
    start is not counted. A month ends on the day of the same number, or on the last day of a
    shorter month; months and days count every day, working days only those of `calendar`.
    Raises BadLimit, also where the limit would end after the year 9999.
    """
    months, days, working = parse_limit(limit)
    try:
        last_day = _add_months(day_of(start_ms), months) + timedelta(days=days)
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


def read_day(text: str, today: date | None = None) -> date:
    """Return the day that somebody typed: 2026-12-01, 2026/12/1, 2026年12月1日, 12月1日.

    Without a year it is the next such day from `today` on, today counted. Raises BadDay, also
    for a day without a year where `today` is not given.
    """
    try:
        return parse_day(text)
    except CellError:
        pass
    found = _WITHOUT_YEAR.fullmatch("".join(plain_digits(text).split()))
    if found is None or today is None:
        raise BadDay(text)
    month, number = int(found[1]), int(found[2])
    # The 29th of February comes again within eight years.
    for year in range(today.year, today.year + 9):
        try:
            day = date(year, month, number)
        except ValueError:
            continue
        if day >= today:
            return day
    raise BadDay(text)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29):
        try:
            return day.replace(year=year, month=month + 1, day=number)
        except ValueError:
            continue
    return day.replace(year=year, month=month + 1, day=28)
