"""Values of a table's cells: as text, as times, and as they come out of a spreadsheet."""

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from acts.refusals import Refusal
from acts.shanghai import SHANGHAI
from stations.cells import clean_text

_TIME = re.compile(
    r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?"
    r"(?:[ T]*(\d{1,2})(?:[:\uff1a时点])(\d{1,2})?(?:[:\uff1a分](\d{1,2})?(?:\.\d+)?秒?)?)?分?"
    r" ?(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
# Excel counts days from here; day 60, 29 February 1900, never was, so nothing before counts.
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=SHANGHAI)


class TableError(Refusal):
    """A file that can't be read or written as a table; the message says what to do."""

    code = "not-a-table"

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(**values)
        self.message = message


def cell_text(value: object) -> str:
    """Return a cell's value as text: 13900000001.0 without its point, times as yyyy-mm-dd …"""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(SHANGHAI).replace(tzinfo=None)
        return value.isoformat(" ", "seconds") if value.time() != time() else f"{value:%Y-%m-%d}"
    return clean_text(str(value))


def parse_time(cell: object) -> datetime | None:
    """Return the time that a cell says, with its zone, or None where it says none.

    Read are `2020/1/6 12:09:38`, `2020-01-06`, `2020年1月6日 12时9分`, ISO 8601, datetimes and
    Excel's serial numbers (days since 1899-12-30, from 1954 to 2119). What names no zone is
    Asia/Shanghai.
    """
    if isinstance(cell, bool):
        return None
    if isinstance(cell, datetime):
        return cell if cell.tzinfo is not None else cell.replace(tzinfo=SHANGHAI)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=SHANGHAI)
    if isinstance(cell, str):
        text = clean_text(cell)
        if found := _TIME.fullmatch(text):
            return _time_of(found)
        if re.fullmatch(r"(?:19|20)\d{6}", text):
            return parse_time(f"{text[:4]}-{text[4:6]}-{text[6:]}")
        if not re.fullmatch(r"\d{5}(?:\.\d+)?", text):
            return None
        cell = float(text)
    if isinstance(cell, int | float) and 20000 <= cell < 80000:
        # Rounded, for 12:09:38 is no exact fraction of a day.
        return _EXCEL_EPOCH + timedelta(seconds=round(cell * 86400))
    return None


def _time_of(match: re.Match[str]) -> datetime | None:
    numbers = [int(part or 0) for part in match.groups()[:6]]
    zone: tzinfo = SHANGHAI
    if offset_text := match[7]:
        sign = -1 if offset_text[0] == "-" else 1
        digits = offset_text[1:].replace(":", "") or "0000"
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if offset >= timedelta(hours=24):
            return None
        zone = timezone(sign * offset)
    try:
        return datetime(*numbers[:6], tzinfo=zone)  # type: ignore[misc, arg-type]  # Six ints.
    except ValueError:
        return None


def plain_value(cell: object) -> object:
    """Return a cell's value as text, int, float, bool or datetime; "" for an empty one."""
    if isinstance(cell, str):
        return clean_text(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime(cell.year, cell.month, cell.day)  # As Excel has it.
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else cell
