"""Postings: which matters hold a term, as sets of their `seq`, cut into chunks of arrival.

A term is a word of a text (`text_terms.py`) or a fact such as `station=dahe`. A chunk is
16,384 numbers wide; its holders stand as two-byte numbers, or as a bitmap where they are many.
"""

import json
import re
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

WIDTH_BITS = 14
WIDTH = 1 << WIDTH_BITS
_LOW = WIDTH - 1
_BITMAP_BYTES = WIDTH // 8
_FEW = _BITMAP_BYTES // 2

Bits = dict[int, int]


def add(connection: sqlite3.Connection, terms: Mapping[int, Iterable[str]]) -> None:
    """Write which terms each seq holds, beside what stands there. The transaction is open."""
    held: dict[tuple[int, str], list[int]] = {}
    for seq, of in terms.items():
        chunk, low = seq >> WIDTH_BITS, seq & _LOW
        for term in of:
            held.setdefault((chunk, term), []).append(low)
    # In the order of the tree, so that its pages are written one after another.
    for key in sorted(held):
        row = connection.execute(
            "SELECT holders FROM postings WHERE chunk=? AND term=?", key
        ).fetchone()
        before = b"" if row is None else row[0]
        after = _with(before, held[key])
        if after != before:
            _write(connection, key, after)


def forget(connection: sqlite3.Connection, seq: int) -> None:
    """Take a matter out of every term. The transaction is open, and secure_delete set.

    Reads the whole chunk (some 50 ms), so that nothing stays, whatever was written.
    """
    chunk, low = seq >> WIDTH_BITS, seq & _LOW
    rows = connection.execute("SELECT term, holders FROM postings WHERE chunk=?", (chunk,))
    for term, holders in rows.fetchall():
        lows = set(_lows_in(holders))
        if low in lows:
            connection.execute("DELETE FROM postings WHERE chunk=? AND term=?", (chunk, term))
            if len(lows) > 1:
                _write(connection, (chunk, term), _with(b"", lows - {low}))


def take_out(connection: sqlite3.Connection, seq: int, terms: Iterable[str]) -> None:
    """Take a seq out of terms that it is known to hold; of those others do not, nothing stays.

    The transaction is open, and secure_delete set.
    """
    chunk, low = seq >> WIDTH_BITS, seq & _LOW
    for term in sorted(terms):
        key = (chunk, term)
        row = connection.execute(
            "SELECT holders FROM postings WHERE chunk=? AND term=?", key
        ).fetchone()
        if row is None:
            continue
        holders = _without(row[0], low)
        if holders:
            _write(connection, key, holders)
        else:
            connection.execute("DELETE FROM postings WHERE chunk=? AND term=?", key)


def _without(holders: bytes, low: int) -> bytes:
    """Return the holders of a row but for one, as they would have been written without it."""
    if len(holders) != _BITMAP_BYTES:
        return array("H", [other for other in array("H", holders) if other != low]).tobytes()
    held = bytearray(holders)
    held[low >> 3] &= ~(1 << (low & 7)) & 0xFF
    if int.from_bytes(held, "little").bit_count() >= _FEW:
        return bytes(held)
    return array("H", _lows(bytes(held))).tobytes()


def _with(holders: bytes, lows: Iterable[int]) -> bytes:
    """Return the holders of a row with more of them."""
    if len(holders) != _BITMAP_BYTES:
        every = {*array("H", holders), *lows}
        if len(every) < _FEW:
            return array("H", sorted(every)).tobytes()
        holders, lows = bytes(_BITMAP_BYTES), every
    held = bytearray(holders)
    for low in lows:
        held[low >> 3] |= 1 << (low & 7)
    return bytes(held)


def _write(connection: sqlite3.Connection, key: tuple[int, str], holders: bytes) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO postings(chunk, term, holders) VALUES (?,?,?)", (*key, holders)
    )


def chunks(connection: sqlite3.Connection, since: int = 0) -> list[int]:
    """Return every chunk there can be, newest first, from that of the seq `since` on."""
    newest = connection.execute("SELECT max(seq) FROM matters").fetchone()[0]
    if newest is None:
        return []
    return list(range(newest >> WIDTH_BITS, (since >> WIDTH_BITS) - 1, -1))


def holding(connection: sqlite3.Connection, terms: Sequence[str], within: Sequence[int]) -> Bits:
    """Return who holds one of the terms: the set bits of each chunk of `within` that has any."""
    read = connection.cursor()
    read.row_factory = None
    rows = read.execute(HOLDING, (json.dumps(list(within)), json.dumps(sorted(terms))))
    bits: Bits = {}
    for chunk, holders in rows:
        bits[chunk] = bits.get(chunk, 0) | _decoded(holders)
    return bits


# Chunk after chunk, for the rows of a chunk lie together.
HOLDING = (
    "SELECT p.chunk, p.holders FROM json_each(?) c CROSS JOIN json_each(?) t "
    "CROSS JOIN postings p ON p.chunk=c.value AND p.term=t.value"
)


def beginning(connection: sqlite3.Connection, start: str, within: Sequence[int]) -> Bits:
    """Return who holds a term that begins so."""
    bits: Bits = {}
    for chunk in within:
        for (holders,) in connection.execute(
            "SELECT holders FROM postings WHERE chunk=? AND term >= ? AND term < ?",
            (chunk, start, start + "\U0010ffff"),
        ):
            bits[chunk] = bits.get(chunk, 0) | _decoded(holders)
    return bits


def either(sets: Iterable[Bits]) -> Bits:
    """Return what stands in one of the sets or more."""
    union: Bits = {}
    for part in sets:
        for chunk, bits in part.items():
            union[chunk] = union.get(chunk, 0) | bits
    return union


def both(bits: Bits, other: Bits) -> Bits:
    """Return what stands in both sets."""
    shared = {chunk: held & other[chunk] for chunk, held in bits.items() if chunk in other}
    return {chunk: held for chunk, held in shared.items() if held}


def size(bits: Bits) -> int:
    """Return how many stand in a set."""
    return sum(chunk.bit_count() for chunk in bits.values())


def members(bits: Bits) -> Iterator[int]:
    """Yield every seq of a set, newest first."""
    for chunk in sorted(bits, reverse=True):
        base = chunk << WIDTH_BITS
        for low in reversed(_lows(bits[chunk].to_bytes(_BITMAP_BYTES, "little"))):
            yield base + low


class Membership:
    """A set of seqs that can be asked quickly, one after another."""

    def __init__(self, bits: Bits, more: Iterable[int] = ()) -> None:
        self._bytes = {
            chunk: held.to_bytes(_BITMAP_BYTES, "little") for chunk, held in bits.items()
        }
        self._more = frozenset(more)

    def __contains__(self, seq: int) -> bool:
        held = self._bytes.get(seq >> WIDTH_BITS)
        low = seq & _LOW
        return (held is not None and bool(held[low >> 3] >> (low & 7) & 1)) or seq in self._more


def _lows(held: bytes) -> list[int]:
    """Return the numbers of a bitmap's set bits, rising."""
    return [
        byte.start() * 8 + bit
        for byte in _NOT_ZERO.finditer(held)
        for bit in _BITS_OF[held[byte.start()]]
    ]


_NOT_ZERO = re.compile(rb"[^\0]", re.DOTALL)
_BITS_OF = [tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256)]


def _lows_in(holders: bytes) -> Iterable[int]:
    """Return the low parts that stand in a row."""
    return _lows(holders) if len(holders) == _BITMAP_BYTES else array("H", holders)


def _decoded(holders: bytes) -> int:
    """Return the low parts that stand in a row as the bits of one number."""
    if len(holders) == _BITMAP_BYTES:
        return int.from_bytes(holders, "little")
    held = bytearray(_BITMAP_BYTES)
    for low in array("H", holders):
        held[low >> 3] |= 1 << (low & 7)
    return int.from_bytes(held, "little")
