"""Working days: weekends are off, holidays are off, make-up workdays (调休上班) are on.

Which days are which the State Council says each autumn for the year to come; an administrator
enters them as a register.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import msgspec

from acts.refusals import N_
from stations.columns import choice, day, line
from stations.registers import CellKind, Register


class DayKind(StrEnum):
    """What a day is, whatever its weekday."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day that is not what its weekday says. `id` is the day itself, yyyy-mm-dd."""

    id: str
    kind: DayKind
    name: str = ""


_KINDS = {
    DayKind.HOLIDAY: ("放假", "节假日", "假日", "休息", "休", "day off", "off"),
    DayKind.WORKDAY: ("上班", "调休上班", "补班", "班", "工作日", "make-up workday", "on"),
}

DAYS: Register[SpecialDay] = Register(
    noun="day",
    plural="days",
    label="节假日与调休",
    record=SpecialDay,
    columns=(
        day("id", "日期", "Date", "日子", "day", kind=CellKind.LINE, required=True),
        choice(
            *("kind", "放假还是上班", "Kind"),
            *("类别", "类型", "放假/上班", "安排", "type"),
            members=_KINDS,
            expected=N_("放假或上班"),
            required=True,
        ),
        line("name", "名称", "Name", "节日", "节假日", "说明", "holiday", expected=N_("节日名称")),
    ),
)


@dataclass(frozen=True)
class WorkingDays:
    """A county's calendar of working days, by value. `of` makes it from the register.

    A day in neither set is a working day from Monday to Friday.
    """

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    @classmethod
    def of(cls, days: Iterable[SpecialDay]) -> "WorkingDays":
        """Return the calendar that a register's records make; an id that is no day is left out."""
        sets: dict[DayKind, set[date]] = {DayKind.HOLIDAY: set(), DayKind.WORKDAY: set()}
        for special in days:
            try:
                sets[special.kind].add(date.fromisoformat(special.id))
            except ValueError:
                continue
        return cls(frozenset(sets[DayKind.HOLIDAY]), frozenset(sets[DayKind.WORKDAY]))

    def is_workday(self, day: date) -> bool:
        """Return whether people are at work on `day`."""
        if day in self.workdays:
            return True
        return day.isoweekday() < 6 and day not in self.holidays

    def after(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day`, which is not counted itself.

        With `count` 0 that is `day`, whatever it is. Raises OverflowError where the calendar
        of dates ends before.
        """
        ordinal = day.toordinal()
        while count > 0:
            ordinal += 1
            if ordinal > date.max.toordinal():
                raise OverflowError("there are no working days after the year 9999")
            count -= self.is_workday(date.fromordinal(ordinal))
        return date.fromordinal(ordinal)

    def on_or_after(self, day: date) -> date:
        """Return `day` itself where it is a working day, or else the next one."""
        return day if self.is_workday(day) else self.after(day, 1)


WEEKENDS_ONLY = WorkingDays()
