"""Tables: whatever people send is read, or refused with what to do."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]  # It comes without types.
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.shanghai import SHANGHAI
from server.tables import tables
from server.tables.tables import (
    Table,
    TableError,
    cell_text,
    clean_text,
    parse_time,
    read_table,
    write_table,
)
from tests.wording import chinese, words

# Real messages, read where they lie beside the repository and never copied.
DATA = next(
    (
        folder / "shared" / "data"
        for folder in Path(__file__).resolve().parents
        if (folder / "shared" / "data").is_dir()
    ),
    None,
)


def whole(table: Table) -> tuple[tuple[str, ...], list[tuple[int, dict[str, object]]]]:
    return table.headers, list(table.rows)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def workbook(path: Path, rows: list[list[object]], at: tuple[int, int] = (1, 1)) -> Path:
    book = openpyxl.Workbook()
    for row, cells in enumerate(rows, at[0]):
        for column, value in enumerate(cells, at[1]):
            book.active.cell(row, column, value)
    book.save(path)
    return path


ROWS = [("姓名", "电话"), ("李明", "013900000001"), ("古丽仙·卡德", "一行\n两行")]
CSV = '姓名,电话\r\n李明,013900000001\r\n古丽仙·卡德,"一行\n两行"\r\n'
EXPECTED = (
    ("姓名", "电话"),
    [
        (2, {"姓名": "李明", "电话": "013900000001"}),
        (3, {"姓名": "古丽仙·卡德", "电话": "一行\n两行"}),
    ],
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_any_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "名册.csv"
    path.write_bytes(CSV.replace(",", delimiter).encode(encoding))
    assert whole(read_table(path)) == EXPECTED


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.csv", "a"])
def test_a_workbook_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    path = workbook(tmp_path / "a.xlsx", [list(row) for row in ROWS])
    assert whole(read_table(path.rename(tmp_path / name))) == EXPECTED


@pytest.mark.parametrize("wrapped", [False, True])
def test_json(tmp_path: Path, wrapped: bool) -> None:
    rows = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"rows": rows} if wrapped else rows), "utf-8")
    headers, found = whole(read_table(path))
    assert headers == EXPECTED[0] and [row for _, row in found] == [row for _, row in EXPECTED[1]]
    assert [number for number, _ in found] == [1, 2]


def test_json_rows_may_differ_in_what_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1, "b": ["x", 2]}, {}, {"c": null, "a": " y "}]', "utf-8")
    assert whole(read_table(path)) == (
        ("a", "b", "c"),
        [(1, {"a": 1, "b": "x、2", "c": ""}), (3, {"a": "y", "b": "", "c": ""})],
    )


def test_row_numbers_and_letters_are_the_spreadsheets(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        [
            ["望禾县代表名单"],
            [],
            ["姓名", None, "姓名"],
            [],
            ["李明", "x", "y", "z"],
            [" ", "\u3000"],
        ],
        at=(3, 2),
    )
    assert whole(read_table(path)) == (
        ("姓名", "姓名 D"),
        [(7, {"姓名": "李明", "姓名 D": "y", "C": "x", "E": "z"})],
    )


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("名称\n\n教育\n道路\n", "utf-8")
    assert whole(read_table(path)) == (("名称",), [(3, {"名称": "教育"}), (4, {"名称": "道路"})])


def test_the_first_visible_sheet_with_anything_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "空"
    hidden = book.create_sheet("藏")
    hidden.append(["a", "b"])
    hidden.sheet_state = "hidden"
    book.create_sheet("名册").append(["姓名", "电话"])
    book.save(tmp_path / "a.xlsx")
    assert read_table(tmp_path / "a.xlsx").headers == ("姓名", "电话")


def test_values_keep_what_they_are(tmp_path: Path) -> None:
    moment = datetime(2020, 1, 6, 12, 9, 38)
    path = workbook(
        tmp_path / "a.xlsx",
        [["n", "f", "t", "d", "b", "s"],
         [13900000001.0, 1.5, moment, date(2020, 1, 6), True, "\n\t\u3000a_x000D_\nb"]],
    )  # fmt: skip
    ((_, row),) = read_table(path).rows
    assert row == {
        "n": 13900000001, "f": 1.5, "t": moment, "d": datetime(2020, 1, 6), "b": True,
        "s": "a\nb",
    }  # fmt: skip
    assert [cell_text(value) for value in row.values()] == [
        "13900000001", "1.5", "2020-01-06 12:09:38", "2020-01-06", "是", "a\nb"]  # fmt: skip


def test_endless_empty_rows_take_no_time(tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["姓名", "电话"])
    sheet.append(["李明", "1"])
    for _ in range(65_000):
        sheet.append([" ", None])
    book.save(tmp_path / "a.xlsx")
    started = time.monotonic()
    assert len(list(read_table(tmp_path / "a.xlsx").rows)) == 1
    assert time.monotonic() - started < 3


def _zip(**names: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.pdf", b"%PDF-1.7 ...", "PDF"),
        ("a.csv", b"%PDF-1.7 ...", "PDF"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n....", "image"),
        ("a.xlsx", b"\xff\xd8\xff\xe0....", "image"),
        ("a.csv", b"\x1f\x8b\x08", "archive"),
        ("a.xls", b"<html><table></table></html>", "web page"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "no whole spreadsheet"),
        ("a.xlsx", b"PK\x03\x04" + bytes(50), "cut short"),
        ("a.xlsx", _zip(readme_txt=b"x"), "archive"),
        ("a.xlsx", _zip(xl__workbook_xml=b"<broken"), "spreadsheet"),
        ("a.csv", b"", "empty"),
        ("a.xlsx", b"", "empty"),
        ("a.csv", b"\xef\xbb\xbf\r\n \r\n", "empty"),
        ("a.csv", ",,\n ,\u3000,\n".encode(), "holds nothing"),
        ("a.csv", b"a,b\x00\x01\x02\n", "encoding"),
        ("a.csv", b"a,b\n\x81\xff\xff", "encoding"),
        ("a.csv", b'a,b\n1,2\n"3,4\n5,6\n', "row 3"),
        ("a.json", b'[{"a": 1}', "JSON"),
        ("a.json", b'"text"', "list of objects"),
        ("a.json", b'{"a": 1}', "list of objects"),
        ("a.json", b"[1, 2]", "list of objects"),
        ("a.json", b"[" * 100_000, ""),
    ],
)
def test_what_is_no_table_is_refused(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        list(read_table(path).rows)
    assert expected in words(caught.value)
    assert name in chinese(caught.value) and str(tmp_path) not in words(caught.value)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        read_table(tmp_path / "none.csv")
    assert "no file" in words(caught.value)
    with pytest.raises(TableError) as caught:
        read_table(tmp_path)
    assert "folder" in words(caught.value)


def test_every_truncation_of_a_workbook_is_refused(tmp_path: Path) -> None:
    content = workbook(tmp_path / "a.xlsx", [list(row) for row in ROWS]).read_bytes()
    path = tmp_path / "b.xlsx"
    for length in range(4, len(content) - 1, 97):
        path.write_bytes(content[:length])
        with pytest.raises(TableError):
            read_table(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(_zip(xl__workbook_xml=bytes(2**20)))
    monkeypatch.setattr(tables, "MAX_UNPACKED_BYTES", 2**20 - 1)
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert "too big" in words(caught.value)
    monkeypatch.setattr(tables, "MAX_FILE_BYTES", 10)
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert "too big" in words(caught.value)


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    content = bytearray(_zip(xl__workbook_xml=bytes(2**20)))
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = (10).to_bytes(4, "little")
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert "broken" in words(caught.value)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2020/1/6 12:09:38", (2020, 1, 6, 12, 9, 38)),
        (" \t2020/1/6 9:09\n", (2020, 1, 6, 9, 9)),
        ("2020-01-06", (2020, 1, 6)),
        ("2020.1.6", (2020, 1, 6)),
        ("2020年1月6日", (2020, 1, 6)),
        ("2020年1月6日 12时9分", (2020, 1, 6, 12, 9)),
        ("2020年1月6日12时9分38秒", (2020, 1, 6, 12, 9, 38)),
        ("2020-01-06T12:09:38.123", (2020, 1, 6, 12, 9, 38)),
        ("2020-01-06T04:09:38Z", (2020, 1, 6, 12, 9, 38)),
        ("2020-01-06 12:09:38+08:00", (2020, 1, 6, 12, 9, 38)),
        ("20200106", (2020, 1, 6)),
        (datetime(2020, 1, 6, 12), (2020, 1, 6, 12)),
        (date(2020, 1, 6), (2020, 1, 6)),
        (43836, (2020, 1, 6)),
        (43836.506690, (2020, 1, 6, 12, 9, 38)),
        ("43836.5", (2020, 1, 6, 12)),
    ],
)
def test_times(cell: object, expected: tuple[int, int, int]) -> None:
    found = parse_time(cell)
    assert found == datetime(*expected, tzinfo=SHANGHAI)
    assert found is not None and found.utcoffset() is not None


@pytest.mark.parametrize(
    "cell", ["", "昨天", "2020-13-01", "2020-02-30", "12:09", "1", 24, 1e9, True, None, "２０２０",
             "2020-01-06 25:00", "2020-01-06T00:00+99:99"]
)  # fmt: skip
def test_what_says_no_time(cell: object) -> None:
    assert parse_time(cell) is None


@given(st.text(max_size=30))
def test_no_text_breaks_the_clock(text: str) -> None:
    parse_time(text)
    clean_text(text)


SAID = ["=1+1", "+86 139", "-5", "@x", "'=1", "''=", "'李", "013900000001", "一\n二", '"引,号"']


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".json"])
def test_what_is_written_reads_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    rows = [{"甲": text, "乙": "x"} for text in SAID]
    assert write_table(path, ["甲", "乙"], rows) == len(SAID)
    headers, found = whole(read_table(path))
    assert headers == ("甲", "乙") and [row["甲"] for _, row in found] == SAID
    assert names(tmp_path) == [path.name]


def test_nothing_written_is_a_formula(tmp_path: Path) -> None:
    write_table(tmp_path / "a.xlsx", ["=h"], [[text] for text in SAID])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    write_table(tmp_path / "a.csv", ["=h"], [[text] for text in SAID])
    content = (tmp_path / "a.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf'=h")
    assert not any(line[:1] in b"=+-@" for line in content[3:].splitlines())


def test_times_and_numbers_are_written_as_such(tmp_path: Path) -> None:
    moment = datetime(2020, 1, 6, 4, 9, 38, tzinfo=timezone.utc)  # noqa: UP017
    row = [moment, 5, -1.5, None, True, "a\x00b"]
    for ending in (".csv", ".xlsx", ".json"):
        write_table(tmp_path / f"a{ending}", list("abcdef"), [row])
        ((_, found),) = read_table(tmp_path / f"a{ending}").rows
        assert parse_time(found["a"]) == moment, ending
        assert cell_text(found["b"]) == "5" and cell_text(found["c"]) == "-1.5"
        assert found["d"] == "" and cell_text(found["e"]) == "是" and found["f"] == "ab"


def test_a_failed_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def rows() -> list[list[object]]:
        raise RuntimeError("half way")

    def generate(get: Callable[[], list[list[object]]]):  # type: ignore[no-untyped-def]
        yield ["x"]
        yield from get()

    with pytest.raises(RuntimeError):
        write_table(path, ["a"], generate(rows))
    assert path.read_text() == "old" and names(tmp_path) == ["a.csv"]


def test_what_cant_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        write_table(tmp_path / "a.pdf", ["a"], [])
    assert "end the name" in words(caught.value)
    with pytest.raises(TableError) as caught:
        write_table(tmp_path / "none" / "a.csv", ["a"], [])
    assert "folder" in words(caught.value)
    with pytest.raises(TableError) as caught:
        write_table(tmp_path / "a.xlsx", ["a"], [["x" * 32768]])
    assert "32767" in words(caught.value)
    assert names(tmp_path) == []


@pytest.mark.skipif(DATA is None, reason="the real messages in shared/data are not here")
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("categories.xlsx", 517),
        ("messages-labelled.xlsx", 495),
        ("messages-liked.xlsx", 30),
        ("messages-replied.xlsx", 120),
    ],
)
def test_real_files(name: str, rows: int) -> None:
    assert DATA is not None
    started = time.monotonic()
    table = read_table(DATA / name)
    found = list(table.rows)
    assert time.monotonic() - started < 3
    assert [number for number, _ in found] == list(range(2, rows + 2))
    for _, row in found:
        for header, value in row.items():
            assert not isinstance(value, str) or value == clean_text(value)
            if "时间" in header:
                at = parse_time(value)
                assert at is not None and at.utcoffset() == timedelta(hours=8)
