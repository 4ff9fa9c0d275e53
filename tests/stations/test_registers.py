"""The one description of a register: rows into records and back, every problem at once."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.text import clean_name
from deputies.deputies import DEPUTIES, Deputy, Level
from matters.registers.bodies import BODIES, Body, BodyKind
from matters.registers.categories import CATEGORIES, Category
from matters.registers.county import COUNTIES, County
from matters.registers.routes import ROUTES, Route, RouteKind
from matters.registers.rules import RULES, Extension, Rules
from matters.registers.templates import TEMPLATES, ReplyTemplate
from matters.registers.units import UNITS, Unit, UnitKind
from stations.areas import AREAS, Area, AreaKind
from stations.cells import clean_text, parse_id
from stations.registers import (
    RecordError,
    Register,
    Registers,
    check_references,
    match_headers,
    record_from_row,
    record_id,
    record_to_row,
)
from stations.stations import STATIONS, Station, StationKind
from stations.working_days import DAYS, DayKind, SpecialDay
from tests.stations.test_duty import RULES as DUTY_RULES
from tests.wording import chinese, words

ALL: tuple[Register[Any], ...] = (
    *(AREAS, STATIONS, DEPUTIES, UNITS, CATEGORIES, COUNTIES),
    *(BODIES, ROUTES, TEMPLATES, RULES, DAYS),
)
WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cn")), max_size=30)
TEXT = WORDS.map(clean_text)
NAME = WORDS.map(clean_name)
SURE = st.text("李明玉兰ab ·", min_size=1).map(clean_name).filter(bool)
ID = st.from_regex("[a-z0-9]{1,8}(-[a-z0-9]{1,8})?", fullmatch=True)
CODE = st.from_regex("[1-9][0-9]{11}", fullmatch=True)
MAYBE_CODE = st.just("") | CODE
PHONE = st.just("") | st.from_regex("0000-[0-9]{7}|139[0-9]{8}|12345", fullmatch=True)
UNIQUE_CODES = st.lists(CODE, max_size=4, unique=True).map(tuple)
UNIQUE_IDS = st.lists(ID, max_size=4, unique=True).map(tuple)
LIMIT = st.builds("P{}M{}D".format, st.integers(1, 12), st.integers(1, 90)) | st.builds(
    "P{}B".format, st.integers(1, 500)
)
DEGREES = st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180))

RECORDS: dict[str, st.SearchStrategy[msgspec.Struct]] = {
    "area": st.builds(
        Area, id=CODE, name=SURE, kind=st.just(AreaKind.COUNTY), parent=st.just(""), name_en=NAME
    )
    | st.builds(
        Area, id=CODE, name=SURE, kind=st.sampled_from(AreaKind), parent=CODE, name_en=NAME
    ),
    "station": st.builds(
        lambda degrees, **values: Station(
            latitude=degrees and degrees[0], longitude=degrees and degrees[1], **values
        ),
        degrees=DEGREES, id=ID, name=SURE, kind=st.sampled_from(StationKind), area=CODE,
        serves=UNIQUE_CODES, parent=st.just("") | ID, address=TEXT, directions=TEXT, phone=PHONE,
        mobile=PHONE, hours=TEXT, head=NAME, officer=NAME,
        duty=st.lists(DUTY_RULES, max_size=2).map(tuple), name_en=NAME, address_en=TEXT,
    ),
    "deputy": st.builds(
        Deputy, id=ID, name=SURE, level=st.sampled_from(Level), constituency=TEXT,
        areas=UNIQUE_CODES, stations=UNIQUE_IDS, phone=PHONE, post=TEXT, introduction=TEXT,
        name_en=NAME,
    ),
    "unit": st.builds(
        Unit, id=ID, name=SURE, kind=st.sampled_from(UnitKind), area=MAYBE_CODE, phone=PHONE,
        name_en=NAME,
    ),
    "category": st.builds(
        Category, id=ID, name=SURE, order=st.integers(0, 9999), name_en=NAME
    ),
    "county": st.builds(
        County, name=SURE, area=MAYBE_CODE, office=TEXT, office_phone=PHONE, office_address=TEXT,
        sample=st.booleans(), campaign=TEXT,
        results=st.dictionaries(st.sampled_from("ABCD"), st.text("已解决ab", min_size=1)),
        name_en=TEXT, office_en=TEXT,
    ),
    "body": st.builds(
        Body, id=ID, name=SURE, kind=st.sampled_from(BodyKind), area=MAYBE_CODE, phone=PHONE,
        address=TEXT, name_en=NAME,
    ),
    "route": st.builds(
        Route, id=ID, name=SURE, kind=st.sampled_from(RouteKind), address=TEXT, phone=PHONE,
        hours=TEXT, note=TEXT, name_en=NAME,
    ),
    "template": st.builds(
        ReplyTemplate, id=ID, name=SURE, text=TEXT.filter(bool), unit=st.just("") | ID
    ),
    "rule": st.builds(
        Rules, alone=LIMIT, joint=LIMIT, urgent=LIMIT, return_within=LIMIT, press_within=LIMIT,
        answer_within=LIMIT, rate_within=LIMIT, rounds=st.integers(1, 9),
        extension=st.sampled_from(Extension), yellow_days=st.integers(11, 20),
        red_days=st.integers(0, 10), head_days=st.integers(1, 4), office_days=st.integers(5, 9),
        committee_days=st.integers(10, 99), minimum_n=st.integers(1, 1000),
        urgent_words=st.lists(st.text("触电漏井盖ab", min_size=1), max_size=3, unique=True)
        .map(tuple),
    ),
    "day": st.builds(
        SpecialDay, id=st.dates(min_value=date(1000, 1, 1)).map(str),
        kind=st.sampled_from(DayKind), name=NAME,
    ),
}  # fmt: skip


@pytest.mark.parametrize("register", ALL, ids=lambda register: register.noun)
def test_every_field_has_a_column(register: Register[msgspec.Struct]) -> None:
    fields = [info.name for info in msgspec.structs.fields(register.record)]
    assert [column.field for column in register.columns] == fields


@pytest.mark.parametrize("register", ALL, ids=lambda register: register.noun)
@pytest.mark.parametrize("headers", ["zh", "en", "field"])
@given(data=st.data())
def test_round_trip_is_exact(
    register: Register[msgspec.Struct], headers: str, data: st.DataObject
) -> None:
    record = data.draw(RECORDS[register.noun])
    row = record_to_row(register, record, headers)
    assert record_from_row(register, row) == record


@pytest.mark.parametrize("register", ALL, ids=lambda register: register.noun)
def test_labels_of_a_register_mean_one_column_each(register: Register[msgspec.Struct]) -> None:
    for label in ("label", "label_en", "field"):
        headers = [getattr(column, label) for column in register.columns]
        match = match_headers(register, headers)
        assert list(match.fields.values()) == [column.field for column in register.columns]
        assert not match.unknown and not match.missing


def test_every_problem_of_a_row_is_told() -> None:
    row = {"姓名": "", "层级": "村", "联系电话": "没装", "村": "柳堰村", "编号": "李"}
    with pytest.raises(RecordError) as caught:
        record_from_row(DEPUTIES, row)
    problems = {problem.field: problem for problem in caught.value.problems}
    assert set(problems) == {"name", "level", "phone", "areas", "id"}
    assert problems["level"].values["value"] == "村"
    assert "全国" in chinese(problems["level"]) and "national" in words(problems["level"])
    assert "“姓名”空着" in chinese(caught.value)


def test_messages_are_short_whatever_was_typed() -> None:
    with pytest.raises(RecordError) as caught:
        record_from_row(CATEGORIES, {"name": "水", "order": "9" * 9000})
    assert len(chinese(caught.value)) < 200


def test_headers_in_either_language_with_notes_and_a_map() -> None:
    row = {"姓名（必填）*": "李明", " LEVEL ": "County", "Mob. No": "13900000001", "备注": "x"}
    match = match_headers(DEPUTIES, row, {"Mob. No": "电话"})
    assert set(match.fields.values()) == {"name", "level", "phone"}
    assert match.unknown == ("备注",) and not match.missing
    assert record_from_row(DEPUTIES, row, mapping={"Mob. No": "phone"}).phone == "13900000001"
    assert match_headers(DEPUTIES, ["姓名"]).missing == (DEPUTIES.column("level"),)
    assert match_headers(DEPUTIES, row, {"姓名（必填）*": ""}).missing[0].field == "name"


def test_two_columns_for_one_field_must_agree() -> None:
    row = {"姓名": "李明", "层级": "县", "电话": "13900000001", "手机": "13900000002"}
    with pytest.raises(RecordError) as caught:
        record_from_row(DEPUTIES, row)
    assert "two columns" in words(caught.value)
    assert record_from_row(DEPUTIES, {**row, "手机": ""}).phone == "13900000001"


def test_ids_follow_from_who_it_is() -> None:
    row = {"姓名": "李 明", "层级": "县人大代表", "选区": "第一选区"}
    first = record_from_row(DEPUTIES, row)
    assert parse_id(first.id) == first.id
    again = {"姓名": "李明", "层级": "county", "选区": "第一选区", "电话": "13900000001"}
    assert record_from_row(DEPUTIES, again).id == first.id
    for change in ({"姓名": "李明明"}, {"层级": "市"}, {"选区": "第二选区"}):
        assert record_from_row(DEPUTIES, {**row, **change}).id != first.id


def test_kind_and_parent_of_an_area_follow_from_its_code() -> None:
    def knows(noun: str, text: str) -> str:
        return text

    village = record_from_row(AREAS, {"代码": "990102100201", "名称": "北营村"}, resolve=knows)
    assert (village.kind, village.parent) == (AreaKind.VILLAGE, "990102100000")
    county = record_from_row(AREAS, {"代码": "990102", "名称": "望禾县"}, resolve=knows)
    assert (county.kind, county.parent) == (AreaKind.COUNTY, "")


def test_kind_of_stations_and_units_follow_from_their_names() -> None:
    def station(name: str) -> StationKind:
        return record_from_row(STATIONS, {"名称": name, "所在地": "990102100000"}).kind

    assert station("双楸镇人大代表联络站") is StationKind.STATION
    assert station("果品行业人大代表联络站") is StationKind.TRADE_STATION
    assert station("东街联络点") is StationKind.POINT
    assert station("杜玉兰代表工作室") is StationKind.STUDIO
    assert record_from_row(UNITS, {"单位": "望禾县人民法院"}).kind is UnitKind.COURT
    assert record_from_row(UNITS, {"单位": "望禾县水利局"}).kind is UnitKind.GOVERNMENT


def test_a_station_gives_both_degrees_or_none_and_sound_rules() -> None:
    row = {"名称": "站", "所在地": "990102100000", "纬度": "1"}
    with pytest.raises(RecordError) as caught:
        record_from_row(STATIONS, row)
    assert "both latitude and longitude" in words(caught.value)


def test_there_is_one_county() -> None:
    with pytest.raises(RecordError) as caught:
        record_from_row(COUNTIES, {"id": "other", "name": "望禾县"})
    assert "its id is “county”" in words(caught.value)
    with pytest.raises(RecordError) as caught:
        record_from_row(COUNTIES, {"name": "望禾县", "results": "E:其他"})
    assert "result classes" in words(caught.value)


def registers(*records: Area | Station | Deputy | Unit) -> Registers:
    by_noun: dict[str, dict[str, msgspec.Struct]] = {}
    for record in records:
        by_noun.setdefault(type(record).__name__.lower(), {})[record.id] = record
    return Registers(by_noun)


COUNTY_AREA = Area(id="990102000000", name="望禾县", kind=AreaKind.COUNTY)
TOWN = Area(id="990102100000", name="镇", kind=AreaKind.TOWNSHIP, parent=COUNTY_AREA.id)


def test_whole_references_give_no_problem() -> None:
    station = Station(id="s", name="站", kind=StationKind.STATION, area=TOWN.id)
    assert check_references(registers(COUNTY_AREA, TOWN, station), ALL) == []


def test_dangling_ids_are_told_with_their_record() -> None:
    whole = registers(
        Area(id="990102100201", name="村", kind=AreaKind.VILLAGE, parent="990102100000"),
        Station(id="s", name="站", kind=StationKind.POINT, area="1", parent="gone", serves=("2",)),
        Deputy(id="d", name="李明", level=Level.CITY, constituency="", stations=("s", "gone")),
        Unit(id="u", name="局", area="3"),
    )
    dangling = {
        (noun, key, problem.field, problem.values["value"])
        for noun, key, problem in check_references(whole, ALL)
    }
    assert dangling == {
        ("area", "990102100201", "parent", "990102100000"),
        ("station", "s", "area", "1"),
        ("station", "s", "serves", "2"),
        ("station", "s", "parent", "gone"),
        ("deputy", "d", "stations", "gone"),
        ("unit", "u", "area", "3"),
    }


def test_parents_neither_circle_nor_narrow() -> None:
    circle = [
        Station(id=key, name=key, kind=StationKind.STATION, area=TOWN.id, parent=parent)
        for key, parent in (("a", "b"), ("b", "a"), ("c", "c"))
    ]
    problems = check_references(registers(COUNTY_AREA, TOWN, *circle), ALL)
    assert {key for _, key, _ in problems} == {"a", "b", "c"}
    assert all("circle" in words(problem) for _, _, problem in problems)
    narrow = Area(id="990102200000", name="乡", kind=AreaKind.TOWNSHIP, parent=TOWN.id)
    point = Station(id="p", name="点", kind=StationKind.POINT, area=TOWN.id)
    below = Station(id="q", name="点", kind=StationKind.POINT, area=TOWN.id, parent="p")
    problems = check_references(registers(COUNTY_AREA, TOWN, narrow, point, below), ALL)
    assert {key for _, key, _ in problems} == {narrow.id, "q"}


def test_records_are_found_by_noun_and_id() -> None:
    whole = registers(COUNTY_AREA)
    assert whole.of(AREAS) == {COUNTY_AREA.id: COUNTY_AREA}
    assert whole.get("area", COUNTY_AREA.id) is COUNTY_AREA and whole.get("x", "y") is None
    assert record_id(COUNTY_AREA) == COUNTY_AREA.id
