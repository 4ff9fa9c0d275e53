"""Roster files: written, read back, and every mistake told with its line."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deputies.deputies import DEPUTIES
from matters.registers.county import COUNTIES
from stations.registers import Register, record_id
from stations.roster_files import RosterError, read_roster, roster_text, write_roster
from stations.roster_reader import FileProblem
from stations.stations import STATIONS, DutyRule, Station, StationKind
from tests.counts import count
from tests.stations.test_registers import ALL, RECORDS
from tests.wording import chinese, words

GOOD = """\
name: 双楸镇人大代表联络站
kind: station
area: 990102100000
phone: 0000-5550101
mobile: 013900000001
hours: 08:30
duty:
  - weekday: 3
    weeks: [2, 4]
    deputies: 3
"""


def problems(folder: Path, register: Register[Any] = STATIONS) -> list[FileProblem]:
    with pytest.raises(RosterError) as caught:
        read_roster(register, folder)
    assert all(words(one.problem) != chinese(one.problem) for one in caught.value.problems)
    assert str(caught.value).count("\n") == len(caught.value.problems) - 1
    return list(caught.value.problems)


@pytest.mark.parametrize("register", ALL, ids=lambda register: register.noun)
@settings(max_examples=count(20, 60))
@given(data=st.data())
def test_what_is_written_reads_back(
    register: Register[msgspec.Struct],
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("roster")
    record = data.draw(RECORDS[register.noun])
    (path,) = write_roster([record], folder)
    assert path.name == f"{record_id(record)}.yaml"
    assert read_roster(register, folder) == [record]
    assert list(folder.iterdir()) == [path]


def test_numbers_keep_their_zeros_without_quotes(tmp_path: Path) -> None:
    (tmp_path / "shuangqiu.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "README.md").write_text("not a record")
    (tmp_path / ".hidden.yaml").write_text("- nor this")
    (station,) = read_roster(STATIONS, tmp_path)
    assert (station.id, station.area) == ("shuangqiu", "990102100000")
    assert (station.mobile, station.hours) == ("013900000001", "08:30")
    assert station.duty == (DutyRule(weekday=3, weeks=(2, 4), deputies=3),)


def test_yaml_is_readable() -> None:
    station = Station(
        id="s", name="站", kind=StationKind.STATION, area="990102100000",
        serves=("990102100201", "990102100202"), phone="0000-5550101", directions="一\n二",
        duty=(DutyRule(weekday=3), DutyRule(weekday=5, weeks=(1, 3))),
    )  # fmt: skip
    assert roster_text(station) == (
        'name: 站\nkind: station\narea: "990102100000"\n'
        'serves:\n  - "990102100201"\n  - "990102100202"\n'
        'directions: |-\n  一\n  二\nphone: "0000-5550101"\nduty:\n'
        '  - weekday: 3\n    starts: "08:30"\n    ends: "11:30"\n    deputies: 2\n'
        '  - weekday: 5\n    weeks: [1, 3]\n    starts: "08:30"\n    ends: "11:30"\n'
        "    deputies: 2\n"
    )


@pytest.mark.parametrize(
    ("text", "line", "field", "expected"),
    [
        (GOOD + "name: 又一个\n", 11, "name", "twice"),
        (GOOD + "colour: red\n", 11, "colour", "no such field"),
        (GOOD + "id: other\n", 11, "id", "file's name"),
        (GOOD + "serves: 990102100201\n", 11, "serves", "list"),
        (GOOD + "serves:\n  - 990102100201\n  - [1]\n", 13, "serves[1]", "one value"),
        (GOOD + "serves:\n  -\n", 12, "serves[0]", "empty"),
        (GOOD + "serves: [柳堰村]\n", 11, "serves", "area code"),
        (GOOD + "parent: 镇站\n", 11, "parent", "id of a station"),
        (GOOD + "latitude: north\nlongitude: 1\n", 11, "latitude", "number"),
        (GOOD + "latitude: 99\nlongitude: 1\n", 11, "latitude", "degrees"),
        (GOOD + "latitude: 1\n", 1, "longitude", "both"),
        (GOOD + "head: {a: b}\n", 11, "head", "one value"),
        (GOOD + "head: !!python/object/apply:os.system [ls]\n", 11, "head", "one value"),
        (GOOD + "head: !!python/name:os.system x\n", 11, "head", "one value"),
        (GOOD + "head: &a 李\nofficer: *a\n", 12, "", "aliases"),
        (GOOD + "\thead: 李\n", 11, "", "tab"),
        (GOOD + "head: 'unclosed\n", 12, "", "not YAML"),
        (GOOD + "head: a: b\n", 11, "", "not YAML"),
        (GOOD + "---\nname: 两份\n", 11, "", "not YAML"),
        (GOOD + "? [a, b]\n: c\n", 11, "", "one word"),
        (GOOD.replace("weekday: 3", "weekday: 周三"), 8, "duty[0].weekday", "whole number"),
        (GOOD.replace("weekday: 3", "weekday: 9"), 7, "duty", "weekday"),
        (GOOD.replace("[2, 4]", "[2, 9]"), 7, "duty", "from 1 to 5"),
        (GOOD.replace("weekday: 3", "day: 3"), 8, "duty[0].day", "no such field"),
        (GOOD.replace("  - weekday: 3\n   ", "  -"), 8, "duty[0].weekday", "missing"),
        (GOOD.replace("kind: station", "kind: 联络站"), 2, "kind", "none of"),
        (GOOD.replace("kind: station\n", ""), 1, "kind", "missing"),
        (GOOD.replace("name: 双楸镇人大代表联络站", "name:"), 1, "name", "missing"),
        (GOOD.replace("name: 双楸镇人大代表联络站", "name: ' '"), 1, "name", "is empty"),
        ("- a\n- b\n", 1, "", "field: value"),
        ("# only a comment\n", 1, "", "empty"),
        ("", 1, "", "empty"),
        ("[" * 100_000 + "]" * 100_000, 1, "", "too deeply"),
    ],
)
def test_each_mistake_has_its_line(
    tmp_path: Path, text: str, line: int, field: str, expected: str
) -> None:
    (tmp_path / "s.yaml").write_text(text, "utf-8")
    found = problems(tmp_path)
    assert [(one.file, one.line, one.problem.field) for one in found] == [("s.yaml", line, field)]
    assert expected in words(found[0].problem)


def test_broken_utf8_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes("name: a\nhead: 李明\n".encode("gb18030"))
    (found,) = problems(tmp_path)
    assert (found.line, "UTF-8" in chinese(found.problem)) == (2, True)


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: 李明\nlevel: 村\nphone: 打村委会\nage: 70\n", "utf-8")
    (tmp_path / "b.yaml").write_text("level: county\n", "utf-8")
    (tmp_path / "c.yaml").write_text("name: 王伟\nlevel: city\nconstituency:\n", "utf-8")
    (tmp_path / "坏 名.yaml").write_text("name: 王伟\nlevel: city\nconstituency: ''\n", "utf-8")
    found = [(one.file, one.line, one.problem.field) for one in problems(tmp_path, DEPUTIES)]
    assert found == [
        ("a.yaml", 1, "constituency"),
        ("a.yaml", 2, "level"),
        ("a.yaml", 3, "phone"),
        ("a.yaml", 4, "age"),
        ("b.yaml", 1, "constituency"),
        ("b.yaml", 1, "name"),
        ("坏 名.yaml", 1, "id"),
    ]


def test_labels_and_truth(tmp_path: Path) -> None:
    path = tmp_path / "county.yaml"
    path.write_text("name: 县\nsample: yes\nresults:\n  A: 已解决\n", "utf-8")
    (county,) = read_roster(COUNTIES, tmp_path)
    assert county.sample and county.results == {"A": "已解决"}
    path.write_text("name: 县\nsample: 是\nresults:\n  - A\n", "utf-8")
    assert [(one.line, one.problem.field) for one in problems(tmp_path, COUNTIES)] == [
        (2, "sample"), (4, "results")]  # fmt: skip


def test_two_endings_of_one_name_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "s.yml").write_text(GOOD, "utf-8")
    assert problems(tmp_path)[0].file == "s.yml"
    assert "no such folder" in words(problems(tmp_path / "none")[0].problem)
    (tmp_path / "t.yaml").mkdir()
    assert "can't be read" in words(problems(tmp_path)[1].problem)
