"""Whether a restored copy of a database says in every row what the living one says.

SQLite keeps no checksums of its pages: a bit that flips in the middle of a text is read as it is.
Litestream's files have checksums, so the copy is what was once written, and the row that differs is
found here.
"""

import hashlib
import sqlite3
from collections.abc import Iterator


def differing_rows(here: sqlite3.Connection, copy: sqlite3.Connection) -> dict[str, set[bytes]]:
    """Return, by table, the hashes of rows that only the living database or only the copy has.

    Rows that were written since the copy was made are among them. Called with a transaction open
    on both. Raises `sqlite3.DatabaseError` where either can't be read.
    """
    differing: dict[str, set[bytes]] = {}
    for table in _tables(here) | _tables(copy):
        if table in _tables(here) and table in _tables(copy):
            if _digest(here, table) == _digest(copy, table):
                continue
            differing[table] = set(_rows(here, table)) ^ set(_rows(copy, table))
        else:
            differing[table] = {b"table"}
    return {table: rows for table, rows in differing.items() if rows}


def damage(connection: sqlite3.Connection) -> str:
    """Return what SQLite itself finds wrong with a database, "" for nothing."""
    try:
        answer = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if answer == "ok" else answer


def _tables(connection: sqlite3.Connection) -> set[str]:
    """Return the tables that hold rows, and what defines each thing."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND name NOT LIKE 'sqlite_stat%' AND name NOT LIKE '\\_litestream%' ESCAPE '\\'"
    )
    return {"sqlite_master", *(row[0] for row in rows)}


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[bytes]:
    """Yield a hash of each row."""
    # Where the rows of a definition lie differs between two files that say the same.
    columns = "type, name, sql" if table == "sqlite_master" else "*"
    name = table.replace('"', '""')
    for row in connection.execute(f'SELECT {columns} FROM "{name}"'):
        yield hashlib.blake2b(
            repr(tuple(row)).encode("utf-8", "surrogatepass"), digest_size=16
        ).digest()


def _digest(connection: sqlite3.Connection, table: str) -> int:
    """Return a sum over all rows, in whatever order they come."""
    return sum(int.from_bytes(row, "big") for row in _rows(connection, table))
