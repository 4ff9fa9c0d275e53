"""Lists of matters: one page of those that an actor may see, narrowed, searched and in order.

Two ways lead to a page, both in the exact order of the list:
- where the terms leave few matters, those are read, sorted and looked through;
- else the best index is walked in order, and what is not among the terms' holders is passed over.
On a station no term of a text is written down, so there the texts themselves are looked through.
A page may be shorter than `PAGE` though more follow, where the looking took long enough.
"""

import json
import sqlite3
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from eventlog.database import one_moment
from matters import store
from matters.actors import Actor
from matters.listing import postings
from matters.listing.filters import Filters
from matters.listing.narrowing import Narrowed, narrowed
from matters.listing.postings import Membership
from matters.listing.text_terms import fits
from matters.listing.waiting import texts_of
from matters.matter import Matter
from matters.registers.rules import DEFAULT_RULES, Rules

PAGE = 50
# Up to so many matters are read and sorted; more are found by walking an index.
_SORTED_MOST = 4_000
# How much is looked at for one page: rows that are passed over, and matters whose text is read.
_WALKED_MOST = 60_000
_READ_MOST = 2_000


class Row(NamedTuple):
    """A matter in a list: the folded matter, and the title or first words to show."""

    matter: Matter
    title: str


class MattersPage(NamedTuple):
    """One page of a list in its order, with the cursor of the next page, or ""."""

    rows: list[Row]
    next: str


class Found(NamedTuple):
    """A row that is found: its columns of the order, without the id, and the id."""

    seq: int
    id: bytes
    keys: tuple[int, ...]


def listed(
    connection: sqlite3.Connection,
    actor: Actor,
    filters: Filters,
    *,
    now_ms: int,
    rules: Rules = DEFAULT_RULES,
) -> MattersPage:
    """Return one page of the matters that the actor may see, in the order of the filters.

    Newest first by the time of receipt, unless `order` or the framing desk say otherwise. With
    `q` a number finds its matter, and words what holds them all in any plain text.
    """
    with one_moment(connection):
        narrowing = narrowed(connection, actor, filters, now_ms=now_ms, rules=rules)
        walk = Walk(connection, narrowing, filters.cursor)
        ahead = list(islice(walk, PAGE + 1))
        page = ahead[:PAGE]
        rows: list[Row] = []
        for place in page:
            matter = store.by_id(connection, place.id)
            if matter is not None:
                rows.append(Row(matter, store.title_of(connection, matter)))
    last = page[-1] if len(ahead) > PAGE else walk.stopped_at
    return MattersPage(rows, narrowing.sort.cursor(last.keys, last.id) if last else "")


class Walk:
    """What is asked for, row by row in order; `stopped_at` says where it took too long."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        narrowing: Narrowed,
        cursor: str = "",
        *,
        walked_most: int | None = None,
        read_most: int | None = None,
    ) -> None:
        self.stopped_at: Found | None = None
        self._connection = connection
        self._narrowing = narrowing
        self._cursor = cursor
        self._waiting: frozenset[int] = frozenset()
        self._walked_most = _WALKED_MOST if walked_most is None else walked_most
        self._read_most = _READ_MOST if read_most is None else read_most

    def __iter__(self) -> Iterator[Found]:
        narrowing = self._narrowing
        if narrowing.nothing:
            return iter(())
        if not narrowing.groups:
            return self._walked(None)
        holders = holders_of(self._connection, narrowing.groups)
        self._waiting = waiting_now(self._connection)
        count = postings.size(holders) + len(self._waiting)
        if count <= _SORTED_MOST:
            return self._sorted([*postings.members(holders), *self._waiting])
        return self._walked(Membership(holders, self._waiting))

    def statement(self, *, among: bool = False) -> tuple[str, list[str | int | bytes]]:
        """Return the SQL of a walk and its values; `among` the seqs of a JSON list, first."""
        narrowing = self._narrowing
        conditions, values = [*narrowing.conditions], [*narrowing.values]
        if among or not narrowing.groups:
            conditions += narrowing.facts
            values += narrowing.fact_values
        after = narrowing.sort.after(self._cursor)
        if after is not None:
            conditions.append(after[0])
            values += after[1]
        where = " AND ".join(conditions) or "1"
        columns = ", ".join(f"m.{column}" for column in narrowing.sort.columns[:-1])
        source = (
            "json_each(?) j CROSS JOIN matters m ON m.seq=j.value"
            if among
            else f"matters m INDEXED BY {narrowing.by_index}"
        )
        order = narrowing.sort.sql
        return (
            f"SELECT m.seq, m.id, {columns} FROM {source} WHERE {where} ORDER BY {order}",
            values,
        )

    def plan(self) -> list[str]:
        """Return how SQLite would go about it, and what the terms do, a line each."""
        lines: list[str] = []
        among = False
        values: list[str | int | bytes]
        if self._narrowing.groups:
            holders = holders_of(self._connection, self._narrowing.groups)
            among = postings.size(holders) <= _SORTED_MOST
            groups = " & ".join(
                group[0] if len(group) == 1 else f"({group[0]} or {len(group) - 1} more)"
                for group in self._narrowing.groups
            )
            way = "read and sorted" if among else "passed over in an index"
            lines.append(f"POSTINGS {groups}: {postings.size(holders)} {way}")
            lines += self._explained(postings.HOLDING, ["[]", "[]"])
        sql, values = self.statement(among=among)
        return lines + self._explained(sql, ["[]", *values] if among else values)

    def _explained(self, sql: str, values: list[str | int | bytes]) -> list[str]:
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        return [str(row[3]) for row in rows]

    def _sorted(self, seqs: list[int]) -> Iterator[Found]:
        sql, values = self.statement(among=True)
        read = self._connection.cursor()
        read.row_factory = None
        rows = read.execute(sql, [json.dumps(sorted(set(seqs))), *values])
        return self._with_words(Found(row[0], row[1], row[2:]) for row in rows)

    def _walked(self, holders: Membership | None) -> Iterator[Found]:
        sql, values = self.statement()
        read = self._connection.cursor()
        read.row_factory = None
        rows = read.execute(sql, values)
        if holders is None:
            return self._with_words(Found(row[0], row[1], row[2:]) for row in rows)
        return self._with_words(self._held(rows, holders))

    def _held(self, rows: sqlite3.Cursor, holders: Membership) -> Iterator[Found]:
        held: list[Found] = []
        for count, row in enumerate(rows):
            if row[0] in holders:
                held.append(Found(row[0], row[1], row[2:]))
            enough = count >= self._walked_most
            if held and (enough or len(held) > PAGE):
                yield from self._standing(held)
                held = []
            if enough:
                self.stopped_at = Found(row[0], row[1], row[2:])
                return
        yield from self._standing(held)

    def _standing(self, held: list[Found]) -> Iterator[Found]:
        """Yield those whose facts still are what their terms say."""
        facts = " AND ".join(self._narrowing.facts) or "1"
        rows = self._connection.execute(
            f"SELECT m.seq FROM json_each(?) j CROSS JOIN matters m ON m.seq=j.value WHERE {facts}",
            [json.dumps([place.seq for place in held]), *self._narrowing.fact_values],
        )
        standing = {row[0] for row in rows}
        return (place for place in held if place.seq in standing)

    def _with_words(self, places: Iterator[Found]) -> Iterator[Found]:
        wanted = self._narrowing.wanted
        if wanted is None:
            yield from places
            return
        read = 0
        for place in places:
            if self._narrowing.by_reading or wanted.phrases or place.seq in self._waiting:
                read += 1
                if not fits(wanted, list(texts_of(self._connection, place.id))):
                    if read >= self._read_most:
                        self.stopped_at = place
                        return
                    continue
            yield place


def holders_of(connection: sqlite3.Connection, groups: list[tuple[str, ...]]) -> postings.Bits:
    """Return which matters hold one term of every group, as far as they are indexed."""
    within = postings.chunks(connection)
    holders: postings.Bits | None = None
    for group in groups:
        held = postings.holding(connection, group, within)
        holders = held if holders is None else postings.both(holders, held)
        within = sorted(holders, reverse=True)
    return holders or {}


def waiting_now(connection: sqlite3.Connection) -> frozenset[int]:
    """Return the matters that are not indexed yet."""
    return frozenset(chain.from_iterable(connection.execute("SELECT seq FROM waiting")))
