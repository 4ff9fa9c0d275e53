"""A data folder that a newer release wrote is refused: what this one would leave out, or count
otherwise, nobody could tell afterwards."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlite_utils import Database, Migrations

from eventlog.database import has_table, reading, reading_untouched


class NewerFolder(Exception):
    """A newer release brought this folder's tables further than this program knows."""

    code = "newer-folder"

    def __init__(self, database: Path, unknown: Sequence[str]) -> None:
        self.what = (
            f"{database}: 更新的版本写过,没有改动 / a newer release wrote it, and nothing was "
            f"changed ({', '.join(unknown)})"
        )
        self.do = (
            "装回那个新版本,或从升级以前的副本恢复到空文件夹 / use that newer release again, or "
            "restore a replica of before into an empty folder"
        )
        super().__init__(f"{self.what} → {self.do}")


def refuse_newer(folder: Path, known: Mapping[str, Sequence[Migrations]]) -> None:
    """Raise NewerFolder where a database has migrations that none of its `known` sets has.

    Changes nothing in the folder. `known` are the sets by the databases' file names.
    """
    for name, sets in known.items():
        path = folder / name
        if path.exists():
            made = _made(path)
            unknown = sorted(made - {step for one in sets for step in _steps(one)})
            if unknown:
                raise NewerFolder(path, unknown)


def _steps(migrations: Migrations) -> list[str]:
    # An empty database lacks all of them.
    empty = Database(memory=True, execute_plugins=False)
    try:
        return [f"{migrations.name} {step.name}" for step in migrations.pending(empty)]
    finally:
        empty.close()


def _made(path: Path) -> set[str]:
    """Return the migrations that a database has been through."""
    for read in (reading_untouched, reading):
        try:
            with read(path) as connection:
                if not has_table(connection, Migrations.migrations_table):
                    return set()
                rows = connection.execute("SELECT migration_set, name FROM _sqlite_migrations")
                return {f"{row[0]} {row[1]}" for row in rows}
        except sqlite3.DatabaseError:
            # A page that was being written; a damaged database says so where it is opened.
            continue
    return set()
