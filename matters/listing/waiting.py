"""What waits to be searched by terms and counted in tallies, and working it off in quiet moments.

A fresh submission writes one short row into `waiting`. Lists, searches and the ledger look at
what waits as well, so nothing is ever missing; but the fewer wait, the faster they are.
"""

import sqlite3
from collections.abc import Iterable

from eventlog import words
from matters.ledgers import tallies
from matters.listing import postings
from matters.listing.text_terms import terms_of

AT_ONCE = 1024
# The columns whose values are terms of their own, so that any of them combines with a search.
FACTS = ("area", "station", "deputy", "body", "category", "kind", "channel")
_TEXTS = (
    "SELECT w.body, w.wrapped_key FROM events e CROSS JOIN words w ON w.event=e.id "
    "WHERE e.subject=?"
)


def count(connection: sqlite3.Connection) -> int:
    """Return how many matters wait."""
    return int(connection.execute("SELECT count(*) FROM waiting").fetchone()[0])


def work_off(connection: sqlite3.Connection, most: int = AT_ONCE) -> int:
    """Index and count the matters that wait, at most so many; return how many there were.

    The transaction is open.
    """
    rows = connection.execute(
        f"SELECT m.seq, m.id, {', '.join(f'm.{name}' for name in FACTS)} FROM "
        "(SELECT seq FROM waiting ORDER BY seq LIMIT ?) w CROSS JOIN matters m ON m.seq=w.seq "
        "ORDER BY m.seq",
        (most,),
    ).fetchall()
    if not rows:
        return 0
    terms: dict[int, set[str]] = {}
    for row in rows:
        held = {fact(name, row[name]) for name in FACTS if row[name]}
        held.update(
            fact("unit", unit)
            for (unit,) in connection.execute(
                "SELECT unit FROM dispatched WHERE matter=?", (row["id"],)
            )
        )
        for text in texts_of(connection, row["id"]):
            held |= terms_of(text)
        terms[row["seq"]] = held
    postings.add(connection, terms)
    tallies.settle(connection, rows[-1]["seq"])
    return len(rows)


def fact(name: str, value: str) -> str:
    """Return the term of a fact; no term of a text holds the sign."""
    return f"{name}={value}"


def texts_of(connection: sqlite3.Connection, matter: bytes) -> Iterable[str]:
    """Yield every text of a matter that can be read on this connection.

    On the writer's that is none of those that are sealed, so that no term of them is written.
    """
    for body, wrapped_key in connection.execute(_TEXTS, (matter,)):
        text = words.ordinary(connection, body, wrapped_key)
        if text is not None and text != words.LOCKED:
            yield text


def forget(connection: sqlite3.Connection, matter: bytes) -> None:
    """Take a matter out of every term, and let it wait to be indexed with what is left of it.

    Called after its words were erased, with the transaction open and secure_delete set.
    """
    row = connection.execute("SELECT seq FROM matters WHERE id=?", (matter,)).fetchone()
    if row is not None:
        postings.forget(connection, row[0])
        tallies.note_change(connection, row[0])
