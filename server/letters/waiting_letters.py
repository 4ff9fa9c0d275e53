"""Letters to staff, kept until they are sent. All SQL about them stands here.

A letter is written by the one writer and stays until the receiver took it, so that a relay that is
down delays and never loses. It may arrive twice, when the answer is lost; then with the same key.
"""

import sqlite3
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from acts.shanghai import DAY_MS

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
# The pause doubles from the first to the longest; nothing is given up before it is that old.
FIRST_PAUSE_MS = MINUTE_MS
LONGEST_PAUSE_MS = HOUR_MS
GIVE_UP_AFTER_MS = 14 * DAY_MS
SENT_KEPT_MS = 90 * DAY_MS
ERROR_MOST = 200
_LETTER = "key, kind, recipient, subject, body, made_at, attempts, last_error"
_WAITING = "sent_at IS NULL AND given_up_at IS NULL"


class LetterKind(StrEnum):
    """How a letter goes."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Letter(NamedTuple):
    """One letter: plain text by e-mail, JSON to a webhook. Times are ms, UTC.

    `key` is its own for ever: a second one of the same key is not taken. `recipient` is an
    account's id or a webhook's mark (`addresses.webhook_mark`).
    """

    key: str
    kind: LetterKind
    recipient: str
    subject: str
    body: str
    made_at: int = 0
    attempts: int = 0
    last_error: str = ""


class Standing(NamedTuple):
    """How letters stand: what waits, since when, why, and what can't be delivered (newest 50)."""

    waiting: int
    oldest_at: int | None
    next_try_at: int | None
    last_error: str
    undeliverable: int
    given_up: list[Letter]


def put(connection: sqlite3.Connection, letters: Iterable[Letter], *, now_ms: int) -> int:
    """Write letters to be sent at once, and return how many are new. The transaction is open."""
    new = 0
    for letter in letters:
        new += connection.execute(
            "INSERT OR IGNORE INTO outbox(key, kind, recipient, subject, body, made_at, "
            "next_try_at) VALUES (?,?,?,?,?,?,?)",
            (
                letter.key,
                letter.kind,
                letter.recipient,
                letter.subject,
                letter.body,
                now_ms,
                now_ms,
            ),
        ).rowcount
    return new


def due(
    connection: sqlite3.Connection, kind: LetterKind, *, now_ms: int, most: int = 100
) -> list[Letter]:
    """Return what is to be tried now, the least often tried first, then the oldest.

    So a letter that breaks every session does not keep the others from theirs. A next try
    further off than the longest pause was set by a clock that has been put back since.
    """
    rows = connection.execute(
        f"SELECT {_LETTER} FROM outbox "
        f"WHERE kind=? AND {_WAITING} AND NOT next_try_at BETWEEN ? AND ? "
        "ORDER BY attempts, made_at, key LIMIT ?",
        (kind, now_ms + 1, now_ms + LONGEST_PAUSE_MS, most),
    )
    return [_letter(row) for row in rows]


def note_sent(connection: sqlite3.Connection, keys: Iterable[str], *, now_ms: int) -> None:
    """Note that the receiver took the letters."""
    connection.executemany(
        "UPDATE outbox SET sent_at=?, attempts=attempts+1, last_error='' WHERE key=?",
        [(now_ms, key) for key in keys],
    )


def put_off(
    connection: sqlite3.Connection, keys: Iterable[str], error: str, *, now_ms: int
) -> None:
    """Note a failure that may pass: tried again after 1, 2, 4 … 60 minutes, for 14 days."""
    connection.executemany(
        "UPDATE outbox SET attempts=attempts+1, last_error=?, "
        "next_try_at=? + min(? << min(attempts, 10), ?), "
        f"given_up_at=CASE WHEN made_at <= ? THEN ? END WHERE key=? AND {_WAITING}",
        [
            (
                error[:ERROR_MOST],
                now_ms,
                FIRST_PAUSE_MS,
                LONGEST_PAUSE_MS,
                now_ms - GIVE_UP_AFTER_MS,
                now_ms,
                key,
            )
            for key in keys
        ],
    )


def give_up(connection: sqlite3.Connection, key: str, error: str, *, now_ms: int) -> None:
    """Note that the receiver refused it for good; it is kept, and shown to the administrator."""
    connection.execute(
        "UPDATE outbox SET attempts=attempts+1, last_error=?, given_up_at=? WHERE key=?",
        (error[:ERROR_MOST], now_ms, key),
    )


def try_waiting(connection: sqlite3.Connection, *, now_ms: int) -> None:
    """Let what waits be tried at once: the node has started, perhaps with mended settings."""
    connection.execute(f"UPDATE outbox SET next_try_at=? WHERE {_WAITING}", (now_ms,))


def try_again(connection: sqlite3.Connection, *, now_ms: int) -> int:
    """Put everything that was given up or waits to be tried at once; return how many."""
    return connection.execute(
        "UPDATE outbox SET given_up_at=NULL, next_try_at=? WHERE sent_at IS NULL", (now_ms,)
    ).rowcount


def forget_old(connection: sqlite3.Connection, *, now_ms: int) -> None:
    """Remove what was sent long ago, and all but the newest notes of digests."""
    connection.execute("DELETE FROM outbox WHERE sent_at < ?", (now_ms - SENT_KEPT_MS,))
    connection.execute("DELETE FROM digest_days WHERE made_at < ?", (now_ms - SENT_KEPT_MS,))


def standing(connection: sqlite3.Connection) -> Standing:
    """Return how the letters stand."""
    waiting, oldest_at, next_try_at = connection.execute(
        f"SELECT count(*), min(made_at), min(next_try_at) FROM outbox WHERE {_WAITING}"
    ).fetchone()
    # What failed is later in its line than what was never tried, so the newest failure leads.
    error = connection.execute(
        f"SELECT last_error FROM outbox WHERE {_WAITING} AND last_error != '' "
        "ORDER BY next_try_at DESC LIMIT 1"
    ).fetchone()
    given_up = [
        _letter(row)
        for row in connection.execute(
            f"SELECT {_LETTER} FROM outbox "
            "WHERE given_up_at IS NOT NULL ORDER BY given_up_at DESC LIMIT 50"
        )
    ]
    undeliverable = connection.execute(
        "SELECT count(*) FROM outbox WHERE given_up_at IS NOT NULL"
    ).fetchone()[0]
    return Standing(
        waiting, oldest_at, next_try_at, "" if error is None else error[0], undeliverable, given_up
    )


def waits_long(letters: Standing, now_ms: int) -> bool:
    """Return whether something has been waiting for over a day."""
    return letters.oldest_at is not None and now_ms - letters.oldest_at > DAY_MS


def fate(connection: sqlite3.Connection, key: str) -> tuple[str, str] | None:
    """Return `sent`, `waiting` or `given-up` with the last error, None for an unknown key."""
    row = connection.execute(
        "SELECT sent_at, given_up_at, last_error FROM outbox WHERE key=?", (key,)
    ).fetchone()
    if row is None:
        return None
    state = "sent" if row[0] is not None else "waiting" if row[1] is None else "given-up"
    return state, row[2]


def digest_made(connection: sqlite3.Connection, day: str) -> bool:
    """Return whether the digests of a day (yyyy-mm-dd) were made, all of them."""
    return (
        connection.execute("SELECT 1 FROM digest_days WHERE day=?", (day,)).fetchone() is not None
    )


def note_digest(connection: sqlite3.Connection, day: str, *, now_ms: int) -> None:
    """Note that all digests of a day were made."""
    connection.execute("INSERT OR IGNORE INTO digest_days VALUES (?,?)", (day, now_ms))


def told_overdue(connection: sqlite3.Connection) -> set[tuple[str, int, str]]:
    """Return the overdue matters that were told: number, due date, level."""
    rows = connection.execute("SELECT number, due_at, level FROM overdue_told")
    return {(row[0], row[1], row[2]) for row in rows}


def note_overdue(
    connection: sqlite3.Connection,
    *,
    new: Iterable[tuple[str, int, str]],
    over: Iterable[tuple[str, int, str]],
) -> None:
    """Note which overdue matters are told, and forget those that are overdue no more."""
    connection.executemany(
        "DELETE FROM overdue_told WHERE number=? AND due_at=? AND level=?", list(over)
    )
    connection.executemany("INSERT OR IGNORE INTO overdue_told VALUES (?,?,?)", list(new))


def _letter(row: sqlite3.Row) -> Letter:
    return Letter(row[0], LetterKind(row[1]), *row[2:])
