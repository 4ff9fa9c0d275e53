"""The rota: which deputies sit at a station on which day (L05, Q08)."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from heapq import merge
from itertools import takewhile

import msgspec

from deputies.deputies import Deputy
from deputies.shifts import Shift
from stations.duty import DutyRule, days_before, duty_dates
from stations.stations import Station, StationKind
from stations.working_days import WEEKENDS_ONLY, WorkingDays

_HOLIDAY = "节假日，不接待"
_WEDNESDAY = 3
# L05: 代表周三见, every Wednesday at least two; Q08: 双周三, twice a month at least three.
_EVERY_WEEK_LEAST = 2
_TWICE_A_MONTH_LEAST = 3


class DutyDay(msgspec.Struct, frozen=True):
    """One sitting: `starts` and `ends` are HH:MM, Asia/Shanghai; `deputies` are ids, by turn.

    `wanted` is how many should sit at least. `changed`: it is not as the rule has it, and `note`
    says in Chinese how. A sitting that is not `held` falls out (holiday, cancelled, moved away)
    and has no deputies. `moved_from` is the day that the rule had it on, where it was moved here.
    """

    date: date
    starts: str
    ends: str
    deputies: tuple[str, ...]
    station: str = ""
    wanted: int = 0
    note: str = ""
    changed: bool = False
    held: bool = True
    moved_from: datetime.date | None = None

    @property
    def short(self) -> bool:
        """Whether fewer sit than should: staff are told, and the day is shown all the same."""
        return self.held and len(self.deputies) < self.wanted

    @property
    def by_rule(self) -> datetime.date:
        """The day that the rule has it on, by which a shift names it."""
        return self.moved_from or self.date


def duty_days(
    station: Station,
    deputies: Iterable[Deputy],
    start: date,
    count: int,
    *,
    shifts: Iterable[Shift] = (),
    calendar: WorkingDays = WEEKENDS_ONLY,
    fallen_out: bool = False,
) -> list[DutyDay]:
    """Return the next `count` sittings at `station` from `start` on, that day included.

    The deputies who name the station take turns in the order of their ids, as many at a time
    as the rule says, or all where they are fewer. Whose turn it is follows from the date
    alone: neither `start` nor the order of the list matters. A deputy who joins or leaves
    moves the turns. On the calendar's holidays nobody sits and those deputies'
    turn passes. `shifts` put others in their place, cancel a sitting, or move it to
    another day at the same hours; moved to a day, its own too, it is held whatever that day is.

    With `fallen_out`, the sittings that are not held stand among the others, and don't count.
    Without deputies the sittings are given with none; without a rule there are none.
    """
    days = _days(station, deputies, start, shifts, calendar)
    coming: list[DutyDay] = []
    while count > 0 and (day := next(days, None)) is not None:
        count -= day.held
        if day.held or fallen_out:
            coming.append(day)
    return coming


def least_deputies(station: Station, rule: DutyRule) -> int:
    """Return how many should sit at least: what the rule says, at a station no fewer than L05, Q08.

    Points and studios have rules of their own.
    """
    if station.kind is not StationKind.STATION or rule.weekday != _WEDNESDAY:
        return rule.deputies
    if not rule.weeks:
        return max(rule.deputies, _EVERY_WEEK_LEAST)
    return max(rule.deputies, _TWICE_A_MONTH_LEAST) if len(rule.weeks) == 2 else rule.deputies


def _days(
    station: Station,
    deputies: Iterable[Deputy],
    start: date,
    shifts: Iterable[Shift],
    calendar: WorkingDays,
) -> Iterator[DutyDay]:
    people = list(deputies)
    names = {deputy.id: deputy.name for deputy in people}
    turn = tuple(sorted({deputy.id for deputy in people if station.id in deputy.stations}))
    by_day = {
        day: shift
        for shift in sorted(shifts, key=lambda shift: shift.id)
        if shift.station == station.id and (day := _day(shift.date)) is not None
    }

    def sitting(day: date, index: int, rule: DutyRule) -> DutyDay:
        seated = _seated(station, turn, index, day)
        least = least_deputies(station, rule)
        plain = DutyDay(day, rule.starts, rule.ends, seated, station.id, least)
        shift = by_day.get(day)
        if shift is not None:
            plain = _changed(plain, shift, names)
        if plain.moved_from is None and day in calendar.holidays:
            return _falls_out(plain, plain.note if not plain.held else _HOLIDAY)
        return plain

    def by_rule() -> Iterator[DutyDay]:
        for day, _, index, rule in _sittings(station, start):
            seating = sitting(day, index, rule)
            if seating.date == day:
                yield seating
            else:
                yield _falls_out(seating, _note(f"改到{_words(seating.date)}", by_day[day].note))

    moved = [
        seating
        for day, shift in by_day.items()
        if _day(shift.moved_to) not in (None, day)
        for _, _, index, rule in _on(station, day)
        if (seating := sitting(day, index, rule)).date >= start
    ]
    yield from merge(by_rule(), sorted(moved, key=_when), key=_when)


def _when(day: DutyDay) -> tuple[date, str]:
    return day.date, day.starts


def _changed(day: DutyDay, shift: Shift, names: Mapping[str, str]) -> DutyDay:
    """Return the sitting as a shift has it; moved, it stands on the day that it was moved to."""
    moved_to = _day(shift.moved_to)
    if shift.cancelled and moved_to is None:
        return _falls_out(day, _note("这一天不接待", shift.note))
    away = [deputy for deputy in day.deputies if deputy in shift.away]
    instead = [deputy for deputy in dict.fromkeys(shift.instead) if deputy not in day.deputies]
    staying = [deputy for deputy in day.deputies if deputy not in away]
    changes = []
    if moved_to not in (None, day.date):
        changes.append(f"原定{_words(day.date)}")
    if instead:
        changes.append(f"{_names(instead, names)}替班")
    elif away:
        changes.append(f"{_names(away, names)}请假")
    return msgspec.structs.replace(
        day,
        date=moved_to or day.date,
        deputies=(*staying, *instead),
        note=_note(*changes, shift.note),
        changed=True,
        moved_from=None if moved_to is None else day.date,
    )


def _falls_out(day: DutyDay, note: str) -> DutyDay:
    return msgspec.structs.replace(
        day,
        date=day.by_rule,
        deputies=(),
        note=note,
        changed=True,
        held=False,
        moved_from=None,
    )


def _note(*parts: str) -> str:
    return "；".join(part for part in parts if part)


def _words(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _names(ids: Iterable[str], names: Mapping[str, str]) -> str:
    return "、".join(names.get(deputy, deputy) for deputy in ids)


def _day(text: str) -> date | None:
    """Return the day of yyyy-mm-dd, or None; what an import of another node wrote may be any."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _sittings(station: Station, start: date) -> Iterator[tuple[date, str, int, DutyRule]]:
    """Return every sitting from `start` on by date and hour, with the place of its rule."""

    def of_rule(index: int, rule: DutyRule) -> Iterator[tuple[date, str, int, DutyRule]]:
        return ((day, rule.starts, index, rule) for day in duty_dates(rule, start))

    rules = (of_rule(index, rule) for index, rule in enumerate(station.duty))
    return merge(*rules, key=lambda sitting: sitting[:3])


def _on(station: Station, day: date) -> Iterator[tuple[date, str, int, DutyRule]]:
    return takewhile(lambda sitting: sitting[0] == day, _sittings(station, day))


def _seated(station: Station, turn: tuple[str, ...], index: int, day: date) -> tuple[str, ...]:
    """Return who sits by the rule at `index` on `day`.

    Seats are dealt round the table: the first seat of a sitting is the number of all seats
    given at the station before it.
    """
    if not turn:
        return ()
    rule = station.duty[index]
    seats = 0
    for place, other in enumerate(station.duty):
        seats += days_before(other, day) * other.deputies
        today = next(duty_dates(other, day), None) == day
        if today and (other.starts, place) < (rule.starts, index):
            seats += other.deputies
    return tuple(turn[(seats + seat) % len(turn)] for seat in range(min(rule.deputies, len(turn))))
