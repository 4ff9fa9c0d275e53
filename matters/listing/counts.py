"""How many matters lie in each state and on each desk, of those that an actor may see."""

import json
import sqlite3
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from eventlog.database import one_moment
from matters.actors import Actor
from matters.listing import postings
from matters.listing.filters import Filters
from matters.listing.lists import Walk, holders_of, waiting_now
from matters.listing.narrowing import Narrowed, narrowed
from matters.registers.rules import DEFAULT_RULES, Rules
from matters.terms import Desk, State

MOST = 1_000
# Up to so many candidates are counted exactly, by reading each row.
_EXACT_MOST = 12_000
# How much is looked at for one count where there are more: rows passed over, and texts read.
_WALKED_MOST = 8_000
_READ_MOST = 50


class Count(NamedTuple):
    """A number of matters; `capped` says that there are more, or may be."""

    n: int
    capped: bool = False

    def __str__(self) -> str:
        return f"{self.n}+" if self.capped else str(self.n)


def by_state(
    connection: sqlite3.Connection,
    actor: Actor,
    filters: Filters,
    *,
    now_ms: int,
    rules: Rules = DEFAULT_RULES,
) -> dict[str, Count]:
    """Return how many matters the actor may see, by state; every state is a key."""
    with one_moment(connection):
        return _counted(connection, actor, filters, "state", State, now_ms, rules)


def by_desk(
    connection: sqlite3.Connection,
    actor: Actor,
    filters: Filters,
    *,
    now_ms: int,
    rules: Rules = DEFAULT_RULES,
) -> dict[str, Count]:
    """Return how many matters the actor may see, by desk; every desk but `none` is a key."""
    desks = [desk for desk in Desk if desk is not Desk.NONE]
    with one_moment(connection):
        return _counted(connection, actor, filters, "desk", desks, now_ms, rules)


def count(
    connection: sqlite3.Connection,
    actor: Actor,
    filters: Filters,
    *,
    now_ms: int,
    rules: Rules = DEFAULT_RULES,
    most: int = MOST,
) -> Count:
    """Return how many matters a list would hold in all, up to `most`."""
    unpaged = filters._replace(cursor="")
    with one_moment(connection):
        asked = narrowed(connection, actor, unpaged, now_ms=now_ms, rules=rules)
        return _up_to(connection, asked, most)


def total(counts: Iterable[Count]) -> Count:
    """Return the sum of counts, capped where one of them is."""
    several = list(counts)
    return Count(sum(one.n for one in several), any(one.capped for one in several))


def _counted(
    connection: sqlite3.Connection,
    actor: Actor,
    filters: Filters,
    column: str,
    values: Iterable[str],
    now_ms: int,
    rules: Rules,
) -> dict[str, Count]:
    unnarrowed = _with(filters._replace(cursor="", order=""), column, "")
    asked = narrowed(connection, actor, unnarrowed, now_ms=now_ms, rules=rules)
    words = asked.wanted is not None and (asked.by_reading or bool(asked.wanted.phrases))
    if asked.nothing:
        return {value: Count(0) for value in values}
    if asked.groups and not words:
        holders = holders_of(connection, asked.groups)
        waiting = waiting_now(connection) if asked.wanted is None else frozenset()
        if postings.size(holders) + len(waiting) <= _EXACT_MOST:
            seqs = {*postings.members(holders), *waiting}
            found = _grouped(connection, asked, column, seqs)
            # What waits is not read for words here: there may be some more.
            capped = asked.wanted is not None and bool(waiting_now(connection))
            return {value: Count(found.get(value, 0), capped) for value in values}
    most = _READ_MOST if words else MOST
    return {
        value: _up_to(
            connection,
            narrowed(
                connection,
                actor,
                _with(unnarrowed, column, value),
                now_ms=now_ms,
                rules=rules,
            ),
            most,
        )
        for value in values
    }


def _with(filters: Filters, column: str, value: str) -> Filters:
    return filters._replace(state=value) if column == "state" else filters._replace(desk=value)


def _grouped(
    connection: sqlite3.Connection, asked: Narrowed, column: str, seqs: set[int]
) -> dict[str, int]:
    where = " AND ".join([*asked.conditions, *asked.facts]) or "1"
    rows = connection.execute(
        f"SELECT m.{column}, count(*) FROM json_each(?) j CROSS JOIN matters m ON m.seq=j.value "
        f"WHERE {where} GROUP BY 1",
        [json.dumps(sorted(seqs)), *asked.values, *asked.fact_values],
    )
    return {row[0]: row[1] for row in rows}


def _up_to(connection: sqlite3.Connection, asked: Narrowed, most: int) -> Count:
    walk = Walk(connection, asked, walked_most=_WALKED_MOST, read_most=_READ_MOST)
    n = sum(1 for _ in islice(walk, most + 1))
    return Count(min(n, most), n > most or walk.stopped_at is not None)
