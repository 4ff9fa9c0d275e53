"""Pictures of matters: which each of them names, and which go when its words are erased."""

import sqlite3
from collections.abc import Iterable

from matters.matter import Matter
from matters.shapes import WrongShape, texts_in


def named_by(matter: Matter) -> set[str]:
    """Return the SHA-256 of every picture that a matter shows to anybody, staff included."""
    if matter.words_erased:
        return set()
    sent = {str(photo.get("sha256", "")) for photo in matter.photos}
    return (sent | set(matter.before) | set(matter.after)) - {""}


def ever_named_by(matter: Matter) -> set[str]:
    """Return the SHA-256 of every picture that any event of the matter ever named."""
    pictures = {str(photo.get("sha256", "")) for photo in matter.photos}
    for step in matter.steps:
        for field in ("before", "after"):
            try:
                pictures.update(texts_in(step.data, field))
            except WrongShape:
                continue
    return pictures - {""}


def write_named(connection: sqlite3.Connection, matter: Matter) -> None:
    """Note which pictures the matter names now. The transaction is open."""
    if len(matter.steps) > 1:
        connection.execute("DELETE FROM matter_pictures WHERE matter=?", (matter.id,))
    connection.executemany(
        "INSERT OR IGNORE INTO matter_pictures(matter, sha256) VALUES (?,?)",
        [(matter.id, sha256) for sha256 in sorted(named_by(matter))],
    )


def no_longer_named(
    connection: sqlite3.Connection, matters: Iterable[Matter], erased: Iterable[bytes]
) -> list[str]:
    """Return the pictures of these matters that no matter but the `erased` and no record names."""
    gone = set(erased)
    named = sorted(set().union(*(ever_named_by(matter) for matter in matters)))
    return [sha256 for sha256 in named if not _is_named(connection, sha256, gone)]


def is_named(connection: sqlite3.Connection, sha256: str) -> bool:
    """Return whether a matter or a record names the picture now."""
    return _is_named(connection, sha256, set())


def _is_named(connection: sqlite3.Connection, sha256: str, gone: set[bytes]) -> bool:
    by = connection.execute("SELECT matter FROM matter_pictures WHERE sha256=?", (sha256,))
    if any(row[0] not in gone for row in by):
        return True
    # Seldom asked, and the registers are small: a look through their text will do.
    record = connection.execute("SELECT 1 FROM records WHERE instr(record, ?)", (sha256,))
    return record.fetchone() is not None
