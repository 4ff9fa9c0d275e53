"""Writing tables: .csv, .xlsx and .json that any spreadsheet program opens as it should."""

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO

from acts.refusals import N_
from acts.shanghai import SHANGHAI
from eventlog.files import flush
from server.tables.table_values import TableError

# Longer texts Excel calls damage; openpyxl would cut them without a word.
MAX_CELL_LENGTH = 32767

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")

Row = Sequence[object] | Mapping[str, object]


def write_table(path: Path, headers: Sequence[str], rows: Iterable[Row]) -> int:
    """Write a table to `path`, as its ending says, and return the number of rows.

    `rows` are sequences in the order of `headers`, or mappings by header. CSV is UTF-8 with
    the mark by which Excel knows it. A text that would be run as a formula (= + - @ first) is
    text in .xlsx; in .csv it gets an apostrophe in front, which `read_table` takes off again.
    Times are written as Asia/Shanghai, in JSON with their zone. The file is there whole or
    not at all.

    Raises `TableError` for another ending, a text too long for a cell, and where the folder
    can't be written to.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise TableError(
            N_("不会写“{suffix}”文件，请把文件名改成 .csv、.xlsx 或 .json 结尾"), suffix=path.suffix
        )
    count = 0

    def lists() -> Iterable[list[object]]:
        nonlocal count
        for row in rows:
            count += 1
            values = [row.get(name) for name in headers] if isinstance(row, Mapping) else [*row]
            yield [_plain(value, count, path.suffix) for value in values]

    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError:
        raise TableError(
            N_("写不进文件夹“{folder}”，请检查它是否存在、是否有权限"), folder=path.parent.name
        ) from None
    try:
        with os.fdopen(handle, "wb") as file:
            write(file, list(headers), lists())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    flush(path.parent)
    return count


def _plain(value: object, row: int, suffix: str) -> object:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(SHANGHAI)
    if value is None or isinstance(value, bool | int | float | datetime):
        return "" if value is None else value
    text = _CONTROL.sub("", str(value))
    if suffix.lower() == ".xlsx" and len(text) > MAX_CELL_LENGTH:
        raise TableError(
            N_("第 {row} 条的内容超过 {most} 字，Excel 放不下，请改存为 .csv 或 .json"),
            most=MAX_CELL_LENGTH,
            row=row,
        )
    return text


def _write_csv(file: IO[bytes], headers: list[str], rows: Iterable[list[object]]) -> None:
    file.write(b"\xef\xbb\xbf")
    text = _TextOver(file)
    writer = csv.writer(text)
    writer.writerow([_escaped(header) for header in headers])
    writer.writerows([_escaped(value) for value in row] for row in rows)


class _TextOver:
    """Takes the writer's text to a binary file, which stays open."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


def _escaped(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "seconds")
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _write_xlsx(file: IO[bytes], headers: list[str], rows: Iterable[list[object]]) -> None:
    # Imported only here: it takes a tenth of the start of a node, which seldom writes a sheet.
    import openpyxl  # type: ignore[import-untyped]  # It comes without types.
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]  # Likewise.

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.freeze_panes = "A2"

    def cell(value: object) -> WriteOnlyCell:
        if isinstance(value, datetime):
            value = value.replace(tzinfo=None)
        written = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            written.data_type = "s"  # Never a formula, whatever it begins with.
            written.number_format = "@"  # Digits stay text when someone edits them.
        return written

    try:
        sheet.append([cell(header) for header in headers])
        for values in rows:
            sheet.append([cell(value) for value in values])
    except BaseException:
        # Ends openpyxl's own temporary file, which would else stay open and lie about.
        sheet.close()
        sheet._writer.cleanup()
        raise
    book.save(file)


def _write_json(file: IO[bytes], headers: list[str], rows: Iterable[list[object]]) -> None:
    file.write(b"[")
    for index, row in enumerate(rows):
        values = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in zip(headers, row, strict=True)
        }
        line = json.dumps(values, ensure_ascii=False, allow_nan=False)
        file.write((",\n" if index else "\n").encode() + line.encode())
    file.write(b"\n]\n")


_WRITERS: dict[str, Callable[[IO[bytes], list[str], Iterable[list[object]]], None]] = {
    ".csv": _write_csv,
    ".xlsx": _write_xlsx,
    ".json": _write_json,
}
