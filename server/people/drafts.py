"""Drafts: what someone is writing in the console, kept before it is sent. All SQL about them.

A draft holds people's words, so it goes as soon as it has served: when its form went through, when
it is old, and when the words of its matter are erased. It is no part of the log and never exported.
A visitor's name and phone may stand in it, so it is sealed (DESIGN decision 7).
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from acts.refusals import N_, Refusal
from acts.shanghai import DAY_MS
from eventlog import erasures
from eventlog.sealing import Sealed, Sealer, Unsealer, UnsealError
from eventlog.transaction import Transaction
from matters import store

KEPT_DAYS = 30
MOST_BYTES = 1024 * 1024
_KEPT_MS = KEPT_DAYS * DAY_MS
# What a form holds without anybody having written anything: marks, and choices with a default.
_NO_WORDS = frozenset(
    ("form_token", "id", "seen", "step", "then", "taken", "discard", "channel", "kind")
) | {"station", "deputy", "category", "grade", "people"}
# What belongs to one page or press of a button, and not to the words.
_NOT_KEPT = frozenset(("form_token", "step", "then", "discard"))


class KeptForm(NamedTuple):
    """A kept form: its fields by name, and when it was kept (ms, UTC)."""

    fields: dict[str, Any]
    saved_at: int


class DraftTooLarge(Refusal):
    """More than a draft may hold."""

    code = "draft-too-large"
    status = 413
    message = N_("草稿太大，存不下。")
    advice = N_("请先提交一部分，或者把内容另存成文件。")


def matter_place(number: str, command: str) -> str:
    """Return where the draft of a command on a matter is kept."""
    return f"matters/{number}/{command}"


def has_words(fields: Mapping[str, Any]) -> bool:
    """Return whether somebody wrote or chose something; rows' fields are named `12-text`."""
    return any(
        value not in ("", [])
        and not (isinstance(value, str) and not value.strip())
        and name.rpartition("-")[2] not in _NO_WORDS
        for name, value in fields.items()
    )


def save(
    transaction: Transaction, account: str, place: str, fields: Mapping[str, Any], sealer: Sealer
) -> int:
    """Keep a form's fields in the place of those before, and return when (ms, UTC).

    A form in which nothing stands any more leaves no draft. Old drafts of everyone are cleared
    away. Runs as a job of the writer. Raises DraftTooLarge.
    """
    now = transaction.now_ms()
    draft = {name: value for name, value in fields.items() if name not in _NOT_KEPT}
    plain = json.dumps(draft, ensure_ascii=False).encode("utf-8", "replace")
    if len(plain) > MOST_BYTES:
        raise DraftTooLarge
    clear_old(transaction)
    if not has_words(draft):
        remove(transaction, account, place)
        return now
    sealed = sealer.seal(plain)
    transaction.connection.execute(
        "INSERT OR REPLACE INTO drafts(account, place, body, wrapped_key, saved_at) "
        "VALUES (?,?,?,?,?)",
        (account, place, sealed.body, sealed.wrapped_key, now),
    )
    return now


def remove(transaction: Transaction, account: str, place: str) -> None:
    """Remove a draft: its words went through, or its owner threw it away."""
    _delete(transaction.connection, "account=? AND place=?", (account, place))


def remove_of_matter(transaction: Transaction, number: str) -> None:
    """Remove everyone's drafts on a matter: its words are erased."""
    start = matter_place(number, "")
    _delete(transaction.connection, "substr(place, 1, ?)=?", (len(start), start))


def clear_old(transaction: Transaction) -> None:
    """Remove the drafts that nobody touched for KEPT_DAYS."""
    _delete(transaction.connection, "saved_at < ?", (transaction.now_ms() - _KEPT_MS,))


def clear_erased(transaction: Transaction, folder: Path) -> None:
    """Remove drafts that an older copy of the database brought back after an erasure.

    `folder` is the data folder, where erasures are on record outside the database.
    """
    for erasure in erasures.recorded(folder):
        if erasure.field != "text":
            continue
        # A matter's first event has the matter's own id.
        matter = store.by_id(transaction.connection, bytes.fromhex(erasure.event))
        if matter is not None:
            remove_of_matter(transaction, matter.number)


def of_account(
    connection: sqlite3.Connection, account: str, start: str, unsealer: Unsealer, now_ms: int
) -> dict[str, KeptForm]:
    """Return a person's drafts in the places that begin with `start`, by the rest of the place.

    What was sealed with a key that is gone is passed over.
    """
    forms: dict[str, KeptForm] = {}
    for place, body, wrapped_key, saved_at in connection.execute(
        "SELECT place, body, wrapped_key, saved_at FROM drafts "
        "WHERE account=? AND substr(place, 1, ?)=? AND saved_at>=?",
        (account, len(start), start, now_ms - _KEPT_MS),
    ):
        with suppress(UnsealError):
            plain = unsealer.unseal(Sealed(body, wrapped_key))
            forms[place[len(start) :]] = KeptForm(json.loads(plain), saved_at)
    return forms


def is_kept(connection: sqlite3.Connection, account: str, place: str) -> bool:
    """Return whether there is a draft of a form."""
    row = connection.execute(
        "SELECT 1 FROM drafts WHERE account=? AND place=?", (account, place)
    ).fetchone()
    return row is not None


def kept(connection: sqlite3.Connection, account: str, start: str) -> list[str]:
    """Return in which places that begin with `start` a person has drafts: the rest of each."""
    rows = connection.execute(
        "SELECT place FROM drafts WHERE account=? AND substr(place, 1, ?)=? ORDER BY place",
        (account, len(start), start),
    )
    return [row[0][len(start) :] for row in rows]


def _delete(connection: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> None:
    """Delete rows so that the freed pages are overwritten."""
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute(f"DELETE FROM drafts WHERE {where}", values)
