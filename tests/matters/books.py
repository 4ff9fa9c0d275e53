"""What lists and ledger say of a county, to be held against the matters themselves.

Here both are counted from the tables as they are; code that lists and tallies by itself is put
in with `LISTS` and `LEDGERS`, and is then held to the same.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable

from matters import store
from matters.ledgers.ledger import Ledger
from matters.listing import counts
from matters.listing.filters import Filters
from matters.matter import Matter
from matters.public import public
from tests.matters.county import OFFICE

# What gives how many matters a list has, by the list's name; they share out all matters.
Lists = Callable[[sqlite3.Connection, int], dict[str, int]]
Ledgers = Callable[[sqlite3.Connection], Ledger]


def by_state(connection: sqlite3.Connection, now_ms: int) -> dict[str, int]:
    """Return the office's lists by state, as the console counts them."""
    found = counts.by_state(connection, OFFICE, Filters(), now_ms=now_ms)
    assert not any(count.capped for count in found.values())
    return {str(state): count.n for state, count in found.items()}


def every(connection: sqlite3.Connection) -> list[Matter]:
    """Return every matter as the tables have it."""
    rows = connection.execute("SELECT id FROM matters ORDER BY id").fetchall()
    found = [store.by_id(connection, row[0]) for row in rows]
    return [matter for matter in found if matter is not None]


def by_desk(connection: sqlite3.Connection, now_ms: int) -> dict[str, int]:
    """Return how many lie on each desk."""
    return Counter(str(matter.desk) for matter in every(connection))


LISTS: list[Lists] = [by_state, by_desk]
LEDGERS: list[Ledgers] = [public.ledger]
