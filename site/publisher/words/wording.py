"""How records are put into Chinese: levels, kinds, states, ratings, days and phone numbers."""

import datetime
import re
from typing import Any

from acts.shanghai import day_of
from deputies.deputies import DEPUTY_LEVELS as LEVELS
from matters.wording import KINDS, RATINGS, STATES
from stations.stations import STATION_KINDS

__all__ = ["KINDS", "LEVELS", "RATINGS", "STATES", "STATION_KINDS"]

_WEEKDAYS = "一二三四五六日"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """What people wrote, without the characters that show nothing or turn the line around.

    Line ends become \\n, so that `white-space: pre-line` keeps the paragraphs.
    """
    text = re.sub("\r\n?|\u2028|\x85", "\n", text).replace("\u2029", "\n\n")
    return _DIRECTIONS.sub("", _CONTROLS.sub("", text))


def day_said(time_ms: int) -> str:
    """The day in Asia/Shanghai of a time in milliseconds since 1970, as 2026年3月4日."""
    return long_day(day_of(time_ms))


def long_day(date: datetime.date) -> str:
    """2026年3月4日."""
    return f"{date.year}年{date.month}月{date.day}日"


def iso_day(day: str) -> str:
    """2026年3月4日， from 2026-03-04; what is no day stays as it is."""
    try:
        return long_day(datetime.date.fromisoformat(day))
    except ValueError:
        return visible(day)


def week_day(date: datetime.date) -> str:
    """3月4日 周三： a day near at hand."""
    return f"{date.month}月{date.day}日 周{_WEEKDAYS[date.weekday()]}"


def hour(time: str) -> str:
    """8:30， from 08:30."""
    return time.removeprefix("0")


def month_name(month: str) -> str:
    """2026年3月， from 2026-03."""
    year, _, number = month.partition("-")
    return f"{year}年{int(number)}月"


def phone(number: str) -> dict[str, Any] | None:
    """A number as it is shown and as it is dialled, or None where there is none."""
    dial = re.sub(r"[^0-9+*#,]", "", number)
    return {"shown": number, "dial": dial} if dial else None
