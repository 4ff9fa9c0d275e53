"""A migration that was released does the same for good, whatever the code around it becomes.

It may name nothing but its argument and what it binds itself, so that no constant of today's can
change it; and the SQL that it runs is kept by its hash in `migrations.json`, so that no edit can.
"""

import ast
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from eventlog.schema import migrations as log_migrations
from matters.schema import migrations as matters_migrations
from server.folder.schema import migrations as server_migrations
from server.photos.schema import migrations as photo_migrations
from stations.register_log import migrations as register_migrations
from sync.mirror.manifest import migrations as manifest_migrations
from sync.mirror.mirror import migrations as mirror_migrations
from sync.photos.schema import migrations as travelling_migrations
from sync.schema import migrations as exchange_migrations

REPOSITORY = Path(__file__).parents[1]
PRODUCT = ("acts", "eventlog", "stations", "deputies", "matters", "sync", "server", "site")
KEPT = Path(__file__).with_name("migrations.json")
# The sets of each database, in the order in which they are applied.
DATABASES = {
    "log": (
        log_migrations,
        register_migrations,
        matters_migrations,
        server_migrations,
        exchange_migrations,
    ),
    "photos": (photo_migrations, travelling_migrations),
    "manifest": (manifest_migrations,),
    "mirror": (mirror_migrations,),
}


def modules() -> Iterator[ast.Module]:
    """Yield every module of the product that makes a set of migrations."""
    for folder in PRODUCT:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            source = path.read_text("utf-8")
            if "Migrations(" in source:
                yield ast.parse(source, str(path))


def migrations_of(module: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yield the functions of a module that are migrations."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            decorators = [ast.unparse(one) for one in node.decorator_list]
            if any(one.startswith("migrations(") for one in decorators):
                yield node


def names_from_outside(function: ast.FunctionDef) -> set[str]:
    """Return the names that a function reads and does not bind itself."""
    names = [one for part in function.body for one in ast.walk(part) if isinstance(one, ast.Name)]
    bound = {one.id for one in names if isinstance(one.ctx, ast.Store)}
    return {one.id for one in names} - bound - {one.arg for one in function.args.args}


def recorded_sql() -> dict[str, str]:
    """Return the hash of the SQL that each migration runs, by its set and name."""
    hashes = {}
    for sets in DATABASES.values():
        connection = sqlite3.connect(":memory:")
        database = Database(connection)
        for migrations in sets:
            for migration in migrations._migrations:
                statements: list[str] = []
                connection.set_trace_callback(statements.append)
                migration.fn(database)
                connection.set_trace_callback(None)
                sql = "\n".join(" ".join(statement.split()) for statement in statements)
                digest = hashlib.sha256(sql.encode()).hexdigest()[:16]
                hashes[f"{migrations.name} {migration.name}"] = digest
        connection.close()
    return hashes


def test_every_set_of_migrations_is_looked_at() -> None:
    names = {
        ast.literal_eval(node.args[0])
        for module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Migrations"
    }
    assert names == {one.name for sets in DATABASES.values() for one in sets}
    count = sum(len(list(migrations_of(module))) for module in modules())
    assert count == sum(len(one._migrations) for sets in DATABASES.values() for one in sets)


def test_no_migration_reads_a_constant_that_can_change() -> None:
    strangers = {
        f"{function.name}: {name}"
        for module in modules()
        for function in migrations_of(module)
        for name in names_from_outside(function)
    }
    assert not strangers


@pytest.mark.parametrize(
    ("source", "strangers"),
    [
        ("def m(database): database.execute(SQL)", {"SQL"}),
        ("def m(database):\n for c in COLUMNS: database.execute(f'ADD {c}')", {"COLUMNS"}),
        ("def m(database):\n import matters\n database.execute(matters.SQL)", {"matters"}),
        ("def m(database):\n for c in ('a', 'b'): database.execute(f'ADD {c}')", set()),
    ],
)
def test_what_a_migration_reads_from_outside_is_seen(source: str, strangers: set[str]) -> None:
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert names_from_outside(function) == strangers


def test_what_was_released_runs_the_same_sql() -> None:
    """A migration that is new is added to `migrations.json` with its release."""
    assert recorded_sql() == json.loads(KEPT.read_text("utf-8"))
