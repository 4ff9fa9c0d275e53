"""How units did over a period: counts for fair figures, each rate with its n."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from matters.ledgers.figures import COLUMNS

# No unit is named, and no rate is told, on fewer cases than this.
MINIMUM_N = 5


@dataclass(frozen=True)
class UnitFigures:
    """One unit's counts over a period.

    As in the ledger (`ledger.Count`): `settled` are solved; `in_time` of `with_limit` kept the
    limit; `satisfied` of `rated` are satisfied or basically satisfied with the result.
    """

    unit: str
    name: str
    received: int
    answered: int
    settled: int
    in_time: int
    with_limit: int
    satisfied: int
    rated: int


_COUNTED = ("answered", "settled", "in_time", "with_limit", "satisfied", "rated")


def unit_figures(
    connection: sqlite3.Connection, *, start_ms: int, end_ms: int, names: Mapping[str, str]
) -> list[UnitFigures]:
    """Return the figures of every unit that leads a matter received in the period, by id.

    Counted by the same marks as the ledger and the league, so that a document says what they say.
    """
    sums = ", ".join(f"sum({COLUMNS[name]})" for name in _COUNTED)
    rows = connection.execute(
        f"SELECT m.lead, count(*), {sums} FROM matters m INDEXED BY matters_newest "
        "WHERE m.received_at BETWEEN ? AND ? AND m.lead != '' GROUP BY m.lead ORDER BY m.lead",
        (start_ms, end_ms),
    )
    return [
        UnitFigures(
            row[0], names.get(row[0], row[0]), row[1], **dict(zip(_COUNTED, row[2:], strict=True))
        )
        for row in rows
    ]
