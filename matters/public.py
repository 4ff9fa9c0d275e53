"""What the public may read: notices and the ledger, as SQL over the projections.

A matter is public when the office published it, or when it came with an import that the office
approved as a whole and nobody withdrew it since.
"""

import sqlite3
from collections.abc import Iterator, Sequence

from eventlog import words
from matters import store
from matters.ledgers.figures import PUBLIC, By, counted, total
from matters.ledgers.ledger import Ledger
from matters.matter import Matter
from matters.notices import Notice
from matters.terms import Publicity, RecordEvent

_ORDER = "ORDER BY m.received_at DESC, m.id DESC"


class NoticeShelf:
    """The notices of one read connection. Each call reads what stands there now."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def by_number(self, number: str) -> Notice | None:
        """Return the notice of that number, or None where none is public."""
        found = self._select("m.number=?", (number,), 1, 0)
        return found[0] if found else None

    def position_of(self, number: str) -> int:
        """Return the position of the newest event of a notice's matter, 0 where none is public."""
        row = self._connection.execute(
            f"SELECT m.position FROM matters m WHERE m.number=? AND {PUBLIC}", (number,)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def numbers(self) -> Iterator[str]:
        """Yield the number of every notice, newest first."""
        for row in self._connection.execute(
            f"SELECT m.number FROM matters m WHERE {PUBLIC} {_ORDER}"
        ):
            yield row[0]

    def months(self) -> list[tuple[str, int]]:
        """Return each month that has notices, newest first, with how many."""
        rows = self._connection.execute(
            f"SELECT m.month, count(*) FROM matters m WHERE {PUBLIC} "
            "GROUP BY m.month ORDER BY m.month DESC"
        )
        return [(row[0], row[1]) for row in rows]

    def in_month(self, month: str, offset: int, limit: int) -> list[Notice]:
        """Return a page of a month's notices, newest first."""
        return self._select("m.month=?", (month,), limit, offset)

    def latest(self, limit: int) -> list[Notice]:
        """Return the notices that were published last, newest first."""
        return self._select("1", (), limit, 0, "ORDER BY m.published_at DESC, m.received_at DESC")

    def of_station(self, station: str, limit: int) -> list[Notice]:
        """Return a station's newest notices."""
        return self._select("m.station=?", (station,), limit, 0)

    def of_deputy(self, deputy: str, limit: int) -> list[Notice]:
        """Return the newest notices of matters addressed to a deputy."""
        return self._select("m.deputy=?", (deputy,), limit, 0)

    def of_area(self, area: str, limit: int) -> list[Notice]:
        """Return a village's newest notices."""
        return self._select("m.area=?", (area,), limit, 0)

    def _select(
        self,
        condition: str,
        values: Sequence[str],
        limit: int,
        offset: int,
        order: str = _ORDER,
    ) -> list[Notice]:
        rows = self._connection.execute(
            f"SELECT m.id, m.month FROM matters m WHERE {PUBLIC} AND {condition} {order} "
            "LIMIT ? OFFSET ?",
            (*values, limit, offset),
        ).fetchall()
        found: list[Notice] = []
        for identity, month in rows:
            matter = store.by_id(self._connection, identity)
            if matter is not None:
                found.append(self._notice(matter, month))
        return found

    def _notice(self, matter: Matter, month: str) -> Notice:
        texts = words.read_all(self._connection, [matter.public, matter.answer])
        imported = matter.publicity is Publicity.DRAFT
        title = texts.get((matter.public, "title")) or _first_words(
            texts.get((matter.public, "text"), "")
        )
        published_at = matter.published_at or self._approved_at(matter.batch)
        return Notice(
            number=matter.number,
            title=title,
            text=texts.get((matter.public, "text"), ""),
            answer=texts.get((matter.public, "answer"), ""),
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
            ratings={
                name: rating
                for name, rating in (
                    ("reply", matter.reply_rating),
                    ("result", matter.result_rating),
                )
                if rating
            },
            imported=imported,
            before=matter.before,
            after=matter.after,
        )

    def _approved_at(self, batch: bytes) -> int:
        row = self._connection.execute(
            "SELECT approved_at FROM imports WHERE id=?", (batch,)
        ).fetchone()
        return int(row[0]) if row is not None and row[0] is not None else 0


def _first_words(text: str) -> str:
    return " ".join(text.split())[:30]


def is_public(connection: sqlite3.Connection, matter: Matter) -> bool:
    """Return whether the matter has a notice now."""
    row = connection.execute(
        f"SELECT 1 FROM matters m WHERE m.id=? AND {PUBLIC}", (matter.id,)
    ).fetchone()
    return row is not None


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

    None where an import was approved, which touches any number of them.
    """
    found: dict[str, None] = {}
    for subject, kind in connection.execute(
        "SELECT subject, type FROM events WHERE position > ? AND position <= ? ORDER BY position",
        (after, up_to),
    ):
        if kind == RecordEvent.IMPORT_APPROVED:
            return None
        number = shown_number(connection, subject) if kind.startswith("matter.") else None
        if number is not None:
            found[number] = None
    return list(found)


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
