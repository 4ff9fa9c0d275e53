"""The rota: duty days by rule, turns by date, the next day of a deputy."""

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputies.deputies import Deputy, Level
from deputies.rota import duty_days, next_duty
from stations.stations import DutyRule, Station, StationKind
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


def test_closed_days_are_left_out_and_move_nobody() -> None:
    place, people = station(DutyRule(weekday=3)), deputies(5)
    days = duty_days(place, people, START, 3)
    assert duty_days(place, people, START, 2, closed={days[1].date}) == [days[0], days[2]]


def test_nobody_no_rule_no_count() -> None:
    place = station(DutyRule(weekday=3))
    assert [day.deputies for day in duty_days(place, deputies(2, "t"), START, 2)] == [(), ()]
    assert duty_days(station(), deputies(2), START, 2) == []
    assert duty_days(place, deputies(2), START, 0) == duty_days(place, [], START, -1) == []


def test_the_next_duty_is_the_first_at_any_station() -> None:
    stations = [
        station(DutyRule(weekday=3, deputies=1)),
        station(DutyRule(weekday=5, weeks=(5,), deputies=1), key="t"),
        station(key="u"),
    ]
    people = deputies(9, "s", "t", "u")
    for one in people:
        duty = next_duty(one, stations, people, START)
        days = [day for place in stations for day in duty_days(place, people, START, 30)]
        mine = [day for day in days if one.id in day.deputies]
        assert duty == min(mine, key=lambda day: day.date)
        assert duty is not None
        closed = {day.date for day in mine if day.date <= duty.date}
        later = next_duty(one, stations, people, START, closed=closed)
        assert later is not None and later.date > duty.date
    assert next_duty(deputies(1, "u")[0], stations, people, START) is None
    assert next_duty(deputies(1, "x")[0], stations, people, START) is None
