"""Refolding: a data folder of an older release is brought to what this release makes of its log.

A projection says by its `version` that it folds or writes otherwise than before. The node notes by
which version each noun's tables were made, and makes those anew that are older.
"""

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from eventlog.projections import Projection, projection_of, version_of
from eventlog.replay import complete
from eventlog.transaction import events_of, refold

logger = logging.getLogger("huiyin.eventlog")
BATCH = 1000


def outdated(
    connection: sqlite3.Connection, projections: Mapping[str, Projection]
) -> dict[str, Projection]:
    """Return the projections whose tables were made by another version, by noun."""
    made = dict(connection.execute("SELECT noun, version FROM projection_versions").fetchall())
    return {
        noun: projection
        for noun, projection in projections.items()
        if made.get(noun) != version_of(projection)
    }


def bring_up_to_date(connection: sqlite3.Connection, projections: Mapping[str, Projection]) -> int:
    """Fold anew what an older version made; return how many subjects. No transaction is open.

    Works in batches, each a transaction. One that is cut off begins again at the next start,
    because the versions are noted last.
    """
    older = outdated(connection, projections)
    if not older:
        return 0
    has_events = connection.execute("SELECT 1 FROM events LIMIT 1").fetchone() is not None
    if has_events:
        logger.info("folding anew: %s", ", ".join(sorted(older)))
    with _one_transaction(connection):
        for projection in older.values():
            projection.clear(connection)
    count, last = 0, b""
    while has_events:
        with _one_transaction(connection):
            rows = connection.execute(
                "SELECT subject, max(position) FROM events WHERE subject > ? "
                "GROUP BY subject ORDER BY subject LIMIT ?",
                (last, BATCH),
            ).fetchall()
            for subject, position in rows:
                events = events_of(connection, subject)
                found = projection_of(projections, events)
                if found is not None and found.noun in older:
                    refold(connection, projections, subject, events, position)
                    count += 1
        if len(rows) < BATCH:
            break
        last = rows[-1][0]
    with _one_transaction(connection):
        complete(connection, older.values())
        connection.executemany(
            "INSERT OR REPLACE INTO projection_versions(noun, version) VALUES (?,?)",
            [(noun, version_of(projection)) for noun, projection in older.items()],
        )
    if has_events:
        logger.info("folded %d subjects anew", count)
    return count


@contextmanager
def _one_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
