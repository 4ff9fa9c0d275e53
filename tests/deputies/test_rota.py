"""The rota: duty days by rule, turns by date, the next day of a deputy."""

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deputies.deputies import Deputy, Level
from deputies.rota import duty_days, least_deputies
from deputies.shifts import Shift
from stations.stations import DutyRule, Station, StationKind
from stations.working_days import WorkingDays
from tests.stations.test_duty import RULES

START = date(2026, 3, 1)


def station(*rules: DutyRule, key: str = "s") -> Station:
    return Station(
        id=key, name="站", kind=StationKind.STATION, area="990102100000", duty=tuple(rules)
    )


def deputies(count: int, *stations: str) -> list[Deputy]:
    return [
        Deputy(
            id=f"d{index:02}",
            name="李明",
            level=Level.COUNTY,
            constituency="",
            stations=stations or ("s",),
        )
        for index in range(count)
    ]


@pytest.mark.req("L05")
def test_every_wednesday_two_deputies_sit() -> None:
    days = duty_days(station(DutyRule(weekday=3)), deputies(5), START, 10)
    assert [day.date for day in days] == [date(2026, 3, 4) + timedelta(7 * n) for n in range(10)]
    assert all(len(set(day.deputies)) == 2 for day in days)
    assert {(day.starts, day.ends, day.station) for day in days} == {("08:30", "11:30", "s")}
    assert set(Counter(one for day in days for one in day.deputies).values()) == {4}


@pytest.mark.req("Q08")
def test_on_double_wednesdays_three_deputies_sit() -> None:
    days = duty_days(station(DutyRule(weekday=3, weeks=(2, 4), deputies=3)), deputies(7), START, 4)
    assert [day.date for day in days] == [
        date(2026, 3, 11), date(2026, 3, 25), date(2026, 4, 8), date(2026, 4, 22)]  # fmt: skip
    assert all(len(set(day.deputies)) == 3 for day in days)


@pytest.mark.req("L05", "Q08")
@given(
    st.lists(RULES, min_size=1, max_size=3),
    st.integers(0, 9),
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.integers(0, 400),
    st.randoms(use_true_random=False),
)
def test_a_date_shows_the_same_people_from_any_start_and_order(
    rules: list[DutyRule], count: int, start: date, later: int, chance: random.Random
) -> None:
    place, people = station(*rules), deputies(count)
    days = duty_days(place, people, start, 12)
    chance.shuffle(people)
    assert duty_days(place, people, start, 12) == days
    after = start + timedelta(days=later)
    tail = [day for day in days if day.date >= after]
    assert duty_days(place, people, after, len(tail)) == tail
    for day in days:
        assert len(set(day.deputies)) == len(day.deputies)
        assert len(day.deputies) in {min(rule.deputies, count) for rule in rules}


@given(st.lists(RULES, min_size=1, max_size=3), st.integers(1, 9))
def test_turns_are_fair(rules: list[DutyRule], count: int) -> None:
    seats = Counter(
        one
        for day in duty_days(station(*rules), deputies(count), START, 40)
        for one in day.deputies
    )
    if all(rule.deputies <= count for rule in rules):
        assert max(seats.values()) - min(seats[f"d{n:02}"] for n in range(count)) <= 1


def test_two_rules_share_one_round_of_turns() -> None:
    place = station(
        DutyRule(weekday=3, deputies=1),
        DutyRule(weekday=3, starts="14:30", ends="17:00", deputies=1),
    )
    days = duty_days(place, deputies(3), START, 6)
    assert [day.starts for day in days[:2]] == ["08:30", "14:30"]
    seated = [one for day in days for one in day.deputies]
    assert seated[:3] == seated[3:] and len(set(seated[:3])) == 3


def test_nobody_no_rule_no_count() -> None:
    place = station(DutyRule(weekday=3))
    assert [day.deputies for day in duty_days(place, deputies(2, "t"), START, 2)] == [(), ()]
    assert duty_days(station(), deputies(2), START, 2) == []
    assert duty_days(place, deputies(2), START, 0) == duty_days(place, [], START, -1) == []


def shift(day: date, key: str = "", **changes: Any) -> Shift:
    return Shift(id=key or f"shift-{day}", station="s", date=str(day), **changes)


@pytest.mark.req("Q08")
def test_a_shift_puts_another_in_the_place_of_who_is_away() -> None:
    place, people = station(DutyRule(weekday=3)), deputies(5)
    plain = duty_days(place, people, START, 3)
    away, stays = plain[1].deputies
    other = next(one.id for one in people if one.id not in plain[1].deputies)
    change = shift(plain[1].date, away=(away,), instead=(other,), note="外出开会")
    first, changed, third = duty_days(place, people, START, 3, shifts=[change])
    assert (first, third) == (plain[0], plain[2])
    assert changed.deputies == (stays, other) and changed.changed and not changed.short
    assert changed.note == "李明替班；外出开会"
    (only,) = duty_days(
        place, people, plain[1].date, 1, shifts=[shift(plain[1].date, away=(away,))]
    )
    assert only.short and only.deputies == (stays,) and only.note == "李明请假"


@pytest.mark.req("Q08")
def test_a_cancelled_sitting_is_left_out_or_shown_as_such() -> None:
    place, people = station(DutyRule(weekday=3)), deputies(5)
    plain = duty_days(place, people, START, 3)
    off = [shift(plain[0].date, cancelled=True, note="防汛")]
    assert duty_days(place, people, START, 2, shifts=off) == plain[1:]
    shown = duty_days(place, people, START, 2, shifts=off, fallen_out=True)
    assert shown[1:] == plain[1:] and shown[0].date == plain[0].date
    assert not shown[0].held and shown[0].deputies == () and shown[0].note == "这一天不接待；防汛"


@pytest.mark.req("Q08")
def test_a_sitting_moves_with_its_hours_and_people() -> None:
    place, people = station(DutyRule(weekday=3)), deputies(5)
    plain = duty_days(place, people, START, 3)
    moved = [shift(plain[0].date, moved_to="2026-03-09", cancelled=True)]
    shown = duty_days(place, people, START, 2, shifts=moved, fallen_out=True)
    assert [(day.date.day, day.held) for day in shown] == [(4, False), (9, True), (11, True)]
    assert shown[0].note == "改到3月9日" and shown[1].note == "原定3月4日"
    assert shown[1].deputies == plain[0].deputies and shown[1].starts == plain[0].starts
    assert shown[1].by_rule == plain[0].date
    # Asked from a day between, it is still to come.
    assert duty_days(place, people, date(2026, 3, 5), 1, shifts=moved) == [shown[1]]


@pytest.mark.req("Q08")
def test_nobody_sits_on_a_holiday_unless_a_shift_says_so() -> None:
    place, people = station(DutyRule(weekday=3)), deputies(5)
    plain = duty_days(place, people, START, 3)
    calendar = WorkingDays(frozenset({plain[1].date}))
    assert duty_days(place, people, START, 2, calendar=calendar) == [plain[0], plain[2]]
    shown = duty_days(place, people, START, 2, calendar=calendar, fallen_out=True)
    assert (shown[1].held, shown[1].note) == (False, "节假日，不接待")
    held = shift(plain[1].date, moved_to=str(plain[1].date))
    kept = duty_days(place, people, START, 2, calendar=calendar, shifts=[held])
    assert [day.date for day in kept] == [day.date for day in plain[:2]]
    moved = shift(plain[1].date, moved_to="2026-03-12")
    kept = duty_days(place, people, START, 2, calendar=calendar, shifts=[moved])
    assert [day.date for day in kept] == [plain[0].date, date(2026, 3, 12)]
    # A weekend is no holiday: points that sit on Saturdays do so.
    saturdays = station(DutyRule(weekday=6))
    assert len(duty_days(saturdays, people, START, 2, calendar=calendar)) == 2


@pytest.mark.req("L05", "Q08")
def test_too_few_are_told_and_the_day_stays() -> None:
    weekly, double = DutyRule(weekday=3, deputies=1), DutyRule(weekday=3, weeks=(2, 4))
    for rule, least in ((weekly, 2), (double, 3)):
        place = station(rule)
        assert least_deputies(place, rule) == least
        days = duty_days(place, deputies(5), START, 2)
        assert len(days) == 2 and all(day.short and day.wanted == least for day in days)
        point = msgspec.structs.replace(place, kind=StationKind.POINT)
        assert not any(day.short for day in duty_days(point, deputies(5), START, 2))
    assert all(day.short for day in duty_days(station(DutyRule(weekday=3)), deputies(1), START, 2))


DAYS = st.dates(date(2026, 1, 1), date(2026, 6, 30))


@pytest.mark.req("Q08")
@settings(deadline=None)
@given(
    st.lists(RULES, min_size=1, max_size=3),
    st.integers(0, 6),
    DAYS,
    st.frozensets(DAYS, max_size=20),
    st.lists(
        st.builds(
            lambda day, to, away, instead, off: (day, to, away, instead, off),
            DAYS,
            st.none() | DAYS,
            st.sampled_from(["d00", "d01", "x"]),
            st.sampled_from(["d02", "d03", "y"]),
            st.booleans(),
        ),
        max_size=8,
    ),
)
def test_shifts_lose_no_sitting(
    rules: list[DutyRule],
    count: int,
    start: date,
    holidays: frozenset[date],
    changes: list[tuple[date, date | None, str, str, bool]],
) -> None:
    place, people = station(*rules), deputies(count)
    shifts = [
        shift(day, away=(away,), instead=(other,), cancelled=off, moved_to=str(to or ""))
        for day, to, away, other, off in changes
    ]
    calendar = WorkingDays(holidays)
    shown = duty_days(place, people, start, 15, shifts=shifts, calendar=calendar, fallen_out=True)
    assert [(day.date, day.starts) for day in shown] == sorted(
        (day.date, day.starts) for day in shown
    )
    held = duty_days(place, people, start, 15, shifts=shifts, calendar=calendar)
    assert held == [day for day in shown if day.held] and len(held) <= 15
    # Every sitting of the rule is there, on its day or with a word of what became of it.
    last = shown[-1].date if shown else start
    for plain in duty_days(place, people, start, 15):
        if plain.date < last:
            assert any(
                (day.date, day.starts, day.ends) == (plain.date, plain.starts, plain.ends)
                for day in shown
            )
    moved = {change.date for change in shifts if change.moved_to}
    for day in shown:
        assert len(set(day.deputies)) == len(day.deputies)
        assert day.held or (day.note and not day.deputies)
        assert day.changed or (not day.note and day.date not in holidays)
        if day.held and day.date in holidays:
            assert str(day.by_rule) in moved
