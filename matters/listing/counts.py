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
from matters.terms import State

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
        return _by_state(connection, actor, filters, now_ms, rules)


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
        narrowing = narrowed(connection, actor, unpaged, now_ms=now_ms, rules=rules)
        return _up_to(connection, narrowing, most)


def total(counts: Iterable[Count]) -> Count:
    """Return the sum of counts, capped where one of them is."""
    several = list(counts)
    return Count(sum(count.n for count in several), any(count.capped for count in several))


def _by_state(
    connection: sqlite3.Connection, actor: Actor, filters: Filters, now_ms: int, rules: Rules
) -> dict[str, Count]:
    unnarrowed = filters._replace(cursor="", order="", state="")
    narrowing = narrowed(connection, actor, unnarrowed, now_ms=now_ms, rules=rules)
    words = narrowing.wanted is not None and (
        narrowing.by_reading or bool(narrowing.wanted.phrases)
    )
    if narrowing.nothing:
        return {state: Count(0) for state in State}
    if narrowing.groups and not words:
        holders = holders_of(connection, narrowing.groups)
        waiting = waiting_now(connection) if narrowing.wanted is None else frozenset()
        if postings.size(holders) + len(waiting) <= _EXACT_MOST:
            seqs = {*postings.members(holders), *waiting}
            grouped = _grouped(connection, narrowing, seqs)
            # What waits is not read for words here: there may be some more.
            capped = narrowing.wanted is not None and bool(waiting_now(connection))
            return {state: Count(grouped.get(state, 0), capped) for state in State}
    most = _READ_MOST if words else MOST
    return {
        state: _up_to(
            connection,
            narrowed(
                connection,
                actor,
                unnarrowed._replace(state=state),
                now_ms=now_ms,
                rules=rules,
            ),
            most,
        )
        for state in State
    }


def _grouped(connection: sqlite3.Connection, narrowing: Narrowed, seqs: set[int]) -> dict[str, int]:
    where = " AND ".join([*narrowing.conditions, *narrowing.facts]) or "1"
    rows = connection.execute(
        "SELECT m.state, count(*) FROM json_each(?) j CROSS JOIN matters m ON m.seq=j.value "
        f"WHERE {where} GROUP BY 1",
        [json.dumps(sorted(seqs)), *narrowing.values, *narrowing.fact_values],
    )
    return {row[0]: row[1] for row in rows}


def _up_to(connection: sqlite3.Connection, narrowing: Narrowed, most: int) -> Count:
    walk = Walk(connection, narrowing, walked_most=_WALKED_MOST, read_most=_READ_MOST)
    n = sum(1 for _ in islice(walk, most + 1))
    return Count(min(n, most), n > most or walk.stopped_at is not None)
