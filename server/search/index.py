"""The index of the notices: which of them hold which words, in a file of its own.

The file is made from the log's database and can be thrown away at any time. It only finds numbers:
what is shown of a notice is read from the log's database when somebody asks.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from acts.text import folded
from eventlog.database import connect
from matters.listing import postings
from matters.listing.postings import Bits
from matters.listing.text_terms import terms_of, wanted
from matters.public.notices import Notice

# Raise it when the tables or the terms change: a file of another version is made anew.
VERSION = 1
# A writer does not wait long for readers: what it could not do is done at the next look.
_BUSY_MS = 500
# So many texts are looked through for a phrase whose pairs of characters they hold.
LOOKED_THROUGH = 1_500
_AT_ONCE = 50
# A query is cut to so many words; each of them costs some rows.
WORDS_MOST = 8
_PARTED = re.compile(r"[\W_]+")

_TABLES = (
    # `seq` rises with the day of publication; `body` is the folded title, a line end, the rest.
    """CREATE TABLE notices(
        seq INTEGER PRIMARY KEY,
        number TEXT NOT NULL UNIQUE,
        position INTEGER NOT NULL,
        area TEXT NOT NULL,
        body TEXT NOT NULL
    )""",
    """CREATE TABLE postings(
        chunk INTEGER NOT NULL,
        term TEXT NOT NULL,
        holders BLOB NOT NULL,
        PRIMARY KEY(chunk, term)
    ) WITHOUT ROWID""",
    "CREATE TABLE made(version INTEGER NOT NULL, source TEXT NOT NULL)",
)


class Entry(NamedTuple):
    """A notice as the index holds it. `position` is that of the matter's newest event."""

    number: str
    position: int
    area: str
    body: str

    @classmethod
    def of(cls, notice: Notice, position: int) -> "Entry":
        """Return what is indexed of a notice."""
        title = " ".join(folded(notice.title).split())
        body = f"{title}\n{folded(notice.text)}\n{folded(notice.answer)}"
        return cls(notice.number, position, notice.area, body)

    def terms(self) -> set[str]:
        """Return every term: of the texts, once more of the title alone, its place and number."""
        terms = terms_of(self.body)
        terms.update(_in_title(term) for term in terms_of(self.body.partition("\n")[0]))
        terms.add(self.number)
        if self.area:
            terms.add(_at(self.area))
        return terms


def _in_title(term: str) -> str:
    """No word holds the sign."""
    return f"title={term}"


def _at(code: str) -> str:
    return f"area={code}"


class Found(NamedTuple):
    """A page of what was found, best first.

    `total` is None where it would take too long to count. `more` says whether another page
    follows; `cut_short` that older texts were not looked through any more.
    """

    numbers: tuple[str, ...]
    total: int | None
    more: bool
    cut_short: bool


NOTHING = Found((), 0, False, False)


def words_of(query: str) -> list[str]:
    """Return the words of a query, folded; blanks and signs part them. Empty where it has none."""
    return [word for word in dict.fromkeys(_PARTED.split(folded(query))) if word][:WORDS_MOST]


def make(path: Path, source: str) -> sqlite3.Connection:
    """Return a connection to write with, and a new empty index in place of what stood there."""
    remove(path)
    connection = _opened(path)
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute("INSERT INTO made(version, source) VALUES (?,?)", (VERSION, source))
    connection.execute("COMMIT")
    return connection


def open_sound(path: Path, source: str) -> sqlite3.Connection | None:
    """Return a connection to write with; None where no sound index of `source` is there."""
    if not path.exists():
        return None
    connection = None
    try:
        connection = _opened(path)
        made = connection.execute("SELECT version, source FROM made").fetchone()
        sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        if made is not None and sound and tuple(made) == (VERSION, source):
            return connection
    except sqlite3.DatabaseError:
        pass
    if connection is not None:
        connection.close()
    return None


def remove(path: Path) -> None:
    """Throw the index away."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    connection.execute("PRAGMA secure_delete=ON")
    # A commit that a power cut takes back is made again; the file stays sound all the same.
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    return connection


def put(connection: sqlite3.Connection, entries: Mapping[int, Entry]) -> None:
    """Index entries under seqs that are free. The transaction is open."""
    connection.executemany(
        "INSERT INTO notices(seq, number, position, area, body) VALUES (?,?,?,?,?)",
        [(seq, *entry) for seq, entry in entries.items()],
    )
    postings.add(connection, {seq: entry.terms() for seq, entry in entries.items()})


def held(connection: sqlite3.Connection, number: str) -> tuple[int, Entry] | None:
    """Return the seq and the entry of a notice, or None."""
    row = connection.execute(
        "SELECT seq, number, position, area, body FROM notices WHERE number=?", (number,)
    ).fetchone()
    return None if row is None else (row[0], Entry(*row[1:]))


def take_out(connection: sqlite3.Connection, number: str) -> None:
    """Forget a notice, where it is indexed. The transaction is open."""
    if entry_at := held(connection, number):
        seq, entry = entry_at
        postings.take_out(connection, seq, entry.terms())
        connection.execute("DELETE FROM notices WHERE seq=?", (seq,))


def move(connection: sqlite3.Connection, seq: int, position: int) -> None:
    """Note up to where an entry is known to be true. The transaction is open."""
    connection.execute("UPDATE notices SET position=? WHERE seq=?", (position, seq))


def ends(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """Return the lowest and the highest seq, or None where nothing is indexed."""
    # Asked for together, they would be looked for in every row.
    row = connection.execute(
        "SELECT (SELECT min(seq) FROM notices), (SELECT max(seq) FROM notices)"
    ).fetchone()
    return None if row[0] is None else (row[0], row[1])


def positions(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the position of every notice that is indexed, by number."""
    return dict(connection.execute("SELECT number, position FROM notices").fetchall())


def sweep(connection: sqlite3.Connection) -> None:
    """Write the file anew: pages that were split keep copies of rows in room that is not used.

    `secure_delete` overwrites a row where it stood last, but not those. At 100,000 notices it
    takes some tenths of a second.
    """
    connection.execute("VACUUM")


def settle(connection: sqlite3.Connection) -> bool:
    """Empty the write-ahead log, in which forgotten words may stand; False where a reader is busy.

    Only the one writer of the index checkpoints it.
    """
    return int(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]) == 0


def find(
    connection: sqlite3.Connection,
    words: Sequence[str],
    places: Mapping[str, Sequence[str]],
    offset: int,
    limit: int,
) -> Found:
    """Return a page of the notices that hold every word, in their texts or by their place.

    `words` are those of `words_of`, `places` the codes of areas by the word that names them.
    First those that have all of it in their title, then the others, the newest first each.
    """
    bounds = ends(connection)
    if bounds is None or not words:
        return NOTHING
    chunks = range(bounds[1] >> postings.WIDTH_BITS, (bounds[0] >> postings.WIDTH_BITS) - 1, -1)
    asked = [_Asked(connection, word, places.get(word, ()), chunks) for word in words]
    anywhere = _all_of([one.anywhere for one in asked])
    titled = postings.both(_all_of([one.titled for one in asked]), anywhere)
    others = {chunk: bits & ~titled.get(chunk, 0) for chunk, bits in anywhere.items()}
    rest = {chunk: bits for chunk, bits in others.items() if bits}
    in_order = chain(postings.members(titled), postings.members(rest))
    to_prove = [one for one in asked if one.phrase]
    if not to_prove:
        total = postings.size(anywhere)
        seqs = list(islice(in_order, offset, offset + limit))
        return Found(_numbers(connection, seqs), total, offset + limit < total, False)
    return _proved(connection, in_order, to_prove, offset, limit)


class _Asked:
    """A word that is searched for: who may hold it, and what is left to be seen in the text."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        word: str,
        codes: Sequence[str],
        chunks: Sequence[int],
    ) -> None:
        terms, phrases = wanted(word)
        self.phrase = phrases[0] if phrases else ""
        self.codes = frozenset(codes)
        self.placed = (
            postings.holding(connection, [_at(code) for code in codes], chunks) if codes else {}
        )
        held = _all_of([postings.holding(connection, [term], chunks) for term in sorted(terms)])
        self.anywhere = postings.either([held, self.placed])
        self.titled = _all_of(
            [postings.holding(connection, [_in_title(term)], chunks) for term in sorted(terms)]
        )

    def fits(self, area: str, body: str) -> bool:
        """Return whether a text that holds the terms holds the phrase, or lies in the place."""
        return area in self.codes or self.phrase in body


def _all_of(sets: Iterable[Bits]) -> Bits:
    common: Bits | None = None
    for bits in sets:
        common = bits if common is None else postings.both(common, bits)
    return common or {}


def _proved(
    connection: sqlite3.Connection,
    in_order: Iterator[int],
    to_prove: Sequence[_Asked],
    offset: int,
    limit: int,
) -> Found:
    """Look through texts until the page is full, or for as long as a person waits."""
    proved: list[str] = []
    looked = 0
    while len(proved) <= offset + limit:
        seqs = list(islice(in_order, _AT_ONCE))
        if not seqs:
            return Found(tuple(proved[offset:]), len(proved), False, False)
        if looked >= LOOKED_THROUGH:
            return Found(tuple(proved[offset : offset + limit]), None, False, True)
        looked += len(seqs)
        for _, number, area, body in _rows(connection, seqs):
            if all(one.fits(area, body) for one in to_prove):
                proved.append(number)
    return Found(tuple(proved[offset : offset + limit]), None, True, False)


def _numbers(connection: sqlite3.Connection, seqs: Sequence[int]) -> tuple[str, ...]:
    return tuple(row[1] for row in _rows(connection, seqs))


def _rows(connection: sqlite3.Connection, seqs: Sequence[int]) -> list[tuple[int, str, str, str]]:
    """Return seq, number, area and body of those that are there, in the order given."""
    reader = connection.cursor()
    reader.row_factory = None
    rows: list[tuple[int, str, str, str]] = reader.execute(
        "SELECT n.seq, n.number, n.area, n.body FROM json_each(?) s "
        "CROSS JOIN notices n ON n.seq=s.value",
        (json.dumps(list(seqs)),),
    ).fetchall()
    return rows
