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
        asked = narrowed(connection, actor, unpaged, now_ms=now_ms, rules=rules)
        return _up_to(connection, asked, most)


def total(counts: Iterable[Count]) -> Count:
    """Return the sum of counts, capped where one of them is."""
    several = list(counts)
    return Count(sum(one.n for one in several), any(one.capped for one in several))


def _by_state(
    connection: sqlite3.Connection, actor: Actor, filters: Filters, now_ms: int, rules: Rules
) -> dict[str, Count]:
    unnarrowed = filters._replace(cursor="", order="", state="")
    asked = narrowed(connection, actor, unnarrowed, now_ms=now_ms, rules=rules)
    words = asked.wanted is not None and (asked.by_reading or bool(asked.wanted.phrases))
    if asked.nothing:
        return {state: Count(0) for state in State}
    if asked.groups and not words:
        holders = holders_of(connection, asked.groups)
        waiting = waiting_now(connection) if asked.wanted is None else frozenset()
        if postings.size(holders) + len(waiting) <= _EXACT_MOST:
            seqs = {*postings.members(holders), *waiting}
            found = _grouped(connection, asked, seqs)
            # What waits is not read for words here: there may be some more.
            capped = asked.wanted is not None and bool(waiting_now(connection))
            return {state: Count(found.get(state, 0), capped) for state in State}
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


def _grouped(connection: sqlite3.Connection, asked: Narrowed, seqs: set[int]) -> dict[str, int]:
    where = " AND ".join([*asked.conditions, *asked.facts]) or "1"
    rows = connection.execute(
        "SELECT m.state, count(*) FROM json_each(?) j CROSS JOIN matters m ON m.seq=j.value "
        f"WHERE {where} GROUP BY 1",
        [json.dumps(sorted(seqs)), *asked.values, *asked.fact_values],
    )
    return {row[0]: row[1] for row in rows}


def _up_to(connection: sqlite3.Connection, asked: Narrowed, most: int) -> Count:
    walk = Walk(connection, asked, walked_most=_WALKED_MOST, read_most=_READ_MOST)
    n = sum(1 for _ in islice(walk, most + 1))
    return Count(min(n, most), n > most or walk.stopped_at is not None)
