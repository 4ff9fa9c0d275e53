"""Days as people write them: 2026-12-01, 2026/12/1, 2026年12月1日, 12月1日."""

import re
from datetime import date

from acts.text import plain_digits

_DAY = re.compile(
    r"(?P<year>[0-9]{4})[-/.年](?P<month>[0-9]{1,2})[-/.月](?P<day>[0-9]{1,2})日?"
    r"(?:[ T]00:00(?::00)?)?"
)
_WITHOUT_YEAR = re.compile(r"([0-9]{1,2})月([0-9]{1,2})[日号]?")


class BadDay(ValueError):
    """A text that names no day."""


class NoSuchDay(BadDay):
    """A text that is written as a day, but there is none of that number."""


def parse_day(text: str) -> date:
    """Return the day of 2026-10-01, 2026/10/1, 2026.10.1 or 2026年10月1日. Raises BadDay."""
    parts = _DAY.fullmatch(re.sub(" *([年月日]) *", r"\1", plain_digits(text)))
    if parts is None:
        raise BadDay(text)
    try:
        return date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    except ValueError:
        raise NoSuchDay(text) from None


def read_day(text: str, today: date, *, past: bool = False, near: bool = False) -> date:
    """Return the day that somebody typed, also without a year. Raises BadDay.

    Without a year it is the next such day from `today` on, today counted; the last one where it is
    `past`; the nearer of the two where `near`.
    """
    try:
        return parse_day(text)
    except BadDay:
        parts = _WITHOUT_YEAR.fullmatch("".join(plain_digits(text).split()))
        if parts is None:
            raise
    month, number = int(parts[1]), int(parts[2])
    after, before = _first(today, month, number, 1), _first(today, month, number, -1)
    if after is None or before is None:
        raise NoSuchDay(text)
    if near:
        return before if today - before < after - today else after
    return before if past else after


def _first(today: date, month: int, number: int, step: int) -> date | None:
    """Return the first day of that number from `today` on, forwards or back, today counted."""
    # The 29th of February comes again within eight years.
    for year in range(today.year, today.year + 9 * step, step):
        try:
            day = date(year, month, number)
        except ValueError:
            continue
        if day == today or (day > today) == (step > 0):
            return day
    return None
