"""Tables: spreadsheets and lists that people send, read as rows and written again.

What a file is, its first bytes say and not its name: a file called .xls is often .xlsx
inside. Whatever can't be read raises `TableError`, which says what to do. What is done with
tables stands together here: cells are read in `table_values`, files written in
`table_writing`.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acts.refusals import N_, Message
from acts.text import clean_line
from server.tables.table_values import TableError as TableError
from server.tables.table_values import cell_text as cell_text
from server.tables.table_values import parse_time as parse_time
from server.tables.table_values import plain_value
from server.tables.table_writing import write_table as write_table
from stations.cells import clean_text as clean_text

MAX_FILE_BYTES = 256 * 2**20
MAX_UNPACKED_BYTES = 512 * 2**20

_FOREIGN = (
    (b"%PDF", N_("PDF 文件")),
    (b"\x89PNG", N_("图片")),
    (b"\xff\xd8\xff", N_("图片")),
    (b"GIF8", N_("图片")),
    (b"RIFF", N_("图片或录音")),
    (b"BM", N_("图片")),
    (b"Rar!", N_("压缩包")),
    (b"7z\xbc\xaf", N_("压缩包")),
    (b"\x1f\x8b", N_("压缩包")),
    (b"{\\rtf", N_("Word 文件")),
)
_WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE_AS = Message(N_("请用表格软件打开，另存为 .xlsx 或 .csv 再试"))
# A text that a spreadsheet program would run; `write_table` puts an apostrophe before it.
_ESCAPED_FORMULA = re.compile(r"'+[=+\-@\t\r]")


@dataclass(frozen=True)
class Table:
    """A table: its headers, and its rows as (row number, header → value), to be read once.

    Row numbers are those that a spreadsheet shows (in a CSV file, records counted likewise);
    in a JSON list the first object is 1. Values are cleaned text, int, float, bool or
    datetime; an empty cell is "".
    """

    headers: tuple[str, ...]
    rows: Iterator[tuple[int, dict[str, object]]]


def read_table(path: Path) -> Table:
    """Return the table in a .csv, .xlsx, .xls, .ods or .json file.

    A CSV file is UTF-8, UTF-16 with its mark, or GB18030, divided by commas, semicolons or
    tabs. Of a workbook the first visible sheet with anything in it is read. The headers are
    the first row with two cells filled, so that a title above them does no harm (in a table
    of one column, the first row). Rows without a word are skipped. A header that stands twice
    gets its column's letter; so does a column with no header, if anything stands in it.

    Raises `TableError`.
    """
    content = _content(path)
    kind = _kind(path, content)
    if kind == "workbook":
        return _table(path, _sheet_rows(path, content))
    text = _decode(path, content)
    if kind == "json":
        return _json_table(path, text)
    return _table(path, iter(_csv_rows(path, text)))


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise TableError(N_("“{name}”是文件夹，请指明其中的文件"), name=path.name)
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _too_big(path)
        content = path.read_bytes()
    except FileNotFoundError:
        raise TableError(N_("找不到文件“{name}”，请检查路径和文件名"), name=path.name) from None
    except (OSError, ValueError):
        raise TableError(N_("文件“{name}”读不出来，请检查权限"), name=path.name) from None
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise TableError(N_("文件“{name}”是空的，请检查是否选错了文件"), name=path.name)
    return content


def _kind(path: Path, content: bytes) -> str:
    """Return "workbook", "json" or "csv" by the content, or refuse it by name."""
    if content.startswith(b"PK") or content.startswith(_OLE):
        return "workbook"
    head = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    for sign, kind in _FOREIGN:
        # A CSV may begin with the letters BM; a bitmap has zero bytes soon after.
        if head.startswith(sign) and (sign != b"BM" or b"\0" in head):
            wrong = N_("“{name}”是{kind}，不是表格；请换成 .xlsx、.csv 或 .json 文件")
            raise TableError(wrong, name=path.name, kind=Message(kind))
    if head.startswith(b"<"):
        raise TableError(N_("“{name}”其实是网页，{advice}"), name=path.name, advice=_SAVE_AS)
    if path.suffix.lower() == ".json" or (
        path.suffix.lower() not in (".csv", ".tsv", ".txt") and head[:1] in (b"[", b"{")
    ):
        return "json"
    return "csv"


def _decode(path: Path, content: bytes) -> str:
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # No text has these; GB18030 takes almost any bytes for characters.
        if not re.search("[\x00-\x06\x0e-\x1a\x1c-\x1f]", text):
            return text
    raise TableError(
        N_("“{name}”不是表格，或编码认不出来；{advice}"), name=path.name, advice=_SAVE_AS
    )


def _csv_rows(path: Path, text: str) -> list[tuple[int, list[object]]]:
    """Return the records of a CSV text with their row numbers, blank lines counted."""
    head = re.sub(r'"(?:[^"]|"")*"', "", text[:65536])
    line = next((line for line in head.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=line.count)
    rows: list[tuple[int, list[object]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            rows.append((number, [_unescaped(cell) for cell in row]))
    except csv.Error:
        raise TableError(
            N_("“{name}”第 {row} 行起引号不成对，请检查这一行的双引号"),
            name=path.name,
            row=number + 1,
        ) from None
    return rows


def _unescaped(cell: str) -> str:
    return cell[1:] if _ESCAPED_FORMULA.match(cell) else cell


def _sheet_rows(path: Path, content: bytes) -> Iterator[tuple[int, list[object]]]:
    # 1 MB, which a node that reads no table need not have.
    import python_calamine

    if content.startswith(b"PK"):
        _check_zip(path, content)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        shown = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            and sheet.visible == python_calamine.SheetVisibleEnum.Visible
        ]
        for name in shown:
            sheet = book.get_sheet_by_name(name)
            if sheet.start is not None:
                # Rows come from the top of the sheet, but columns from the first filled one.
                blank = [""] * sheet.start[1]
                return ((number, [*blank, *row]) for number, row in enumerate(sheet.iter_rows(), 1))
    except python_calamine.PasswordError:
        raise TableError(N_("“{name}”加了密码，请去掉密码另存一份再试"), name=path.name) from None
    except (python_calamine.CalamineError, OSError, ValueError):
        raise TableError(
            N_("“{name}”不是完整的表格文件；{advice}"), name=path.name, advice=_SAVE_AS
        ) from None
    return iter(())


def _check_zip(path: Path, content: bytes) -> None:
    """Refuse a zip that is broken, no workbook, or unpacks to more than the limit.

    The sizes in the zip's directory are held to the content too, by `testzip`, so that one
    which lies about them is refused before anything else unpacks it.
    """
    broken = TableError(
        N_("“{name}”不完整，可能没有传完；请重新复制或下载，再试一次"), name=path.name
    )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise _too_big(path)
            if not any(name in archive.namelist() for name in _WORKBOOKS):
                raise TableError(
                    N_("“{name}”是压缩包或其他文件，不是表格；请解压后选其中的表格文件"),
                    name=path.name,
                )
            if archive.testzip() is not None:
                raise broken
    except TableError:
        raise
    except Exception:  # zipfile raises errors of many kinds (struct, zlib, EOF) for bad zips.
        raise broken from None


def _too_big(path: Path) -> TableError:
    return TableError(
        N_("“{name}”太大（展开后超过 512 MB）；请删去空行空列，或分成几个文件"), name=path.name
    )


def _table(path: Path, rows: Iterator[tuple[int, list[object]]]) -> Table:
    filled = ((number, [plain_value(cell) for cell in row]) for number, row in rows)
    filled = ((number, row) for number, row in filled if any(cell != "" for cell in row))
    titles: list[tuple[int, list[object]]] = []
    for number, row in filled:
        titles.append((number, row))
        if sum(cell != "" for cell in row) > 1 or len(titles) == 10:
            break
    if not titles:
        raise TableError(N_("“{name}”里没有内容，请检查是否选错了文件"), name=path.name)
    wide = sum(cell != "" for cell in titles[-1][1]) > 1
    header = titles[-1][1] if wide else titles[0][1]
    rest = [] if wide else titles[1:]
    headers = _headers([cell_text(cell) for cell in header])

    def read() -> Iterator[tuple[int, dict[str, object]]]:
        for part in (rest, filled):
            for number, row in part:
                cells: dict[str, object] = dict.fromkeys(headers.values(), "")
                for index, cell in enumerate(row):
                    if index in headers or cell != "":
                        cells[headers.get(index, _letter(index))] = cell
                yield number, cells

    return Table(tuple(headers.values()), read())


def _headers(cells: list[str]) -> dict[int, str]:
    """Return the header of each column that has one, on one line, each different."""
    headers: dict[int, str] = {}
    for index, cell in enumerate(cells):
        if name := clean_line(cell):
            headers[index] = f"{name} {_letter(index)}" if name in headers.values() else name
    return headers


def _letter(index: int) -> str:
    """Return a column's letter: 0 is A, 26 is AA."""
    return (_letter(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


def _json_table(path: Path, text: str) -> Table:
    wrong = TableError(N_('“{name}”应是一列对象：[{…}, …] 或 {"rows": [{…}, …]}'), name=path.name)
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise TableError(
            N_("“{name}”不是完整的 JSON，请检查（{error}）"), name=path.name, error=error
        ) from None
    except RecursionError:
        raise wrong from None
    if isinstance(rows, dict):
        rows = rows.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise wrong
    headers = tuple(dict.fromkeys(clean_line(clean_text(name)) for row in rows for name in row))

    def read() -> Iterator[tuple[int, dict[str, object]]]:
        for number, row in enumerate(rows, 1):
            cells: dict[str, object] = dict.fromkeys(headers, "")
            for name, value in row.items():
                if isinstance(value, list):
                    value = "、".join(map(cell_text, value))
                cells[clean_line(clean_text(name))] = plain_value(value)
            if any(cell != "" for cell in cells.values()):
                yield number, cells

    return Table(headers, read())
