"""The ledger of a period and a part of the county, counted from the rows of the matters.

The public ledger of everything stands in `public`. All of the county, in all or some months, is
read from the tallies; for a part of it the rows are counted: a period is a range of
`received_at`, which the index `matters_newest` serves.
"""

import datetime
import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from acts.shanghai import start_of_day
from matters.ledgers import tallies
from matters.ledgers.ledger import Count
from matters.ledgers.marks import Mark
from matters.ledgers.tallies import TALLIED

PUBLIC = "m.shown"
_OPEN = Mark.CLOSED | Mark.MERGED | Mark.REFERRED | Mark.DECLINED

# Which matters each number of the ledger is made of: what a list of them is narrowed to.
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "pending": f"m.marks & {Mark.ANSWERED:d} = 0",
        "open": f"m.marks & {_OPEN:d} = 0",
        "published": PUBLIC,
        **{str(mark.name).lower(): f"m.marks & {mark:d} != 0" for mark in Mark},
    }
)
_SUMMED = tuple(str(mark.name).lower() for mark in Mark)
NONE = "-"
NOTHING = Count(key="", received=0, answered=0, pending=0, published=0)


class By(StrEnum):
    """What the lines of a ledger stand for."""

    MONTH = "month"
    CATEGORY = "category"
    STATION = "station"
    UNIT = "unit"
    AREA = "area"


_COLUMN_OF = {
    By.MONTH: "m.month",
    By.CATEGORY: "m.category",
    By.STATION: "m.station",
    By.UNIT: "m.lead",
    By.AREA: "m.area",
}


class Scope(NamedTuple):
    """Which matters are counted; empty values narrow nothing, "-" means none at all.

    `first` and `last` are months (yyyy-mm), both counted. `unit` is the lead unit; `areas` are
    codes of which one has to be the matter's.
    """

    first: str = ""
    last: str = ""
    unit: str = ""
    station: str = ""
    category: str = ""
    areas: tuple[str, ...] = ()


EVERYTHING = Scope()


class BadMonth(ValueError):
    """A text that names no month."""


def month_starts(month: str, after: int = 0) -> int:
    """Return when a month (yyyy-mm) begins in Asia/Shanghai, `after` months on, as ms, UTC.

    Raises BadMonth.
    """
    year, dash, number = month.partition("-")
    try:
        if not dash or len(year) != 4 or len(number) != 2:
            raise ValueError
        datetime.date(int(year), int(number), 1)
        years, months = divmod(int(year) * 12 + int(number) - 1 + after, 12)
        start = datetime.date(years, months + 1, 1)
    except ValueError as error:
        raise BadMonth(month) from error
    return start_of_day(start)


def conditions(scope: Scope) -> tuple[list[str], list[str | int]]:
    """Return what a scope asks of a row `m` of `matters`, with the values. Raises BadMonth."""
    narrowed: list[str] = []
    values: list[str | int] = []
    if scope.first:
        narrowed.append("m.received_at >= ?")
        values.append(month_starts(scope.first))
    if scope.last:
        narrowed.append("m.received_at < ?")
        values.append(month_starts(scope.last, after=1))
    for column, value in (
        ("lead", scope.unit),
        ("station", scope.station),
        ("category", scope.category),
    ):
        if value:
            narrowed.append(f"m.{column}=?")
            values.append("" if value == NONE else value)
    if scope.areas:
        narrowed.append(f"m.area IN ({','.join('?' * len(scope.areas))})")
        values.extend("" if area == NONE else area for area in scope.areas)
    return narrowed, values


def query(by: By | None, scope: Scope) -> tuple[str, list[str | int]]:
    """Return the statement that counts, a line a row, and its values. Raises BadMonth."""
    narrowed, values = conditions(scope)
    return _counting(by, "matters m", narrowed), values


def _counting(by: By | None, source: str, narrowed: list[str]) -> str:
    key = _COLUMN_OF[by] if by is not None else "''"
    sums = ", ".join(f"sum({COLUMNS[name]})" for name in _SUMMED)
    return (
        f"SELECT {key}, count(*), sum({PUBLIC}), sum(m.people), {sums} FROM {source} "
        f"WHERE {' AND '.join(narrowed) or '1'} GROUP BY 1"
    )


def counted(connection: sqlite3.Connection, by: By, scope: Scope = EVERYTHING) -> tuple[Count, ...]:
    """Return a line for each month (newest first), or for each key by received, falling.

    Matters without a station, unit or area stand in no line; those without a category in one
    whose key is "". Raises BadMonth.
    """
    if _only_months(scope):
        rows = tallies.read(connection, by, scope.first, scope.last)
        lines = [tallied(row) for row in rows]
    else:
        lines = [_count(row) for row in connection.execute(*query(by, scope))]
    if by is By.MONTH:
        return tuple(sorted(lines, key=lambda line: line.key, reverse=True))
    lines = [line for line in lines if line.key or by is By.CATEGORY]
    return tuple(sorted(lines, key=lambda line: (-line.received, line.key)))


def total(connection: sqlite3.Connection, scope: Scope = EVERYTHING) -> Count:
    """Return the line of everything in a scope. Raises BadMonth."""
    if _only_months(scope):
        lines = tallies.read(connection, "total", scope.first, scope.last)
        return tallied(lines[0]) if lines else NOTHING
    row = connection.execute(*query(None, scope)).fetchone()
    return _count(row) if row else NOTHING


def units_between(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> list[Count]:
    """Return the line of each unit that leads a matter received in the period, by its id.

    Both moments are ms, UTC, and counted.
    """
    conditions = ["m.received_at BETWEEN ? AND ?", "m.lead != ''"]
    statement = _counting(By.UNIT, "matters m INDEXED BY matters_newest", conditions)
    return [
        _count(row) for row in connection.execute(f"{statement} ORDER BY 1", (start_ms, end_ms))
    ]


def _only_months(scope: Scope) -> bool:
    """Return whether the tallies answer for a scope; raises BadMonth where a month is none."""
    for month in (scope.first, scope.last):
        if month:
            month_starts(month)
    return scope._replace(first="", last="") == Scope()


def tallied(row: tuple[Any, ...]) -> Count:
    """Return a line of `tallies.read` as a line of the ledger."""
    values = dict(zip(_TALLIED, row, strict=True))
    return Count(pending=values["received"] - values["answered"], **values)


_TALLIED = ("key", *TALLIED)


def _count(row: tuple[int, ...]) -> Count:
    key, received, published, people, *sums = row
    columns = dict(zip(_SUMMED, sums, strict=True))
    return Count(
        key=str(key),
        received=received,
        pending=received - columns["answered"],
        published=published,
        people=people,
        **columns,
    )


def median_days(
    connection: sqlite3.Connection, by: By | None, scope: Scope = EVERYTHING
) -> dict[str, int]:
    """Return the median of the whole days from receipt to answer, by key (S18).

    Of an even number the lower of the two in the middle; keys without an answer are left out.
    Raises BadMonth.
    """
    narrowed, values = conditions(scope)
    key = _COLUMN_OF[by] if by is not None else "''"
    where = " AND ".join([*narrowed, "m.answer_days IS NOT NULL"])
    spread: dict[str, list[tuple[int, int]]] = {}
    for name, days, count in connection.execute(
        f"SELECT {key}, m.answer_days, count(*) FROM matters m WHERE {where} "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        values,
    ):
        spread.setdefault(name, []).append((days, count))
    return {name: _middle(pairs) for name, pairs in spread.items()}


def _middle(pairs: list[tuple[int, int]]) -> int:
    left = (sum(count for _, count in pairs) + 1) // 2
    for days, count in pairs:
        left -= count
        if left <= 0:
            return days
    raise ValueError("no days")
