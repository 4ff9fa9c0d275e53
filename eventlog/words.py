"""Words: the texts that belong to events, kept beside the log so that they can be erased.

An event holds only a salted commitment to each of its texts: SHA-256 over 32 random bytes and the
text. Text and salt lie in the table `words`. Erasing a row changes no event, chain or state hash.
A secret text (a contact detail) is sealed together with its salt: a phone number is so short that
a salt in plain sight would let anyone find it by trying them all. On a station every text is
sealed so, packed by brotli first, as GBK where that can say it; a boxed text (`Sealed.is_boxed`)
is an ordinary one, a text with a key of its own a secret one.
"""

import hashlib
import os
import sqlite3
from typing import NamedTuple

import brotli  # type: ignore[import-untyped]  # it ships no types

from eventlog.database import Connection
from eventlog.sealing import KEY_BYTES, NotForReader, Sealed, Sealer, Unsealer, UnsealError

SALT_BYTES = 32
# No text begins with these: what follows is packed, as UTF-8 or as GBK. Chinese takes two bytes a
# character in GBK and three in UTF-8, and a short text stays a tenth shorter for it when packed.
_PACKED_UTF8 = b"\0"
_PACKED_GBK = b"\1"
# Packing a long text well takes long, and it has much to find anyway.
_PACKED_BEST_BYTES = 4096
UNPACKED_MOST_BYTES = 1024 * 1024
LOCKED = "\ufdd0"
"""Stands for a text that lies here and can't be opened now; a noncharacter, which nobody types."""


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


def commit_boxed(text: str, sealer: Sealer) -> Word:
    """Return an ordinary text sealed for a disk that may be stolen, and the commitment to it."""
    salt, body = os.urandom(SALT_BYTES), text.encode()
    return boxed(Word(hashlib.sha256(salt + body).digest(), salt, body, None), sealer)


def boxed(word: Word, sealer: Sealer) -> Word:
    """Return a plain text sealed together with its salt; its commitment stays what it was."""
    sealed = sealer.box((word.salt or b"") + _packed(word.body))
    return Word(word.commitment, None, sealed.body, sealed.wrapped_key)


def opened(word: Word, unsealer: Unsealer) -> Word:
    """Return a boxed text as a plain one with its salt. Raises UnsealError."""
    if word.wrapped_key is None:
        return word
    salted = unsealer.unseal(Sealed(word.body, word.wrapped_key))
    return Word(word.commitment, salted[:SALT_BYTES], unpacked(salted[SALT_BYTES:]), None)


def is_secret(word: Word) -> bool:
    """Return whether a text is a secret one: sealed with a key of its own, whatever the node."""
    return word.wrapped_key is not None and len(word.wrapped_key) != KEY_BYTES


def _packed(text: bytes) -> bytes:
    packed = _packed_gbk(text) or _packed_utf8(text)
    return packed if len(packed) < len(text) else text


def _packed_gbk(text: bytes) -> bytes:
    """Return a text packed as GBK, b"" where GBK can't say it.

    Not GB 18030, which can say everything: its table has changed with its editions.
    """
    try:
        plain = text.decode().encode("gbk")
        if plain.decode("gbk").encode() != text:
            return b""
    except UnicodeError:
        return b""
    # The best quality finds next to nothing more in GBK, and takes fifteen times as long.
    packed: bytes = brotli.compress(plain, mode=brotli.MODE_TEXT, quality=9, lgwin=16)
    return _PACKED_GBK + packed


def _packed_utf8(text: bytes) -> bytes:
    quality = 11 if len(text) <= _PACKED_BEST_BYTES else 5
    packed: bytes = brotli.compress(text, mode=brotli.MODE_TEXT, quality=quality)
    return _PACKED_UTF8 + packed


def unpacked(packed: bytes) -> bytes:
    """Return a text as it was before it was packed. Raises UnsealError where it is too long."""
    mark = packed[:1]
    if mark not in (_PACKED_UTF8, _PACKED_GBK):
        return packed
    decoder = brotli.Decompressor()
    try:
        found: bytes = decoder.process(packed[1:], output_buffer_limit=UNPACKED_MOST_BYTES)
        if decoder.is_finished():
            return found if mark == _PACKED_UTF8 else found.decode("gbk").encode()
    except (brotli.error, UnicodeDecodeError) as error:
        raise UnsealError("a packed text is damaged") from error
    raise UnsealError("a packed text is cut off, or too long")


def store(connection: sqlite3.Connection, event: bytes, field: str, word: Word) -> None:
    """Write a text beside its event. Called with the transaction open."""
    connection.execute(
        "INSERT INTO words(event, field, salt, body, wrapped_key) VALUES (?,?,?,?,?)",
        (event, field, word.salt, word.body, word.wrapped_key),
    )


def read(connection: sqlite3.Connection, event: bytes, field: str) -> str | None:
    """Return an ordinary text, or None where it was erased, never came, or is sealed.

    What is boxed is opened where the connection has an opener; LOCKED where that can't now.
    """
    row = connection.execute(
        "SELECT body, wrapped_key FROM words WHERE event=? AND field=?", (event, field)
    ).fetchone()
    return None if row is None else ordinary(connection, row[0], row[1])


def ordinary(connection: sqlite3.Connection, body: bytes, wrapped_key: bytes | None) -> str | None:
    """Return the text of a row, or None where it is a secret one or there is no opener.

    LOCKED where the opener can't open it now.
    """
    if wrapped_key is None:
        return body.decode()
    opener = connection.opener if isinstance(connection, Connection) else None
    if opener is None or len(wrapped_key) != KEY_BYTES:
        return None
    try:
        return unpacked(opener(body, wrapped_key)[SALT_BYTES:]).decode()
    except NotForReader:
        return None
    except UnsealError:
        # Sealed to a key of before: what can't be read is shown as what is locked.
        return LOCKED


def are_sealed(connection: sqlite3.Connection) -> bool:
    """Return whether texts are sealed on this disk, and the connection is one that may open."""
    return isinstance(connection, Connection) and connection.opener is not None


def read_all(connection: sqlite3.Connection, events: list[bytes]) -> dict[tuple[bytes, str], str]:
    """Return every ordinary text of the events, by (event id, field); see `read`."""
    found: dict[tuple[bytes, str], str] = {}
    for start in range(0, len(events), 500):
        part = events[start : start + 500]
        marks = ",".join("?" * len(part))
        for event, field, body, wrapped_key in connection.execute(
            f"SELECT event, field, body, wrapped_key FROM words WHERE event IN ({marks})", part
        ):
            text = ordinary(connection, body, wrapped_key)
            if text is not None:
                found[event, field] = text
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


def all_of(connection: sqlite3.Connection, event: bytes) -> dict[str, Word]:
    """Return an event's texts as they lie here, by field; their commitments stand in the event."""
    rows = connection.execute(
        "SELECT field, salt, body, wrapped_key FROM words WHERE event=?", (event,)
    )
    return {row[0]: Word(b"", row[1], row[2], row[3]) for row in rows}


def erase(connection: sqlite3.Connection, event: bytes, field: str) -> bool:
    """Remove a text and its salt for good; return whether it was there. A transaction is open.

    The caller sets `PRAGMA secure_delete` so that the freed pages are overwritten.
    """
    connection.execute("INSERT OR IGNORE INTO erased(event, field) VALUES (?,?)", (event, field))
    cursor = connection.execute("DELETE FROM words WHERE event=? AND field=?", (event, field))
    return cursor.rowcount > 0
