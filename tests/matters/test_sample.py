"""The sample county: whole, invented, and big enough to show everything."""

from collections import Counter
from datetime import date
from itertools import combinations
from typing import Any

import pytest

from deputies.activities import ACTIVITIES, ActivityKind
from deputies.deputies import DEPUTIES, Level
from deputies.rota import duty_days
from deputies.sample import sample_activities, sample_deputies, sample_shifts
from deputies.shifts import SHIFTS
from matters.registers.bodies import BODIES, BodyKind
from matters.registers.categories import CATEGORIES, in_order
from matters.registers.county import COUNTIES
from matters.registers.pages import PAGES, PageKind
from matters.registers.routes import ROUTES, RouteKind
from matters.registers.rules import DEFAULT_RULES, RULES
from matters.registers.templates import TEMPLATES
from matters.registers.units import UNITS, UnitKind
from matters.sample import (
    sample_bodies,
    sample_categories,
    sample_county,
    sample_pages,
    sample_registers,
    sample_routes,
    sample_templates,
    sample_units,
)
from stations.areas import AREAS, AreaKind
from stations.registers import Register, check_references
from stations.sample import sample_areas, sample_days, sample_stations
from stations.stations import STATIONS, StationKind
from stations.working_days import DAYS, WorkingDays

ALL: tuple[Register[Any], ...] = (
    *(AREAS, STATIONS, DEPUTIES, UNITS, CATEGORIES, COUNTIES),
    *(BODIES, ROUTES, TEMPLATES, RULES, DAYS, SHIFTS, ACTIVITIES, PAGES),
)


def test_nothing_dangles() -> None:
    assert check_references(sample_registers(), ALL) == []


def test_it_is_big_enough() -> None:
    areas = Counter(area.kind for area in sample_areas())
    assert areas[AreaKind.COUNTY] == 1
    assert areas[AreaKind.TOWNSHIP] >= 3 and areas[AreaKind.VILLAGE] >= 40
    kinds = Counter(station.kind for station in sample_stations())
    assert kinds[StationKind.STATION] >= 4 and kinds[StationKind.TRADE_STATION] == 1
    assert kinds[StationKind.POINT] + kinds[StationKind.STUDIO] >= 8
    levels = Counter(deputy.level for deputy in sample_deputies())
    assert set(levels) == set(Level) and levels.total() >= 28
    assert levels[Level.COUNTY] + levels[Level.TOWNSHIP] > levels.total() / 2
    assert len(sample_units()) >= 12 and {unit.kind for unit in sample_units()} == set(UnitKind)
    assert len(sample_categories()) == 12
    assert sample_categories() == sorted(sample_categories(), key=in_order)


def test_every_village_has_a_deputy_and_every_station_enough() -> None:
    answered = {code for deputy in sample_deputies() for code in deputy.areas}
    served = {code for station in sample_stations() for code in station.serves}
    for area in sample_areas():
        if area.kind is AreaKind.VILLAGE:
            assert area.id in answered and area.id in served, area.name
    for station in sample_stations():
        most = max(rule.deputies for rule in station.duty)
        assert sum(station.id in one.stations for one in sample_deputies()) > most, station.id
    assert all(deputy.stations and deputy.areas for deputy in sample_deputies())


@pytest.mark.req("L03", "L04", "S06")
def test_there_is_a_site_of_every_kind_but_a_home() -> None:
    kinds = {station.kind for station in sample_stations()}
    assert kinds == set(StationKind) - {StationKind.HOME}
    # One station and many points.
    points = Counter(one.parent for one in sample_stations() if one.kind is StationKind.POINT)
    assert max(points.values()) >= 2


@pytest.mark.req("Q02", "Q03", "Q05", "S05")
def test_every_site_says_what_hangs_and_stands_there_and_whose_it_is() -> None:
    for station in sample_stations():
        assert station.scope and station.procedure and station.host, station.id
        assert len(station.boards) >= 2 and len(station.books) >= 3, station.id
        assert station.constituencies and station.voters > 0, station.id
        assert station.head and station.officer and station.directions, station.id
    named = {"《中国人大》", "《人民代表报》", "《代表法》", "《选举法》"}
    for station in sample_stations():
        if station.kind is StationKind.STATION:
            assert named <= set(station.books), station.id
            assert any("共产党" in book for book in station.books), station.id


@pytest.mark.req("Q06")
def test_activities_of_every_kind_are_registered() -> None:
    activities = sample_activities()
    assert len(activities) >= 12
    assert {one.kind for one in activities} == set(ActivityKind)
    assert all(one.text and one.deputies and one.station for one in activities)


@pytest.mark.req("Q07")
def test_the_county_writes_its_campaign_and_its_ten_rules() -> None:
    pages = sample_pages()
    assert {one.kind for one in pages} == set(PageKind) - {PageKind.OTHER}
    rules = [one.text for one in pages if one.kind is PageKind.RULES]
    assert any(all(f"\n{n}. **" in text for n in range(1, 11)) for text in rules)
    assert all(one.title_en for one in pages)


@pytest.mark.req("L05", "Q08")
def test_enough_sit_at_every_station_and_some_days_are_changed() -> None:
    calendar = WorkingDays.of(sample_days())
    changed = []
    for station in sample_stations():
        for day in duty_days(
            station,
            sample_deputies(),
            date(2026, 11, 22),
            12,
            shifts=sample_shifts(),
            calendar=calendar,
            fallen_out=True,
        ):
            assert not day.short, (station.id, day)
            changed.append(day.changed)
    assert sum(changed) >= 4


def test_nobody_sits_at_two_places_at_once() -> None:
    days = [
        day
        for station in sample_stations()
        for day in duty_days(station, sample_deputies(), date(2026, 1, 1), 104)
    ]
    for one, other in combinations(sorted(days, key=lambda day: day.date), 2):
        if one.date == other.date and one.starts < other.ends and other.starts < one.ends:
            assert not set(one.deputies) & set(other.deputies), (one, other)


def test_everything_is_said_in_both_languages_and_nothing_is_real() -> None:
    for area in sample_areas():
        assert area.id.startswith("990102") and area.name_en
    for station in sample_stations():
        for said in (station.address, station.hours, station.head, station.officer):
            assert said, station.id
        assert station.name_en and station.address_en and station.duty
        assert station.latitude is None  # Any true place would be somebody's.
    phones = [deputy.phone for deputy in sample_deputies()]
    phones += [station.phone for station in sample_stations()]
    phones += [unit.phone for unit in sample_units()]
    phones += [body.phone for body in sample_bodies()]
    phones += [route.phone for route in sample_routes()]
    assert all(phone.startswith(("0000-555", "1390000")) for phone in phones)
    assert len(set(phones)) == len(phones)
    assert all(deputy.introduction and deputy.name_en for deputy in sample_deputies())
    county = sample_county()
    assert county.sample and set(county.results) == set("ABCD") and county.office


def test_suggestions_and_referrals_have_somewhere_to_go() -> None:
    bodies = sample_bodies()
    assert [one.id for one in bodies if one.kind is BodyKind.STANDING_COMMITTEE] == ["committee"]
    townships = {area.id for area in sample_areas() if area.kind is AreaKind.TOWNSHIP}
    presidiums = [one for one in bodies if one.kind is BodyKind.PRESIDIUM]
    assert {one.area for one in presidiums} == townships and len(presidiums) == len(townships)
    routes = sample_routes()
    assert {one.kind for one in routes} == set(RouteKind)
    assert all(one.address and one.phone and one.name_en for one in bodies)
    assert all(one.address and one.phone and one.name_en for one in routes)
    assert all(route.hours and route.note for route in routes)
    assert sample_registers().of(RULES) == {"county": DEFAULT_RULES}


def test_templates_say_what_was_done_in_plain_words() -> None:
    templates = sample_templates()
    assert len([one for one in templates if not one.unit]) >= 5
    for one in templates:
        assert one.text.startswith("您好") and "＿＿" in one.text and "\n" in one.text
        assert not any(word in one.text for word in ("贵单位", "特此", "兹", "予以", "敬请"))


def test_two_deputies_share_a_name() -> None:
    names = Counter(deputy.name for deputy in sample_deputies())
    assert names.most_common(1)[0][1] == 2
    assert any("·" in name for name in names)
