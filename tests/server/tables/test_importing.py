"""Importing by the command line: rosters in spreadsheets, and the real messages of old."""

import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import httpx2
import openpyxl  # type: ignore[import-untyped]  # It comes without types.
import pytest

from tests.counts import count
from tests.hub import Hub, huiyin, until

REAL = Path(__file__).parents[4] / "shared" / "data"
needs_real = pytest.mark.skipif(
    not REAL.exists(), reason="the folder of real messages does not stand beside the project"
)


def outcome(*arguments: str | Path) -> dict[str, object]:
    """Import and return the outcome as JSON."""
    found: dict[str, object] = json.loads(huiyin("import", *arguments, "--json").stdout)
    return found


def counts(data: Path, path: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return the exported ledger: (received, answered, pending, published) by line."""
    huiyin("export", "ledger", path, "--data", data)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return {(row[0], row[1]): tuple(map(int, row[2:6])) for row in rows}


@needs_real
def test_the_real_files_come_in_whole_and_only_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    labelled = outcome("matters", REAL / "messages-labelled.xlsx", "--data", data)
    assert (labelled["read"], labelled["taken"], labelled["refused"]) == (495, 495, 0)
    replied = outcome("matters", REAL / "messages-replied.xlsx", "--data", data)
    assert (replied["read"], replied["taken"], replied["refused"]) == (120, 120, 0)
    ledger = counts(data, tmp_path / "ledger.csv")
    assert ledger["合计", ""] == (615, 120, 495, 0)
    with closing(openpyxl.load_workbook(REAL / "messages-labelled.xlsx", read_only=True)) as book:
        rows = book.active.iter_rows(min_row=2, values_only=True)
        true = Counter(row[5] for row in rows if row[0])
    assert {name: line[0] for (by, name), line in ledger.items() if by == "类别" and name} == true
    state = huiyin("matters", "verify", "--data", data).stdout
    for name in ("messages-labelled.xlsx", "messages-replied.xlsx"):
        again = outcome("matters", REAL / name, "--data", data)
        assert (again["taken"], again["known"]) == (0, again["read"])
    assert huiyin("matters", "verify", "--data", data).stdout == state


@needs_real
@pytest.mark.litestream
@pytest.mark.faults
def test_the_real_files_are_published_in_one_act(own_hub: Hub, tmp_path: Path) -> None:
    own_hub.start()
    for name in ("messages-labelled.xlsx", "messages-replied.xlsx"):
        huiyin("import", "matters", REAL / name, "--data", own_hub.data)
    office = own_hub.client("office")
    imports = office.get("/api/v1/imports").json()["imports"]
    assert {(one["file"], one["rows"], one["answered"]) for one in imports} == {
        ("messages-labelled.xlsx", 495, 0),
        ("messages-replied.xlsx", 120, 120),
    }
    matters = office.get("/api/v1/matters", params={"state": "replied"}).json()["matters"]
    number = matters[0]["number"]
    # The dates are the file's, and no clock runs.
    assert matters[0]["received_at"] < "2021" and matters[0]["due_at"] is None
    assert httpx2.get(f"{own_hub.url}/notices/{number}/").status_code == 404
    liaison = own_hub.client("liaison", station="weidu")
    assert liaison.post(f"/api/v1/imports/{imports[0]['id']}/approve").status_code == 403
    for one in imports:
        assert office.post(f"/api/v1/imports/{one['id']}/approve").status_code == 200
    notice = until(lambda: _page(f"{own_hub.url}/notices/{number}/"), within_s=60)
    assert "2020" in notice or "2019" in notice
    until(
        lambda: len(list(own_hub.data.glob("site/notices/??????????/index.html"))) == 615,
        within_s=60,
    )
    assert "615" in _page(own_hub.url + "/ledger/")
    month = _page(own_hub.url + "/notices/2019-05/")
    assert month and "<script" not in month
    ledger = counts(own_hub.data, tmp_path / "ledger.csv")
    assert ledger["合计", ""] == (615, 120, 495, 615)


def _page(address: str) -> str:
    answer = httpx2.get(address)
    return answer.text if answer.status_code == 200 else ""


def write_csv(path: Path, rows: list[list[str]]) -> Path:
    """Write a CSV file in the encoding that Chinese spreadsheets still use."""
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_rows_that_cannot_be_taken_are_listed_and_the_rest_is_taken(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "old.csv",
        [
            ["编号", "姓名", "主题", "留言时间", "内容", "答复意见", "答复时间", "备注"],
            ["1", "张三", "好", "2020/1/6 12:09:38", "好的一行", "", "", "x"],
            ["2", "李四", "", "昨天", "时间看不懂", "", "", ""],
            ["3", "王五", "", "2020/1/6", "", "", "", ""],
            ["4", "赵六", "", "2020/1/6", "答早了", "已办", "2019/1/1", ""],
            ["5", "孙七", "", "2020/1/6", "有答复没时间", "已办", "", ""],
            ["6", "周八", "", "2020/1/6", "长" * 10_001, "", "", ""],
            ["1", "张三", "好", "2020/1/6 12:09:38", "好的一行", "", "", "y"],
        ],
    )
    data = tmp_path / "data"
    trial = outcome("matters", file, "--data", data, "--dry-run")
    assert (trial["read"], trial["taken"], trial["refused"]) == (7, 1, 5)
    assert counts(data, tmp_path / "l.csv")["合计", ""] == (0, 0, 0, 0)
    done = huiyin("import", "matters", file, "--data", data).stdout
    assert "refused 5" in done and "taken 1" in done
    for line in ("row 3 · 留言时间", "row 4 · 内容", "row 5 · 答复时间", "row 6 · 答复时间"):
        assert line in done
    assert "备注" in done and "row 8 repeats row 2" in done
    assert counts(data, tmp_path / "l.csv")["合计", ""] == (1, 0, 1, 0)


def test_headers_of_its_own_by_a_map(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "own.csv", [["何时", "说了什么"], ["2021-03-04", "井盖丢了"]])
    mapping = tmp_path / "map.json"
    mapping.write_text('{"何时": "received_at", "说了什么": "text"}', encoding="utf-8")
    data = tmp_path / "data"
    assert outcome("matters", file, "--data", data)["taken"] == 0
    assert outcome("matters", file, "--map", mapping, "--data", data)["taken"] == 1
    mapping.write_text("not json", encoding="utf-8")
    bad = huiyin("import", "matters", file, "--map", mapping, "--data", data, check=False)
    assert bad.returncode == 1 and "JSON" in bad.stderr


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"PK\x03\x04broken", b"\x89PNG\r\n\x1a\n", b"\x00\x01\x02"]
)
def test_a_spreadsheet_that_is_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(content)
    for what in ("matters", "deputies"):
        done = huiyin("import", what, file, "--data", tmp_path / "data", check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr and "请" in done.stderr
    missing = huiyin("import", "units", tmp_path / "none.csv", "--data", tmp_path, check=False)
    assert missing.returncode == 1 and "找不到" in missing.stderr


def test_registers_by_the_thousand_with_names_that_repeat(tmp_path: Path) -> None:
    data, many = tmp_path / "data", count(1200, 3000)
    areas = [
        ["代码", "名称", "上级"],
        ["990200000000", "某县", ""],
        ["990200100000", "甲镇", "990200000000"],
    ]
    areas += [[f"9902001{n:05d}", f"第{n}村", "甲镇"] for n in range(1, many + 1)]
    taken = outcome("areas", write_csv(tmp_path / "a.csv", areas), "--data", data)["taken"]
    assert taken == many + 2
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append(["姓名", "级别", "选区", "责任村", "电话"])
    for n in range(1, many + 1):
        name = "阿卜杜拉•买买提" if n % 2 else "王伟"
        sheet.append([name, "乡镇", f"第{n}选区", f"第{n}村", f"1390000{n:04d}"])
    workbook.save(tmp_path / "d.xlsx")
    first = outcome("deputies", tmp_path / "d.xlsx", "--data", data)
    assert (first["read"], first["taken"], first["refused"]) == (many, many, 0)
    again = outcome("deputies", tmp_path / "d.xlsx", "--data", data)
    assert (again["taken"], again["known"]) == (0, many)
    connection = sqlite3.connect(data / "huiyin.db")
    found = connection.execute(
        "SELECT json_extract(record,'$.name') name, count(*) FROM records "
        "WHERE noun='deputy' GROUP BY name ORDER BY name"
    ).fetchall()
    connection.close()
    assert found == [("王伟", many // 2), ("阿卜杜拉·买买提", many // 2)]
    units = write_csv(tmp_path / "u.csv", [["名称"], ["水务局"], ["水务局"], [""]])
    assert outcome("units", units, "--data", data)["taken"] == 1


def test_what_is_exported_comes_in_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    rows = [["编号", "姓名", "时间", "内容"], ["1", "张三", "2020-01-02", "=1+1 也是文字"]]
    rows[0][2] = "日期"
    outcome("matters", write_csv(tmp_path / "m.csv", rows), "--data", data)
    for name in ("matters.xlsx", "matters.csv", "matters.json"):
        huiyin("export", "matters", tmp_path / name, "--data", data)
        assert (tmp_path / name).stat().st_size > 0
    sheet = openpyxl.load_workbook(tmp_path / "matters.xlsx").active
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert "张三" not in (tmp_path / "matters.json").read_text("utf-8")
    bad = huiyin("export", "ledger", tmp_path / "ledger.pdf", "--data", data, check=False)
    assert bad.returncode == 1 and "Traceback" not in bad.stderr


def test_a_roster_of_yaml_goes_out_and_comes_in_again(tmp_path: Path) -> None:
    data, rosters = tmp_path / "data", tmp_path / "rosters"
    areas = [["代码", "名称"], ["990200000000", "某县"], ["990200100000", "甲镇"]]
    outcome("areas", write_csv(tmp_path / "a.csv", areas), "--data", data)
    people = [["姓名", "级别", "选区", "责任村"], ["王伟", "乡镇", "第一选区", "甲镇"]]
    outcome("deputies", write_csv(tmp_path / "d.csv", people), "--data", data)
    huiyin("export", "registers", rosters, "--data", data)
    (file,) = (rosters / "deputies").glob("*.yaml")
    assert outcome("deputies", rosters / "deputies", "--data", data)["known"] == 1
    file.write_text(file.read_text("utf-8").replace("王伟", "王卫"), "utf-8")
    assert outcome("deputies", rosters / "deputies", "--data", data)["taken"] == 1

    mistaken = file.read_text("utf-8").replace("level: township", "level: galactic")
    file.write_text(mistaken + "stations: [nowhere]\nhobby: chess\n", "utf-8")
    bad = huiyin("import", "deputies", rosters / "deputies", "--data", data, check=False)
    assert bad.returncode == 1 and "Traceback" not in bad.stderr
    line = mistaken.splitlines().index("level: galactic") + 1
    assert f"{file.name}:{line} level" in bad.stderr
    assert "hobby" in bad.stderr and "township" in bad.stderr
    file.write_text(mistaken.replace("galactic", "township") + "stations: [nowhere]\n", "utf-8")
    dangling = huiyin("import", "deputies", rosters / "deputies", "--data", data, check=False)
    assert dangling.returncode == 1 and "nowhere" in dangling.stderr
