"""The settings that a new machine needs, kept in the replicated database and put back by a restore.

No secret is among them: of those it is kept only that they were set, so that a restore can ask.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from eventlog.database import has_table
from eventlog.files import write_atomically
from eventlog.transaction import Transaction
from server.folder.addresses import replica_place
from server.folder.settings import FILE_NAME, SECRETS, Settings

# Of this folder and this try alone.
_NOT_KEPT = frozenset(("data", "sample"))


class KeptSettings(NamedTuple):
    """Settings by name as TOML has their values, and the names of those that lack a secret."""

    values: Mapping[str, str]
    lacking: tuple[str, ...]


def kept_settings(settings: Settings) -> KeptSettings:
    """Return the settings that are not as they are by default, and the role."""
    values: dict[str, str] = {}
    lacking = []
    for field in fields(Settings):
        name, value = field.name, getattr(settings, field.name)
        if name in _NOT_KEPT or (value == field.default and name != "role"):
            continue
        if name in SECRETS:
            lacking.append(name)
            continue
        if name == "replica" and value != "off" and settings.replica_address != value:
            lacking.append(name)
            value = settings.replica_address
        # JSON of these types is TOML, too.
        values[name] = json.dumps(value, ensure_ascii=False)
    return KeptSettings(values, tuple(lacking))


def note(transaction: Transaction, settings: Settings) -> None:
    """Keep the settings with which a node is served now, where they are others than before."""
    connection = transaction.connection
    kept = kept_settings(settings)
    if read(connection) == kept:
        return
    connection.execute("DELETE FROM kept_settings")
    connection.executemany(
        "INSERT INTO kept_settings(name, value, lacks_secret) VALUES (?,?,?)",
        [
            (name, kept.values.get(name, ""), name in kept.lacking)
            for name in dict.fromkeys((*kept.values, *kept.lacking))
        ],
    )


def read(connection: sqlite3.Connection) -> KeptSettings:
    """Return what is kept; nothing where no release that keeps settings was served yet."""
    if not has_table(connection, "kept_settings"):
        return KeptSettings({}, ())
    rows = connection.execute(
        "SELECT name, value, lacks_secret FROM kept_settings ORDER BY number"
    ).fetchall()
    return KeptSettings(
        {name: value for name, value, _ in rows if value},
        tuple(name for name, _, lacks in rows if lacks),
    )


def put_back(folder: Path, kept: KeptSettings, replica: str) -> KeptSettings | None:
    """Write the settings file of a restored folder and return what it has; None where one stands.

    `replica` is the address that was restored from: where it is the kept one with its password, it
    is written whole, for the file is its owner's alone.
    """
    if (folder / FILE_NAME).exists() or not kept.values:
        return None
    values = dict(kept.values)
    lacking = list(kept.lacking)
    if "replica" in lacking and json.loads(values["replica"]) == _without_secrets(replica):
        values["replica"] = json.dumps(replica, ensure_ascii=False)
        lacking.remove("replica")
    text = "".join(f"{name} = {value}\n" for name, value in values.items())
    write_atomically(folder / FILE_NAME, text.encode(), mode=0o600)
    return KeptSettings(values, tuple(lacking))


def _without_secrets(replica: str) -> str:
    return replica_place(replica).without_secrets


def lines_for_kit(settings: Settings) -> dict[str, Any]:
    """Return the kept settings as the recovery kit shows them."""
    kept = kept_settings(settings)
    return {**kept.values, **dict.fromkeys(kept.lacking, "… (密码不印 not printed)")}
