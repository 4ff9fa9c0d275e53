"""Tallies: the ledger's numbers kept as they change, so that a million matters count in no time.

A row of `tallies` is a line of the ledger (`dimension`, `key`) in one month, or in all of them
where the month is "". What the rows of matters say is put into them some time after: until then
`waiting` holds what the tallies have of a matter that was written since, and whoever reads adds
the difference. So the sums are exact at every moment, and a submission pays one short row.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from matters.ledgers.marks import Mark

_MARKS = {str(mark.name).lower(): mark for mark in Mark}
TALLIED = ("received", "published", "people", *_MARKS)
_KEYS = ("month", "category", "station", "lead", "area")
_KEY_OF = {
    "total": "''",
    "month": "month",
    "category": "category",
    "station": "station",
    "unit": "lead",
    "area": "area",
}
_MEASURES = "1, m.shown, m.people, " + ", ".join(
    f"m.marks & {mark:d} != 0" for mark in _MARKS.values()
)
_SUMS = ", ".join(f"sum({name}) AS {name}" for name in TALLIED)
_COLUMNS = ", ".join(TALLIED)
# What the tallies lack: the rows that are waiting as they are now, less what was counted of them.
_LACKING = (
    f"SELECT m.month, m.category, m.station, m.lead, m.area, {_MEASURES} "
    "FROM waiting w CROSS JOIN matters m ON m.seq=w.seq {where} UNION ALL "
    f"SELECT month, category, station, lead, area, {', '.join(f'-{name}' for name in TALLIED)} "
    "FROM waiting w WHERE lead IS NOT NULL {and_where}"
)
_NAMED = ", ".join((*_KEYS, *TALLIED))


def note_fresh(connection: sqlite3.Connection, seq: int) -> None:
    """Note that a matter is new: nothing is counted of it yet. The transaction is open."""
    connection.execute("INSERT INTO waiting(seq) VALUES (?)", (seq,))


def note_change(connection: sqlite3.Connection, seq: int) -> None:
    """Note what is counted of a matter, before its row is replaced. The transaction is open."""
    connection.execute(
        f"INSERT OR IGNORE INTO waiting(seq, {_NAMED}) "
        f"SELECT m.seq, m.month, m.category, m.station, m.lead, m.area, {_MEASURES} "
        "FROM matters m WHERE m.seq=?",
        (seq,),
    )


def show_batch(connection: sqlite3.Connection, batch: bytes) -> None:
    """Show the drafts of an import, and count them as published. The transaction is open.

    A whole file becomes public at once, so this is done without waiting.
    """
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS becoming(seq INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM becoming")
    connection.execute(
        "INSERT INTO becoming SELECT seq FROM matters "
        "WHERE batch=? AND batch != x'' AND publicity='draft' AND NOT shown",
        (batch,),
    )
    connection.execute(
        "UPDATE matters SET shown=1, first_shown_at=min(coalesce(first_shown_at, i.approved_at), "
        "i.approved_at) FROM imports i WHERE i.id=? AND seq IN (SELECT seq FROM becoming)",
        (batch,),
    )
    zeros = ", ".join("1" if name == "published" else "0" for name in TALLIED)
    changes = (
        f"SELECT m.month, m.category, m.station, m.lead, m.area, {zeros} FROM becoming b "
        "CROSS JOIN matters m ON m.seq=b.seq WHERE b.seq NOT IN (SELECT seq FROM waiting)"
    )
    _add(connection, changes, ())


def settle(connection: sqlite3.Connection, upto: int) -> None:
    """Put what waits, up to a seq, into the tallies and strike it off. The transaction is open."""
    changes = _LACKING.format(where="WHERE w.seq <= ?", and_where="AND w.seq <= ?")
    _add(connection, changes, (upto, upto))
    connection.execute("DELETE FROM waiting WHERE seq <= ?", (upto,))


def _add(connection: sqlite3.Connection, changes: str, values: Sequence[int]) -> None:
    sets = ", ".join(f"{name}={name}+excluded.{name}" for name in TALLIED)
    for dimension, key in _KEY_OF.items():
        for month in ("''",) if dimension in ("total", "month") else ("''", "month"):
            group = key if month == "''" else f"{key}, month"
            connection.execute(
                f"WITH changes({_NAMED}) AS ({changes}) "
                f"INSERT INTO tallies(dimension, month, key, {_COLUMNS}) "
                f"SELECT '{dimension}', {month}, {key}, {_SUMS} FROM changes WHERE 1 "
                f"GROUP BY {group} ON CONFLICT(dimension, month, key) DO UPDATE SET {sets}",
                values,
            )


def read(
    connection: sqlite3.Connection, dimension: str, first: str = "", last: str = ""
) -> list[tuple[Any, ...]]:
    """Return the lines of a dimension: key, then each of `TALLIED`; none that received nothing.

    `first` and `last` are months (yyyy-mm), both counted; empty ones narrow nothing.
    """
    key = _KEY_OF[dimension]
    lacking = _LACKING.format(where="", and_where="")
    if dimension in ("total", "month") and (first or last):
        # Months are lines of their own; a total of some months is their sum.
        stored, shown = "dimension='month' AND key BETWEEN :first AND :last", key
        chosen = "''" if dimension == "total" else "key"
    elif first or last:
        stored, shown, chosen = (
            f"dimension='{dimension}' AND month BETWEEN :first AND :last",
            key,
            "key",
        )
    else:
        stored, shown, chosen = f"dimension='{dimension}' AND month=''", key, "key"
    within = "WHERE month BETWEEN :first AND :last" if first or last else ""
    once = not (first or last) or dimension == "month"
    read = connection.cursor()
    read.row_factory = None
    # One statement, so that what is counted and what waits are those of one moment.
    rows = read.execute(
        f"WITH changes({_NAMED}) AS ({lacking}) "
        + (
            f"SELECT {chosen} AS key, {_COLUMNS} FROM tallies WHERE {stored} "
            if once
            else f"SELECT {chosen} AS key, {_SUMS} FROM tallies WHERE {stored} GROUP BY 1 "
        )
        + f"UNION ALL SELECT {shown} AS key, {_SUMS} FROM changes {within} GROUP BY 1",
        {"first": first or "0000-00", "last": last or "9999-99"},
    )
    lines: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        known = lines.get(row[0])
        if known is not None:
            row = (
                row[0],
                *(counted + more for counted, more in zip(known[1:], row[1:], strict=True)),
            )
        lines[row[0]] = row
    return [row for row in lines.values() if row[1]]
