"""Whose keys a data folder's database was written with, so that others beside it are noticed.

The database itself says it, by the public halves: so a kit of another node is noticed after a
restore, too. A database of a release that did not write it down is judged by what it holds: the
newest contact that was sealed here, and what the nodes below entrusted to it.
"""

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from eventlog.database import has_table, reading, reading_untouched
from eventlog.keys import FILE_NAME, PUT_BACK, Keys, KeysError
from eventlog.log import FILE_NAME as LOG_FILE
from eventlog.log import Log
from eventlog.sealing import Sealed, UnsealError
from eventlog.transaction import Transaction
from sync.nodes.nodes import open_secrets

# What only a node that ran leaves behind: beside any of these no keys are made.
TRACES = (
    *("huiyin.db", "huiyin.db-wal", "attachments.db", "attachments.db-wal"),
    *(".huiyin.db-litestream", ".attachments.db-litestream", "litestream.yml"),
    *(
        "replica-claims.json",
        "voice.json",
        "clock.json",
        "erasures.jsonl",
        "durable-position",
        "recovery-kit.txt",
    ),
)

_ALL_LOGS = "SELECT log FROM logs"
_NEWEST_LOG = "SELECT log FROM logs ORDER BY epoch DESC LIMIT 1"


class KeysMissing(KeysError):
    """A node ran in this folder, and its keys are not there."""


class KeysOfAnotherNode(KeysError):
    """The keys beside a database are not those that it was written with."""

    code = "keys-of-another"


class _Own(NamedTuple):
    """What is written down of a node's keys. A station's sealing key changes as it enrols anew."""

    verify_key: bytes
    receipt_mark: bytes
    sealing_key: bytes


def trace_of(folder: Path) -> str:
    """Return what in a folder says that a node ran in it, nothing where it is empty."""
    return next((name for name in TRACES if (folder / name).exists()), "")


def missing_from(folder: Path, trace: str) -> KeysMissing:
    """Return what to raise where keys are missing beside that trace of a node."""
    return KeysMissing(
        f"{folder}: 有 {trace},没有密钥 {FILE_NAME},没有改动 / "
        f"there is {trace} and no {FILE_NAME}; nothing was changed",
        PUT_BACK
        if (folder / LOG_FILE).exists()
        else "huiyin restore --from REPLICA_URL,到空文件夹 / into an empty folder",
    )


def are_own(database: Path, keys: Keys) -> bool | None:
    """Return whether a database was written with these keys, None where that can't be known.

    Changes nothing in the folder.
    """
    return _read(database, lambda connection: _are_own(connection, keys))


def fit(database: Path, keys: Keys) -> bool:
    """Return whether keys may be put beside a database: its own, or nothing else is known."""
    return are_own(database, keys) is not False or open_newest(database, keys) is True


def open_newest(database: Path, keys: Keys) -> bool | None:
    """Return whether a hub's keys open what was sealed to it last, where that is what counts.

    It counts for more than what was found when the database was opened: an older release made new
    keys unasked, and took any kit for a restore. It counts nothing once somebody chose the keys.
    """

    def look(connection: sqlite3.Connection) -> bool | None:
        row = None
        if has_table(connection, "own_keys"):
            row = connection.execute(
                "SELECT chosen FROM own_keys ORDER BY number DESC LIMIT 1"
            ).fetchone()
        is_chosen = row is not None and bool(row[0])
        return None if is_chosen else _open_newest(connection, keys, _ALL_LOGS)

    return _read(database, look)


def _read(database: Path, look: Callable[[sqlite3.Connection], bool | None]) -> bool | None:
    if not database.exists():
        return None
    for read in (reading_untouched, reading):
        try:
            with read(database) as connection:
                return look(connection)
        except sqlite3.DatabaseError:
            # A page that was being written, a damaged database, or one that is still empty.
            continue
    return None


def refuse_others(folder: Path, keys: Keys) -> None:
    """Raise KeysOfAnotherNode where the keys are known not to be those of the folder's log."""
    if are_own(folder / LOG_FILE, keys) is False:
        raise KeysOfAnotherNode(
            f"{folder / FILE_NAME}: 是另一台机器的密钥({keys.fingerprint}),没有改动 / these are "
            f"another node's keys ({keys.fingerprint}); nothing was changed",
            PUT_BACK,
        )


def note_own(log: Log, keys: Keys) -> None:
    """Write down whose keys these are, where no keys are written down yet."""
    with log.reading() as connection:
        if _newest(connection) is not None:
            return
    log.write(lambda transaction: take_as_own(transaction, keys, chosen=False))


def take_as_own(transaction: Transaction, keys: Keys, *, chosen: bool = True) -> None:
    """Write down that the node goes on with these keys, which somebody put there as a rule."""
    own = _own(keys)
    if _newest(transaction.connection) != own:
        transaction.connection.execute(
            "INSERT INTO own_keys(verify_key, receipt_mark, sealing_key, chosen, since) "
            "VALUES (?,?,?,?,?)",
            (*own, chosen, transaction.now_ms()),
        )
    elif chosen:
        transaction.connection.execute(
            "UPDATE own_keys SET chosen=1 WHERE number=(SELECT max(number) FROM own_keys)"
        )


def _own(keys: Keys) -> _Own:
    mark = hashlib.sha256(b"huiyin receipt key" + keys.receipt).digest()[:16]
    return _Own(keys.verify_key, mark, b"" if keys.of_station else keys.public_sealing_key)


def _newest(connection: sqlite3.Connection) -> _Own | None:
    row = connection.execute(
        "SELECT verify_key, receipt_mark, sealing_key FROM own_keys ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return None if row is None else _Own(*row)


def _are_own(connection: sqlite3.Connection, keys: Keys) -> bool | None:
    if has_table(connection, "own_keys"):
        newest = _newest(connection)
        if newest is not None:
            own = _own(keys)
            # A hub's folder that becomes a station's, before anything was written in it.
            either = b"" in (newest.sealing_key, own.sealing_key)
            return newest[:2] == own[:2] and (either or newest.sealing_key == own.sealing_key)
    return _open_newest(connection, keys, _NEWEST_LOG)


def _open_newest(connection: sqlite3.Connection, keys: Keys, logs: str) -> bool | None:
    """Return whether a hub's keys open what was sealed last to the node, in its newest log or any.

    A restore begins a log, and may have begun it with new keys: what is older says nothing of them.
    """
    if not keys.unsealing or keys.of_station:
        return None
    row = connection.execute(
        f"SELECT w.body, w.wrapped_key FROM events e JOIN words w ON w.event=e.id WHERE e.log IN "
        f"({logs}) AND w.wrapped_key IS NOT NULL ORDER BY e.position DESC LIMIT 1"
    ).fetchone()
    if row is not None:
        try:
            keys.unsealer.unseal(Sealed(*row))
        except UnsealError:
            return False
        return True
    if not has_table(connection, "nodes"):
        return None
    row = connection.execute(
        "SELECT secrets FROM nodes WHERE secrets IS NOT NULL "
        "AND enrolled_at>(SELECT max(started_at) FROM logs) ORDER BY enrolled_at DESC LIMIT 1"
    ).fetchone()
    return None if row is None else open_secrets(row[0], keys.unsealing) is not None
