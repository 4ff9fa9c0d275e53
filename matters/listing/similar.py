"""Which matters are likely about the same: of one place, lately, in similar words (L10)."""

import json
import sqlite3
from itertools import islice
from typing import NamedTuple

from acts.shanghai import DAY_MS
from eventlog import words
from eventlog.database import one_moment
from matters import store
from matters.listing import postings
from matters.listing.text_terms import terms_of
from matters.listing.waiting import fact
from matters.matter import Matter
from matters.terms import State

WITHIN_MS = 180 * DAY_MS
# So many are compared, the newest first; and a score below that is no likeness.
_COMPARED_MOST = 400
_LEAST = 0.15
_NEVER = (State.MERGED, State.DECLINED)


class Similar(NamedTuple):
    """A matter that may be the same, with its title and a score from 0 to 1."""

    matter: Matter
    title: str
    score: float


def similar(
    connection: sqlite3.Connection, matter: Matter, *, now_ms: int, limit: int = 5
) -> list[Similar]:
    """Return matters that the office might merge with this one, the most alike first.

    Looked for within 180 days in the same village; where it names a township or only a station,
    in all of that; where it names no place, among those that hold its rarest pairs of characters.
    """
    with one_moment(connection):
        return _similar(connection, matter, now_ms - WITHIN_MS, limit)


def _similar(
    connection: sqlite3.Connection, matter: Matter, since: int, limit: int
) -> list[Similar]:
    mine = _pairs(connection, matter.id)
    if not mine:
        return []
    scored: list[tuple[float, bytes]] = []
    for identity in _candidates(connection, matter, mine, since):
        theirs = _pairs(connection, identity)
        score = len(mine & theirs) / len(mine | theirs) if theirs else 0.0
        if score >= _LEAST:
            scored.append((score, identity))
    scored.sort(reverse=True)
    likely: list[Similar] = []
    for score, identity in scored[:limit]:
        other = store.by_id(connection, identity)
        if other is not None:
            likely.append(Similar(other, store.title_of(connection, other), round(score, 3)))
    return likely


def _pairs(connection: sqlite3.Connection, matter: bytes) -> set[str]:
    """Return the longer terms of what was first said; one character alone says little."""
    text = words.read(connection, store.first_event(connection, matter), "text") or ""
    return {term for term in terms_of(text) if len(term) > 1}


def _candidates(
    connection: sqlite3.Connection, matter: Matter, mine: set[str], since: int
) -> list[bytes]:
    """Return the newest matters of the same place since then, at most `_COMPARED_MOST`."""
    first = connection.execute(
        "SELECT seq FROM matters WHERE received_at >= ? ORDER BY received_at, id LIMIT 1", (since,)
    ).fetchone()
    if first is None:
        return []
    within = postings.chunks(connection, first[0])
    where, value = "?=''", ""
    if matter.area:
        # Of a township, all its villages: their codes begin alike (GB/T 10114).
        value = matter.area.removesuffix("000")
        where = "substr(m.area, 1, length(?))=?".replace("length(?)", str(len(value)))
        holders = postings.beginning(connection, fact("area", value), within)
    elif matter.station:
        where, value = "m.station=?", matter.station
        holders = postings.holding(connection, [fact("station", value)], within)
    else:
        holders = _rarest(connection, mine, within)
    seqs = list(islice(postings.members(holders), 2 * _COMPARED_MOST))
    waiting = [row[0] for row in connection.execute("SELECT seq FROM waiting")]
    rows = connection.execute(
        "SELECT m.id FROM json_each(?) j CROSS JOIN matters m ON m.seq=j.value "
        f"WHERE {where} AND m.received_at >= ? AND m.id != ? AND m.state NOT IN (?, ?) "
        "ORDER BY m.received_at DESC, m.id DESC LIMIT ?",
        (json.dumps(sorted({*seqs, *waiting})), value, since, matter.id, *_NEVER, _COMPARED_MOST),
    )
    return [row[0] for row in rows]


def _rarest(connection: sqlite3.Connection, mine: set[str], within: list[int]) -> postings.Bits:
    """Return who holds one of the rarest of the terms, some hundred matters in all."""
    held = [postings.holding(connection, [term], within) for term in sorted(mine)[:80]]
    holders: postings.Bits = {}
    for holders_of_term in sorted(held, key=postings.size):
        holders = postings.either((holders, holders_of_term))
        if postings.size(holders) >= _COMPARED_MOST:
            break
    return holders
