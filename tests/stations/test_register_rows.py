"""Whole tables: names resolved, ids stable, repeats and refusals."""

import time
from collections.abc import Iterable

import pytest

from deputies.deputies import DEPUTIES, Deputy
from stations.areas import AREAS, Area, AreaKind
from stations.cells import CellError, parse_id
from stations.names import resolver_for
from stations.register_rows import records_from_rows
from stations.registers import Registers
from stations.stations import STATIONS
from tests.wording import chinese, words

COUNTY = Area(id="990102000000", name="望禾县", kind=AreaKind.COUNTY, name_en="Wanghe County")
EAST = Area(id="990102100000", name="东镇", kind=AreaKind.TOWNSHIP, parent=COUNTY.id)
WEST = Area(id="990102101000", name="西镇", kind=AreaKind.TOWNSHIP, parent=COUNTY.id)
VILLAGES = [
    Area(id="990102100201", name="桥头村", kind=AreaKind.VILLAGE, parent=EAST.id),
    Area(id="990102101201", name="桥头村", kind=AreaKind.VILLAGE, parent=WEST.id),
    Area(id="990102101001", name="河沿社区", kind=AreaKind.VILLAGE, parent=WEST.id),
]
KNOWN = Registers().with_records(AREAS, [COUNTY, EAST, WEST, *VILLAGES])


def numbered(rows: Iterable[dict[str, str]]) -> list[tuple[int, dict[str, str]]]:
    return list(enumerate(rows, 2))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("东镇", EAST.id),
        ("wanghe county", COUNTY.id),
        ("东镇/桥头村", VILLAGES[0].id),
        ("西镇桥头村", VILLAGES[1].id),
        ("望禾县 西镇 桥头村民委员会", VILLAGES[1].id),
        ("河沿社区居委会", VILLAGES[2].id),
        ("河沿居委会", VILLAGES[2].id),
        ("990102101", WEST.id),
    ],
)
def test_areas_are_found_by_code_and_name(said: str, code: str) -> None:
    assert resolver_for(KNOWN)("area", said) == code


def test_ambiguous_and_unknown_names_say_so() -> None:
    resolve = resolver_for(KNOWN)
    with pytest.raises(CellError) as caught:
        resolve("area", "桥头村")
    assert "望禾县/东镇/桥头村 (990102100201)" in chinese(caught.value)
    assert "2 have this name" in words(caught.value)
    for said in ("南镇", "990102999"):
        with pytest.raises(CellError) as caught:
            resolve("area", said)
        assert "no area" in words(caught.value)
    for noun in ("station", "unit", "deputy"):
        with pytest.raises(CellError) as caught:
            resolve(noun, "某")
        assert f"no {noun}" in words(caught.value)


def test_areas_of_one_file_name_each_other_in_any_order() -> None:
    rows = [
        {"代码": "990102300201", "名称": "南村", "上级": "南镇"},
        {"代码": "990102300202", "名称": "北村", "上级": "甲县/南镇"},
        {"代码": "990102300", "名称": "南镇", "上级": "甲县"},
        {"代码": "990102", "名称": "甲县"},
    ]
    read = records_from_rows(AREAS, numbered(rows), Registers())
    assert not read.refused
    assert [area.parent for _, area in read.records] == [
        "990102300000", "990102300000", "990102000000", ""]  # fmt: skip


def test_points_name_stations_of_the_same_file() -> None:
    rows = [
        {"名称": "桥头联络点", "所在地": "东镇/桥头村", "所属联络站": "东镇联络站"},
        {"名称": "东镇联络站", "所在地": "东镇"},
    ]
    read = records_from_rows(STATIONS, numbered(rows), KNOWN)
    assert not read.refused
    assert read.records[0][1].parent == read.records[1][1].id
    assert read == records_from_rows(STATIONS, numbered(rows), KNOWN)


def deputy(**change: str) -> dict[str, str]:
    return {"姓名": "王伟", "层级": "县", "选区": "第一选区", "电话": "13900000001"} | change


def people(rows: list[dict[str, str]], known: Registers = KNOWN) -> dict[int, Deputy]:
    read = records_from_rows(DEPUTIES, numbered(rows), known)
    assert not read.refused
    return dict(read.records)


def test_two_people_of_one_name_in_one_constituency_keep_apart() -> None:
    rows = [deputy(), deputy(电话="13900000002"), deputy(电话="")]
    found = people(rows)
    assert len({one.id for one in found.values()}) == 3
    assert all(parse_id(one.id) for one in found.values())
    backwards = people(rows[::-1])
    assert {one.phone: one.id for one in found.values()} == {
        one.phone: one.id for one in backwards.values()
    }


def test_one_known_before_keeps_the_id_when_a_namesake_comes() -> None:
    known = KNOWN.with_records(DEPUTIES, people([deputy()]).values())
    rows = [deputy(电话="13900000002"), deputy()]
    found = people(rows, known)
    assert found[3].id in known.of(DEPUTIES) and found[2].id not in known.of(DEPUTIES)
    after = known.with_records(DEPUTIES, found.values())
    assert people(rows, after) == found


def test_the_same_row_twice_is_one_deputy() -> None:
    read = records_from_rows(DEPUTIES, numbered([deputy(), deputy(姓名="王 伟")]), KNOWN)
    assert len(read.records) == 1 and read.repeats == ((3, 2),) and not read.refused


def test_likely_one_person_twice_is_refused() -> None:
    read = records_from_rows(DEPUTIES, numbered([deputy(), deputy(职务="书记")]), KNOWN)
    assert [number for number, _ in read.refused] == [3]
    assert "row 2" in words(read.refused[0][1][0])


def test_a_given_id_stands_once() -> None:
    rows = [
        deputy(编号="wang-wei"),
        deputy(编号="wang-wei", 姓名="王为"),
        deputy(编号="wang-wei-2"),
    ]
    read = records_from_rows(DEPUTIES, numbered(rows), KNOWN)
    assert [one.id for _, one in read.records] == ["wang-wei", "wang-wei-2"]
    assert read.refused[0][0] == 3 and read.refused[0][1][0].field == "id"


def test_refusals_tell_row_field_and_reason() -> None:
    rows = [deputy(), deputy(姓名="", 层级="村"), deputy(村="桥头村"), deputy(联络站="某站")]
    read = records_from_rows(DEPUTIES, numbered(rows), KNOWN)
    assert [(n, [p.field for p in problems]) for n, problems in read.refused] == [
        (3, ["name", "level"]),
        (4, ["areas"]),
        (5, ["stations"]),
    ]


def test_an_empty_table_gives_nothing() -> None:
    assert records_from_rows(DEPUTIES, [], KNOWN).records == ()


def test_five_thousand_rows_with_repeated_names() -> None:
    names = ["王伟", "李秀英", "张建国", "古丽仙•卡德", "刘 洋"]
    rows = [
        {
            "姓名": names[index % 5],
            "层级": ("县", "乡镇", "市人大代表", "省级")[index % 4],
            "选区": f"第{index // 50}选区",
            "联系村": "西镇/桥头村、河沿社区",
            "电话": f"139{index:08}",
        }
        for index in range(5000)
    ]
    started = time.monotonic()
    read = records_from_rows(DEPUTIES, numbered(rows), KNOWN)
    assert time.monotonic() - started < 10
    assert len(read.records) == 5000 and not read.refused and not read.repeats
    assert len({record.id for _, record in read.records}) == 5000
    assert read == records_from_rows(DEPUTIES, numbered(rows), KNOWN)
    known = KNOWN.with_records(DEPUTIES, (record for _, record in read.records))
    assert read == records_from_rows(DEPUTIES, numbered(rows), known)
