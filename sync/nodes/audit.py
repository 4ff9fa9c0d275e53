"""What an exchange came upon that somebody should know: refusals, forks, changes of voice.

Ids and codes only, no word of anybody. The newest are kept.
"""

import sqlite3
from enum import StrEnum
from typing import NamedTuple

KEPT_MOST = 5000


class Finding(StrEnum):
    """What can be found. Those that call for somebody are in `ALARMS`."""

    FORGED = "forged"
    UNKNOWN_NODE = "unknown-node"
    REVOKED = "revoked"
    MALFORMED = "malformed"
    WRONG_WORDS = "wrong-words"
    FORK = "fork"
    BEHIND = "behind"
    CLASH = "clash"
    QUARANTINED = "quarantined"
    BAD_CODE = "bad-code"
    ENROLLED = "enrolled"
    INVITED = "invited"
    REVOKING = "revoking"
    REFILLED = "refilled"
    CLOCK_OFF = "clock-off"
    NEW_VOICE = "new-voice"
    WRONG_PHOTO = "wrong-photo"
    ANOTHERS_BUNDLE = "anothers-bundle"
    SEEN = "seen"
    TAKEN = "taken"
    REJECTED = "rejected"


ALARMS = (
    Finding.FORGED,
    Finding.REVOKED,
    Finding.FORK,
    Finding.CLASH,
    Finding.QUARANTINED,
    Finding.WRONG_WORDS,
    Finding.WRONG_PHOTO,
)


# The detail of what was seen begins with the number up to which it was.
_UNSEEN = (
    f"a.code IN ({','.join('?' * len(ALARMS))}) AND a.number > coalesce("
    "(SELECT max(CAST(detail AS INTEGER)) FROM sync_audit WHERE code='seen'), 0)"
)


class Entry(NamedTuple):
    """One finding: when (ms, UTC), of which node (its name, or ""), what, and ids."""

    at: int
    node: str
    code: str
    detail: str


def note(
    connection: sqlite3.Connection,
    now_ms: int,
    code: Finding,
    *,
    node: int | None,
    detail: str = "",
) -> None:
    """Put a finding on record. Called with a transaction open.

    The same finding about the same node is noted once an hour, so that a stranger who knocks a
    thousand times fills nothing.
    """
    known = connection.execute(
        "SELECT 1 FROM sync_audit WHERE code=? AND node IS ? AND detail=? AND at>?",
        (code, node, detail, now_ms - 3_600_000),
    ).fetchone()
    if known is not None:
        return
    connection.execute(
        "INSERT INTO sync_audit(at, node, code, detail) VALUES (?,?,?,?)",
        (now_ms, node, code, detail),
    )
    connection.execute(
        "DELETE FROM sync_audit WHERE number <= (SELECT max(number) FROM sync_audit) - ?",
        (KEPT_MOST,),
    )


def note_seen(connection: sqlite3.Connection, now_ms: int, number: int, by: str) -> None:
    """Note that somebody saw all alarms up to a number. Called with a transaction open."""
    note(connection, now_ms, Finding.SEEN, node=None, detail=f"{number} {by}")


def newest(connection: sqlite3.Connection) -> int:
    """Return the number of the newest finding, 0 where there is none."""
    return int(connection.execute("SELECT coalesce(max(number), 0) FROM sync_audit").fetchone()[0])


def alarms(connection: sqlite3.Connection, most: int = 100) -> list[Entry]:
    """Return the alarms that nobody said to have seen, the newest first."""
    return _entries(connection, f"WHERE {_UNSEEN}", (*ALARMS, most))


def count_alarms(connection: sqlite3.Connection) -> int:
    """Return how many alarms nobody said to have seen."""
    row = connection.execute(f"SELECT count(*) FROM sync_audit a WHERE {_UNSEEN}", ALARMS)
    return int(row.fetchone()[0])


def entries(connection: sqlite3.Connection, most: int = 100) -> list[Entry]:
    """Return the newest findings, the newest first."""
    return _entries(connection, "", (most,))


def _entries(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> list[Entry]:
    rows = connection.execute(
        "SELECT a.at, coalesce(n.name, ''), a.code, a.detail FROM sync_audit a "
        f"LEFT JOIN nodes n ON n.node=a.node {where} ORDER BY a.number DESC LIMIT ?",
        values,
    )
    return [Entry(*row) for row in rows]
