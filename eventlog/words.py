"""Words: the texts that belong to events, kept beside the log so that they can be erased.

An event holds only a salted commitment to each of its texts: SHA-256 over 32 random bytes and the
text. Text and salt lie in the table `words`. Erasing a row changes no event, chain or state hash.
A secret text (a contact detail) is sealed together with its salt: a phone number is so short that
a salt in plain sight would let anyone find it by trying them all.
"""

import hashlib
import os
import sqlite3
from typing import NamedTuple

from eventlog.sealing import Sealed, Sealer, Unsealer

SALT_BYTES = 32


class Word(NamedTuple):
    """A text ready to be stored, with the commitment that its event holds."""

    commitment: bytes
    salt: bytes | None
    body: bytes
    wrapped_key: bytes | None


class CommitmentMismatch(Exception):
    """A text beside the log is not the one that its event committed to."""


def commit(text: str) -> Word:
    """Return a plain text with a fresh salt and the commitment to both."""
    salt = os.urandom(SALT_BYTES)
    body = text.encode()
    return Word(hashlib.sha256(salt + body).digest(), salt, body, None)


def commit_sealed(text: str, sealer: Sealer) -> Word:
    """Return a secret text sealed together with its salt, and the commitment to both."""
    salted = os.urandom(SALT_BYTES) + text.encode()
    sealed = sealer.seal(salted)
    return Word(hashlib.sha256(salted).digest(), None, sealed.body, sealed.wrapped_key)


def store(connection: sqlite3.Connection, event: bytes, field: str, word: Word) -> None:
    """Write a text beside its event. Called with the transaction open."""
    connection.execute(
        "INSERT INTO words(event, field, salt, body, wrapped_key) VALUES (?,?,?,?,?)",
        (event, field, word.salt, word.body, word.wrapped_key),
    )


def read(connection: sqlite3.Connection, event: bytes, field: str) -> str | None:
    """Return a plain text, or None where it was erased, never came, or is sealed."""
    row = connection.execute(
        "SELECT body FROM words WHERE event=? AND field=? AND wrapped_key IS NULL", (event, field)
    ).fetchone()
    return None if row is None else row[0].decode()


def read_all(connection: sqlite3.Connection, events: list[bytes]) -> dict[tuple[bytes, str], str]:
    """Return every plain text of the events, by (event id, field)."""
    found: dict[tuple[bytes, str], str] = {}
    for start in range(0, len(events), 500):
        part = events[start : start + 500]
        marks = ",".join("?" * len(part))
        for event, field, body in connection.execute(
            "SELECT event, field, body FROM words "
            f"WHERE wrapped_key IS NULL AND event IN ({marks})",
            part,
        ):
            found[event, field] = body.decode()
    return found


def read_secret(
    connection: sqlite3.Connection, event: bytes, field: str, unsealer: Unsealer
) -> str | None:
    """Return a sealed text, or None where it was erased. Raises UnsealError."""
    row = connection.execute(
        "SELECT body, wrapped_key FROM words WHERE event=? AND field=? AND wrapped_key IS NOT NULL",
        (event, field),
    ).fetchone()
    if row is None:
        return None
    return unsealer.unseal(Sealed(row[0], row[1]))[SALT_BYTES:].decode()


def fits(commitment: bytes, salt: bytes | None, body: bytes) -> bool:
    """Return whether a plain text, with its salt, is the one that was committed to."""
    return hashlib.sha256((salt or b"") + body).digest() == commitment


def check(connection: sqlite3.Connection, event: bytes, field: str, commitment: bytes) -> None:
    """Raise CommitmentMismatch where a plain text is there but is not the committed one."""
    row = connection.execute(
        "SELECT salt, body FROM words WHERE event=? AND field=? AND wrapped_key IS NULL",
        (event, field),
    ).fetchone()
    if row is not None and not fits(commitment, row[0], row[1]):
        raise CommitmentMismatch(f"{field} of event {event.hex()}")


def erase(connection: sqlite3.Connection, event: bytes, field: str) -> bool:
    """Remove a text and its salt; return whether it was there. Called with a transaction open.

    The caller sets `PRAGMA secure_delete` so that the freed pages are overwritten.
    """
    cursor = connection.execute("DELETE FROM words WHERE event=? AND field=?", (event, field))
    return cursor.rowcount > 0
