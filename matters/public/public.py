"""What the public may read: notices and the ledger, as SQL over the projections.

A matter is public when the office published it, or when it came with an import that the office
approved as a whole and nobody withdrew it since.
"""

import sqlite3
from collections.abc import Iterator, Sequence

from acts.text import clean_line
from eventlog import words
from matters import store
from matters.ledgers.figures import PUBLIC, By, counted, total
from matters.ledgers.ledger import Ledger
from matters.matter import Matter
from matters.public.notices import Extent, ListKind, Notice
from matters.terms import Publicity, RecordEvent

_STOOD = "m.first_shown_at IS NOT NULL"
_NEWEST = "m.first_shown_at DESC, m.number DESC, m.id DESC"
_OLDEST = "m.first_shown_at, m.number, m.id"


class NoticeShelf:
    """The notices of one read connection. Each call reads what stands there now.

    A list is read along an index that has its notices in their places, also the withdrawn ones
    (`matters_place`, `matters_place_month` …).
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def by_number(self, number: str) -> Notice | None:
        """Return the notice of that number, or None where none is public."""
        rows = self._connection.execute(
            f"SELECT m.id, m.month, m.first_shown_at FROM matters m "
            f"WHERE m.number=? AND {PUBLIC} ORDER BY m.received_at, m.id LIMIT 1",
            (number,),
        )
        return next(iter(self._notices(rows.fetchall())), None)

    def position_of(self, number: str) -> int:
        """Return the position of the newest event of a notice's matter, 0 where none is public."""
        row = self._connection.execute(
            f"SELECT m.position FROM matters m WHERE m.number=? AND {PUBLIC}", (number,)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def numbers(self, first: int = 0, count: int = -1) -> Iterator[str]:
        """Yield the numbers of notices from a place of all on, in as many places; -1 is all."""
        for number, shown in self._connection.execute(
            f"SELECT m.number, m.shown FROM matters m WHERE {_STOOD} ORDER BY {_OLDEST} "
            "LIMIT ? OFFSET ?",
            (count, first),
        ):
            if shown:
                yield number

    def latest(self, limit: int) -> list[Notice]:
        """Return the notices that came last, newest first."""
        return self.of(ListKind.ALL, "", limit)

    def of(self, kind: ListKind, key: str, limit: int) -> list[Notice]:
        """Return the newest notices of a list, newest first."""
        condition, values = _in_list(kind, key)
        rows = self._connection.execute(
            f"SELECT m.id, m.month, m.first_shown_at FROM matters m "
            f"WHERE {_STOOD} AND {condition} AND {PUBLIC} ORDER BY {_NEWEST} LIMIT ?",
            (*values, limit),
        )
        return self._notices(rows.fetchall())

    def keys(self, kind: ListKind) -> list[tuple[str, int]]:
        """Return the keys of the lists of a kind that show any notice, sorted, with how many."""
        rows = self._connection.execute(
            f"SELECT m.{kind}, sum({PUBLIC}) FROM matters m WHERE {_STOOD} "
            f"GROUP BY m.{kind} HAVING sum({PUBLIC}) > 0 ORDER BY m.{kind}"
        )
        return [(row[0], row[1]) for row in rows]

    def extent(self, kind: ListKind, key: str) -> Extent:
        """Return how many places a list has, and how many notices stand in them."""
        condition, values = _in_list(kind, key)
        row = self._connection.execute(
            f"SELECT count(*), coalesce(sum({PUBLIC}), 0) FROM matters m "
            f"WHERE {_STOOD} AND {condition}",
            values,
        ).fetchone()
        return Extent(row[0], row[1])

    def at(self, kind: ListKind, key: str, first: int, count: int) -> list[Notice]:
        """Return what stands in some places of a list, newest first."""
        condition, values = _in_list(kind, key)
        rows = self._connection.execute(
            f"SELECT m.shown, m.seq FROM matters m WHERE {_STOOD} AND {condition} "
            f"ORDER BY {_OLDEST} LIMIT ? OFFSET ?",
            (*values, count, first),
        ).fetchall()
        shown = [
            self._connection.execute(
                "SELECT m.id, m.month, m.first_shown_at FROM matters m WHERE m.seq=?", (seq,)
            ).fetchone()
            for is_shown, seq in reversed(rows)
            if is_shown
        ]
        return self._notices(shown)

    def place(self, kind: ListKind, key: str, number: str) -> int | None:
        """Return the place of a notice, withdrawn or not; None where it is not of that list."""
        condition, values = _in_list(kind, key)
        stood = self._connection.execute(
            f"SELECT m.first_shown_at, m.id FROM matters m "
            f"WHERE m.number=? AND {_STOOD} AND {condition} "
            "ORDER BY m.shown DESC, m.received_at, m.id LIMIT 1",
            (number, *values),
        ).fetchone()
        if stood is None:
            return None
        row = self._connection.execute(
            f"SELECT count(*) FROM matters m WHERE {_STOOD} AND {condition} "
            "AND (m.first_shown_at, m.number, m.id) < (?,?,?)",
            (*values, stood[0], number, stood[1]),
        ).fetchone()
        return int(row[0])

    def _notices(self, rows: Sequence[tuple[bytes, str, int]]) -> list[Notice]:
        notices: list[Notice] = []
        for identity, month, first_shown_at in rows:
            matter = store.by_id(self._connection, identity)
            if matter is not None:
                notices.append(self._notice(matter, month, first_shown_at))
        return notices

    def _notice(self, matter: Matter, month: str, first_shown_at: int) -> Notice:
        texts = words.read_all(self._connection, [matter.public, matter.answer])
        imported = matter.publicity is Publicity.DRAFT
        title = texts.get((matter.public, "title")) or _first_words(
            texts.get((matter.public, "text"), "")
        )
        published_at = matter.published_at or store.approved_at(self._connection, matter.batch)
        return notice_of(
            matter,
            title=title,
            text=texts.get((matter.public, "text"), ""),
            answer=texts.get((matter.public, "answer"), ""),
            month=month,
            published_at=published_at or 0,
            imported=imported,
            before=matter.before,
            after=matter.after,
            first_published_at=first_shown_at,
        )


def _in_list(kind: ListKind, key: str) -> tuple[str, tuple[str, ...]]:
    """Return the condition that a row is of a list, and the values of it."""
    return ("1", ()) if kind is ListKind.ALL else (f"m.{kind}=?", (key,))


def notice_of(
    matter: Matter,
    *,
    title: str,
    text: str,
    answer: str,
    month: str,
    published_at: int,
    before: tuple[str, ...],
    after: tuple[str, ...],
    imported: bool = False,
    first_published_at: int | None = None,
) -> Notice:
    """Return a matter's notice: its own facts, with the words and pictures that everyone sees."""
    ratings = {"reply": matter.reply_rating, "result": matter.result_rating}
    return Notice(
        number=matter.number,
        title=title,
        text=text,
        answer=answer,
        month=month,
        state=matter.state,
        received_at=matter.received_at,
        answered_at=matter.replied_at,
        published_at=published_at,
        station=matter.station,
        deputy=matter.deputy,
        area=matter.area,
        category=matter.category,
        units=tuple(unit for unit in (matter.lead, *matter.assisting) if unit),
        result=matter.result,
        ratings={name: rating for name, rating in ratings.items() if rating},
        imported=imported,
        before=before,
        after=after,
        first_published_at=first_published_at,
    )


def _first_words(text: str) -> str:
    return clean_line(text)[:30]


def is_public(connection: sqlite3.Connection, matter: bytes) -> bool:
    """Return whether the matter of that id has a notice now."""
    row = connection.execute(f"SELECT 1 FROM matters m WHERE m.id=? AND {PUBLIC}", (matter,))
    return row.fetchone() is not None


def shown_number(connection: sqlite3.Connection, matter: bytes) -> str | None:
    """Return the number of a matter that has, or had, a notice; None for all others."""
    row = connection.execute(
        f"SELECT number FROM matters m WHERE m.id=? AND (m.publicity='withdrawn' OR {PUBLIC})",
        (matter,),
    ).fetchone()
    return None if row is None else row[0]


def public_positions(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the position of the newest event of each notice's matter, by number.

    In the order of publication, newest first.
    """
    rows = connection.execute(
        "SELECT m.number, m.position FROM matters m LEFT JOIN imports i ON i.id=m.batch "
        f"WHERE {PUBLIC} ORDER BY coalesce(m.published_at, i.approved_at, 0) DESC, "
        "m.received_at DESC, m.id DESC"
    )
    return dict(rows.fetchall())


def touched_since(connection: sqlite3.Connection, after: int, up_to: int) -> list[str] | None:
    """Return the numbers of all that is or was public and had an event between two positions.

    In the order of the newest event of each, which for a notice that is new is its publication.
    None where an import was approved, which touches any number of them.
    """
    numbers: dict[str, None] = {}
    for subject, kind in connection.execute(
        "SELECT subject, type FROM events WHERE position > ? AND position <= ? ORDER BY position",
        (after, up_to),
    ):
        if kind == RecordEvent.IMPORT_APPROVED:
            return None
        number = shown_number(connection, subject) if kind.startswith("matter.") else None
        if number is not None:
            numbers.pop(number, None)
            numbers[number] = None
    return list(numbers)


def ledger(connection: sqlite3.Connection) -> Ledger:
    """Return the public ledger: every matter is counted, whether or not it has a notice.

    Received = answered + pending on every line, and answered is never called solved (DESIGN 15).
    """
    return Ledger(
        total=total(connection),
        months=counted(connection, By.MONTH),
        categories=counted(connection, By.CATEGORY),
        stations=counted(connection, By.STATION),
        units=counted(connection, By.UNIT),
    )
