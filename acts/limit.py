"""Limits as they are written: ISO 8601 durations, working days, and the words of a clerk.

P1M, P20D and P1M15D are ISO 8601; P2W is read and kept as P14D. ISO has no working days: they
are written P10B (B as in business days) and never stand beside months or days. What a limit
comes to on a calendar stands in `deadlines`.
"""

import re
import unicodedata
from datetime import date, timedelta
from typing import NamedTuple

# Two years, the longest limit: in days, and in working days of about 250 a year.
MOST_DAYS = 731
MOST_WORKING_DAYS = 500

_NOTATION = re.compile(
    r"P(?:(?P<working>[0-9]{1,3})B|(?P<weeks>[0-9]{1,3})W"
    r"|(?:(?P<months>[0-9]{1,2})M)?(?:(?P<days>[0-9]{1,3})D)?)"
)
_N = "[0-9零一二两三四五六七八九十百]{1,5}"
_SPOKEN = re.compile(
    rf"(?:(?P<working>{_N})个?工作[日天]|(?P<weeks>{_N})(?:周|个?星期|个?礼拜)"
    rf"|(?P<years>{_N})年|(?P<half_year>半年)|(?P<half_month>半个?月)"
    rf"|(?:(?P<months>{_N})个(?P<half>半)?月)?(?:[零又加和]?(?P<days>{_N})个?(?:天|日|自然日))?)"
    r"(?:以?内|之内)?"
)
_ENGLISH = re.compile(
    r"(?:(?P<working>[0-9]{1,3})(?:working|business)days?|(?P<weeks>[0-9]{1,3})weeks?"
    r"|(?P<years>[0-9])years?"
    r"|(?:(?P<months>[0-9]{1,2})months?)?(?:(?:and)?(?P<days>[0-9]{1,3})days?)?)"
)
_CHINESE = re.compile(
    "(?:(?P<hundreds>[一二两三四五六七八九])?百)?零?"
    "(?:(?P<tens>[一二三四五六七八九])?十)?(?P<ones>[零一二两三四五六七八九])?"
)
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2}


class BadLimit(ValueError):
    """A limit that is no length of time, is nothing, or is over two years."""


class Limit(NamedTuple):
    """How long something may take: months and then days, or working days alone."""

    months: int = 0
    days: int = 0
    working: int = 0

    @property
    def notation(self) -> str:
        """The limit as it is stored: P1M15D, P10B."""
        parts = ((self.months, "M"), (self.days, "D"), (self.working, "B"))
        return "P" + "".join(f"{number}{letter}" for number, letter in parts if number)


def parse_limit(text: str) -> Limit:
    """Return what a limit such as P1M, P20D, P1M15D, P2W or P10B holds. Raises BadLimit."""
    match = _NOTATION.fullmatch(text)
    if match is None:
        raise BadLimit(text)
    parts = {name: int(number or 0) for name, number in match.groupdict().items()}
    return _sensible(
        Limit(parts["months"], parts["days"] + 7 * parts["weeks"], parts["working"]), text
    )


def read_limit(text: str) -> str:
    """Return the stored form of a limit that somebody typed. Raises BadLimit.

    Read are the notation itself in either case and width (p1m), and words: 一个月, 1个月, 两个月,
    一个半月 (P1M15D), 半个月, 20天, 二十天内, 2周, 10个工作日, 半年, 1 month, 10 working days.
    A month is said 个月, for 3月 means March as well.
    """
    typed = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))[:40]
    if typed[:1] in ("P", "p"):
        return parse_limit(typed.upper()).notation
    match = _SPOKEN.fullmatch(typed) or _ENGLISH.fullmatch(typed.lower())
    if match is None:
        raise BadLimit(text)
    parts = match.groupdict()
    number = {name: _number(parts.get(name)) for name in ("working", "weeks", "days")}
    months = _number(parts.get("months")) + 12 * _number(parts.get("years"))
    months += 6 * bool(parts.get("half_year"))
    days = number["days"] + 7 * number["weeks"]
    days += 15 * (bool(parts.get("half")) + bool(parts.get("half_month")))
    return _sensible(Limit(months, days, number["working"]), text).notation


def _sensible(limit: Limit, text: str) -> Limit:
    if not any(limit) or limit.working > MOST_WORKING_DAYS:
        raise BadLimit(text)
    if limit.months * 30 + limit.days > MOST_DAYS:
        raise BadLimit(text)
    return limit


def _number(text: str | None) -> int:
    """Return a whole number in digits or in Chinese below a thousand (二十, 一百零五)."""
    if not text:
        return 0
    if text.isdigit():
        return int(text)
    digits = _CHINESE.fullmatch(text)
    if digits is None:
        raise BadLimit(text)
    # 十五 is 15: a lone 十 or 百 counts as one of them.
    hundreds = _DIGITS.get(digits["hundreds"] or "一", 0) if "百" in text else 0
    tens = _DIGITS.get(digits["tens"] or "一", 0) if "十" in text else 0
    return 100 * hundreds + 10 * tens + _DIGITS.get(digits["ones"] or "零", 0)


def format_limit(text: str) -> str:
    """Return a limit in words that `read_limit` takes back: 1个月, 20天, 5个工作日.

    What words can't say stays as it is.
    """
    try:
        months, days, working = parse_limit(text)
    except BadLimit:
        return text
    parts = ((months, "个月"), (days, "天"), (working, "个工作日"))
    words = "".join(f"{count}{unit}" for count, unit in parts if count)
    try:
        return words if parse_limit(read_limit(words)) == (months, days, working) else text
    except BadLimit:
        return text


def add_months(day: date, months: int) -> date:
    """Return the day of the same number `months` later, or the last one of a shorter month.

    Raises ValueError beyond the year 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29):
        try:
            return day.replace(year=year, month=month + 1, day=number)
        except ValueError:
            continue
    return day.replace(year=year, month=month + 1, day=28)


def day_before(day: date, limit: str) -> date:
    """Return the day that lies a limit before `day`. Raises BadLimit for working days.

    Which days were worked is nothing that anybody counts back.
    """
    months, days, working = parse_limit(limit)
    if working:
        raise BadLimit(limit)
    return add_months(day, -months) - timedelta(days=days)
