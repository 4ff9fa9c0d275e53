"""Duty rules: on which days deputies sit at a station, in the words of a notice board."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from acts.refusals import N_
from acts.text import plain_digits
from stations.cells import CellError, clean_text

WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_TIME = r"([01]?\d|2[0-3]):([0-5]\d)"
_TIMES = re.compile(f"{_TIME} ?(?:-|~|到|至|to) ?{_TIME}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_PEOPLE = re.compile(r"(\d{1,2}) ?(?:人|名|位|deputy|deputies|people)")
_WEEKDAY_ZH = re.compile("(?:周|星期|礼拜)([一二三四五六日天])")
_WEEKDAY_EN = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*")
_ORDINALS_ZH = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5}
_WEEKS_ZH = re.compile("第([一二三四五1-5][一二三四五1-5和与及、, 第]*)个?(?:周|星期|礼拜)")
_WEEKS_EN = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")


class DutyRule(msgspec.Struct, frozen=True, kw_only=True):
    """On which days deputies sit at a station.

    `weekday` is ISO (1 = Monday … 7 = Sunday). `weeks` are the weeks of the month counted by
    that weekday (2 and 4: the second and fourth such day, 双周三); empty means every week
    (代表周三见). `starts` and `ends` are HH:MM, Asia/Shanghai. `deputies` is how many sit.
    """

    weekday: int
    weeks: tuple[int, ...] = ()
    starts: str = "08:30"
    ends: str = "11:30"
    deputies: int = 2


def duty_dates(rule: DutyRule, start: date) -> Iterator[date]:
    """Return the days on which `rule` holds, from `start` on, without end but that of dates.

    A rule that can never hold gives none.
    """
    if not 1 <= rule.weekday <= 7 or (rule.weeks and not set(rule.weeks) & set(range(1, 6))):
        return
    ordinal = start.toordinal() + (rule.weekday - start.isoweekday()) % 7
    while ordinal <= date.max.toordinal():
        day = date.fromordinal(ordinal)
        if not rule.weeks or week_of_month(day) in rule.weeks:
            yield day
        ordinal += 7


def week_of_month(day: date) -> int:
    """Return which of its weekday `day` is in its month, from 1."""
    return (day.day - 1) // 7 + 1


def days_before(rule: DutyRule, day: date) -> int:
    """Return how many days `rule` held from 3 January 2000, a Monday, to the day before `day`.

    For a day before that, nought or less, so that it counts on evenly in both directions.
    """
    first = date(2000, 1, 3) + timedelta(days=rule.weekday - 1)
    # The count of such weekdays in [first, day); floor division keeps it even before 2000.
    weeks = -((first - day).days // 7)
    if not rule.weeks:
        return weeks
    months = (day.year - 2000) * 12 + day.month - 1
    held = months * len({week for week in rule.weeks if 1 <= week <= 4})
    if 5 in rule.weeks:
        held += sum(_has_fifth(rule.weekday, month) for month in range(0, months))
        held -= sum(_has_fifth(rule.weekday, month) for month in range(months, 0))
    of_month = (day.replace(day=1) + timedelta(days=shift) for shift in range(day.day - 1))
    return held + sum(
        earlier.isoweekday() == rule.weekday and week_of_month(earlier) in rule.weeks
        for earlier in of_month
    )


def parse_duty(text: str) -> tuple[DutyRule, ...]:
    """Return the duty rules of a cell, several of them divided by ; or line breaks.

    Understood are 每周三 08:30-11:30 2人, 每月第2、4个周三 14:30-17:00 3人, 双周三 (the second
    and fourth), Wednesday 08:30-11:30 2 deputies and 2nd and 4th Wednesday …; times and people
    may be left out. Raises `CellError`.
    """
    parts = re.split("[;\uff1b\n]", clean_text(text))
    return tuple(_parse_rule(part) for part in parts if part.strip())


def format_duty(rules: tuple[DutyRule, ...]) -> str:
    """Return duty rules as one cell, in Chinese: 每周三 08:30-11:30 2人; …"""
    return "; ".join(describe_duty_zh(rule) for rule in rules)


def describe_duty_zh(rule: DutyRule) -> str:
    """Return one rule in Chinese words, as they stand on a notice board."""
    day = WEEKDAYS_ZH[rule.weekday - 1] if 1 <= rule.weekday <= 7 else str(rule.weekday)
    weeks = "、".join(str(week) for week in rule.weeks)
    when = f"每月第{weeks}个周{day}" if weeks else f"每周{day}"
    return f"{when} {rule.starts}-{rule.ends} {rule.deputies}人"


def describe_duty_en(rule: DutyRule) -> str:
    """Return one rule in English words."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    weeks = " and ".join(f"{week}{endings.get(week, 'th')}" for week in rule.weeks)
    day = WEEKDAYS_EN[rule.weekday - 1] if 1 <= rule.weekday <= 7 else str(rule.weekday)
    people = "deputy" if rule.deputies == 1 else "deputies"
    when = f"{weeks} {day}" if weeks else f"Every {day}"
    return f"{when} {rule.starts}-{rule.ends}, {rule.deputies} {people}"


def check_duty(rule: DutyRule) -> None:
    """Raise `CellError` where a rule can't hold: no such weekday, week, time or number."""
    if not 1 <= rule.weekday <= 7:
        raise CellError(N_("应写明星期几，星期一为 1，星期日为 7"))
    if list(rule.weeks) != sorted({week for week in rule.weeks if 1 <= week <= 5}):
        raise CellError(N_("“每月第几个”应为 1 至 5，从小到大，不重复"))
    if not (_CLOCK.fullmatch(rule.starts) and _CLOCK.fullmatch(rule.ends)):
        raise CellError(N_("起止时间应写成 08:30 这样的格式，并加引号"))
    if rule.starts >= rule.ends:
        raise CellError(N_("结束时间应晚于开始时间"))
    if not 1 <= rule.deputies <= 50:
        raise CellError(N_("值班人数应为 1 至 50"))


def _parse_rule(part: str) -> DutyRule:
    text = plain_digits(part).lower()
    weekday = 0
    if match := _WEEKDAY_ZH.search(text):
        weekday = WEEKDAYS_ZH.index(match[1].replace("天", "日")) + 1
    elif match := _WEEKDAY_EN.search(text):
        weekday = [day[:3].lower() for day in WEEKDAYS_EN].index(match[1]) + 1
    weeks: set[int] = set()
    if "双周" in text:
        weeks = {2, 4}
    elif match := _WEEKS_ZH.search(text):
        words = re.findall("[一二三四五1-5]", match[1])
        weeks = {_ORDINALS_ZH.get(word) or int(word) for word in words}
    else:
        weeks = {int(word) for word in _WEEKS_EN.findall(text)}
    if not weeks and re.search("第|月|单周|month", text):
        # Never take a rule that names weeks in a way not understood here for every week.
        raise CellError(N_("“每月第几个”应为 1 至 5，如“每月第2、4个周三”"))
    times = _TIMES.search(text)
    if times is None and (":" in text or "点" in text):
        raise CellError(N_("起止时间应写成 08:30-11:30"))
    people = _PEOPLE.search(text)
    rule = DutyRule(weekday=weekday, weeks=tuple(sorted(weeks)))
    if times is not None:
        starts, ends = f"{times[1]:0>2}:{times[2]}", f"{times[3]:0>2}:{times[4]}"
        rule = msgspec.structs.replace(rule, starts=starts, ends=ends)
    if people is not None:
        rule = msgspec.structs.replace(rule, deputies=int(people[1]))
    check_duty(rule)
    return rule


def _has_fifth(weekday: int, month: int) -> bool:
    """Return whether the month, counted from January 2000, has a fifth such weekday."""
    year, index = divmod(month, 12)
    first = date(2000 + year, index + 1, 1)
    fifth = first + timedelta(days=(weekday - first.isoweekday()) % 7 + 28)
    return fifth.month == first.month
