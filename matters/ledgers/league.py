"""How units did over a period: counts for fair figures, each rate with its n."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from matters.matter import Matter

# No unit is named, and no rate is told, on fewer cases than this.
MINIMUM_N = 5


@dataclass(frozen=True)
class UnitFigures:
    """One unit's counts over a period.

    `settled` are those answered as solved (result A); `in_time` of `with_limit` were answered
    before the limit ran out; `satisfied` of `rated` are satisfied or basically satisfied.
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


def unit_figures(
    connection: sqlite3.Connection, *, start_ms: int, end_ms: int, names: Mapping[str, str]
) -> list[UnitFigures]:
    """Return the figures of every unit that leads a matter received in the period, by id.

    Known gap: it reads each matter's state, some 30 µs apiece; a table of counts would be faster.
    """
    decoder = msgspec.msgpack.Decoder(Matter)
    counts: dict[str, list[int]] = {}
    rows = connection.execute(
        "SELECT m.lead, s.state FROM matters m JOIN states s ON s.subject=m.id "
        "WHERE m.received_at BETWEEN ? AND ? AND m.lead != ''",
        (start_ms, end_ms),
    )
    for lead, state in rows:
        matter = decoder.decode(state)
        limited = matter.due_at is not None
        rated = bool(matter.result_rating)
        found = (
            True,
            matter.answered,
            matter.result == "A",
            limited and matter.replied_at is not None and matter.replied_at <= (matter.due_at or 0),
            limited and (matter.answered or (matter.due_at or 0) <= end_ms),
            rated and matter.result_rating in ("satisfied", "basically"),
            rated,
        )
        line = counts.setdefault(lead, [0] * len(found))
        counts[lead] = [have + more for have, more in zip(line, found, strict=True)]
    return [UnitFigures(unit, names.get(unit, unit), *counts[unit]) for unit in sorted(counts)]
