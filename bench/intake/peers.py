"""The peers: Datasette's insert API and PocketBase, each with a table made for the same matter.

Both are installed into `build/peers` by `tools/setup bench`. Each gets its best plain setting:
Datasette a database in WAL mode, PocketBase a collection that anybody may create records in.
Neither seals contact details, keeps a log or waits for a replica.
"""

import contextlib
import json
import secrets
import sqlite3
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import ROOT, NotReadyError, free_port, running

PEERS = ROOT / "build" / "peers" / "bin"
FIELDS = ("text", "name", "phone")


@dataclass(frozen=True)
class Peer:
    """Where a peer takes a matter, and how to count what it holds."""

    address: str
    token: str
    pid: int
    database: Path
    table: str

    def rows(self) -> int:
        """How many rows it holds now."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {self.table}").fetchone()[0])


def _program(name: str) -> str:
    path = PEERS / name
    if not path.exists():
        raise NotReadyError(f"{name} is not installed; run tools/setup bench")
    return str(path)


@contextlib.contextmanager
def datasette(folder: Path) -> Iterator[Peer]:
    """Yield Datasette serving a table `matters`. Raises NotReadyError."""
    program = _program("datasette")
    folder.mkdir(parents=True)
    database = folder / "bench.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "CREATE TABLE matters (id TEXT PRIMARY KEY, text TEXT, name TEXT, phone TEXT)"
        )
    secret, port = secrets.token_hex(16), free_port()
    made = subprocess.run(
        [program, "create-token", "root", "--secret", secret],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if made.returncode != 0:
        raise NotReadyError(f"datasette create-token: {made.stderr[-300:]}")
    address = f"http://127.0.0.1:{port}"
    command = [program, str(database), "--host", "127.0.0.1", "--port", str(port), "--root"]
    command += ["--secret", secret]
    with running(command, f"{address}/-/versions.json", folder / "log") as pid:
        yield Peer(
            f"{address}/bench/matters/-/insert", made.stdout.strip(), pid, database, "matters"
        )


@contextlib.contextmanager
def pocketbase(folder: Path) -> Iterator[Peer]:
    """Yield PocketBase serving a collection `matters`. Raises NotReadyError."""
    program = _program("pocketbase")
    folder.mkdir(parents=True)
    place = f"--dir={folder / 'data'}"
    name, password, port = "bench@example.org", secrets.token_hex(16), free_port()
    made = subprocess.run(
        [program, "superuser", "upsert", name, password, place],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if made.returncode != 0:
        raise NotReadyError(f"pocketbase superuser: {made.stderr[-300:]}")
    address = f"http://127.0.0.1:{port}"
    command = [program, "serve", f"--http=127.0.0.1:{port}", place]
    with running(command, f"{address}/api/health", folder / "log") as pid:
        signed_in = _post(
            f"{address}/api/collections/_superusers/auth-with-password",
            {"identity": name, "password": password},
        )
        _post(
            f"{address}/api/collections",
            {
                "name": "matters",
                "type": "base",
                "createRule": "",
                "fields": [
                    {"name": "submission", "type": "text", "required": True},
                    *({"name": field, "type": "text"} for field in FIELDS),
                ],
                "indexes": [
                    "CREATE UNIQUE INDEX matters_submission ON matters (submission)",
                ],
            },
            token=str(signed_in["token"]),
        )
        yield Peer(
            f"{address}/api/collections/matters/records",
            "",
            pid,
            folder / "data" / "data.db",
            "matters",
        )


def _post(address: str, values: dict[str, Any], token: str = "") -> dict[str, Any]:
    request = urllib.request.Request(
        address,
        json.dumps(values).encode(),
        {"Content-Type": "application/json", **({"Authorization": token} if token else {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except OSError as error:
        raise NotReadyError(f"{address.partition('/api')[2]}: {error}") from error
