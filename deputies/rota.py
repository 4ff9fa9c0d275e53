"""The rota: which deputies sit at a station on which day, and a deputy's next day (L05, Q08)."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from heapq import merge
from itertools import islice

import msgspec

from deputies.deputies import Deputy
from stations.duty import DutyRule, days_before, duty_dates
from stations.stations import Station


class DutyDay(msgspec.Struct, frozen=True):
    """One sitting: `starts` and `ends` are HH:MM, Asia/Shanghai; `deputies` are ids, by turn."""

    date: date
    starts: str
    ends: str
    deputies: tuple[str, ...]
    station: str = ""


def duty_days(
    station: Station,
    deputies: Iterable[Deputy],
    start: date,
    count: int,
    *,
    closed: Collection[date] = (),
) -> list[DutyDay]:
    """Return the next `count` sittings at `station` from `start` on, that day included.

    The deputies who name the station take turns in the order of their ids, as many at a time
    as the rule says, or all where they are fewer. Whose turn it is follows from the date
    alone: neither `start` nor the order of the list matters. A deputy who joins or leaves
    moves the turns. On `closed` days (holidays) nobody sits and those deputies' turn passes.

    Without deputies the sittings are given with none; without a rule there are none.
    """
    return list(islice(_days(station, deputies, start, closed), max(count, 0)))


def next_duty(
    deputy: Deputy,
    stations: Iterable[Station],
    deputies: Iterable[Deputy],
    start: date,
    *,
    closed: Collection[date] = (),
) -> DutyDay | None:
    """Return the first sitting of `deputy` at any station from `start` on, or None.

    `deputies` are all deputies, for the turns depend on them.
    """
    everyone = list(deputies)
    found: list[DutyDay] = []
    for station in stations:
        if station.id not in deputy.stations:
            continue
        sharing = [other for other in everyone if station.id in other.stations]
        # Everyone sits once in as many sittings as there are deputies, unless it is closed.
        enough = (len(sharing) + 1) * (len(closed) + 1)
        days = islice(_days(station, sharing, start, closed), enough)
        found += islice((day for day in days if deputy.id in day.deputies), 1)
    return min(found, key=lambda day: (day.date, day.starts, day.station), default=None)


def _days(
    station: Station, deputies: Iterable[Deputy], start: date, closed: Collection[date]
) -> Iterator[DutyDay]:
    turn = tuple(sorted({deputy.id for deputy in deputies if station.id in deputy.stations}))
    for day, _, index, rule in _sittings(station, start):
        if day not in closed:
            seated = _seated(station, turn, index, day)
            yield DutyDay(day, rule.starts, rule.ends, seated, station.id)


def _sittings(station: Station, start: date) -> Iterator[tuple[date, str, int, DutyRule]]:
    """Return every sitting from `start` on by date and hour, with the place of its rule."""

    def of_rule(index: int, rule: DutyRule) -> Iterator[tuple[date, str, int, DutyRule]]:
        return ((day, rule.starts, index, rule) for day in duty_dates(rule, start))

    rules = (of_rule(index, rule) for index, rule in enumerate(station.duty))
    return merge(*rules, key=lambda sitting: sitting[:3])


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
