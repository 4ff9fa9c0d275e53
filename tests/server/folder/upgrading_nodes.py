"""A program that opens folders of older releases, and dies at a step of that where it is told to.

It is started once, below `tests/failing_disk.c`, with all that a node imports; for each line on its
standard input, a task as JSON, it forks a node, and answers with a line of JSON. A node that was
not made to die says what its folder holds then.
"""

import hashlib
import json
import os
import sqlite3
import sys
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

from eventlog.database import reading
from eventlog.sealing import Sealed
from server.folder.settings import load_settings
from server.node import Node
from tests.failing_disk import FailingDisk, Mode
from tests.hub import until

DATABASES = ("huiyin.db", "attachments.db")
# Only ever compared with itself, by caches: a refolding that was begun twice counts further.
COUNTERS = ("records_version",)
# When something was done here; another at each try, and nothing that anybody wrote.
TIMES = {"applied_at", "started_at", "made_at", "since"}


def contents(database: Path) -> str:
    """Return a hash of all rows and the schema of a database, but for the times of its making."""
    running = hashlib.sha256()
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL "
            "AND name NOT LIKE '\\_litestream%' ESCAPE '\\' ORDER BY name"
        ).fetchall()
        for name, sql in tables:
            running.update(sql.encode())
            columns = connection.execute("SELECT name FROM pragma_table_info(?)", (name,))
            kept = [f'"{column}"' for (column,) in columns if column not in TIMES]
            if not sql.startswith("CREATE TABLE") or name in COUNTERS:
                continue
            rows = connection.execute(f'SELECT {",".join(kept)} FROM "{name}"').fetchall()
            running.update("\n".join(sorted(map(repr, rows))).encode())
    return running.hexdigest()


def opened_secrets(node: Node) -> int:
    """Return how many sealed texts the node's own keys open: all of them, or this raises.

    A station that was enrolled opens none; its hub does.
    """
    if node.keys.of_station and not node.keys.unsealing:
        return 0
    with reading(node.log.path) as connection:
        rows = connection.execute(
            "SELECT body, wrapped_key FROM words WHERE wrapped_key IS NOT NULL AND body != x''"
        ).fetchall()
    for body, wrapped_key in rows:
        node.keys.unsealer.unseal(Sealed(body, wrapped_key))
    return len(rows)


def upgraded(folder: Path, site: bool) -> dict[str, Any]:
    """Open a folder as a start of the node does, build the site if asked, and end in order."""
    node = Node(load_settings(folder, replica="off", port=1, sync_every="off"))
    try:
        if site:
            # Not the whole node: what time brings would be written anew at each try.
            node.site.start()
            node.indexer.start()
            newest = node.log.newest_position()
            until(lambda: node.site.built_position >= newest, within_s=100)
        verification = node.log.verify()
        report = {
            "ok": verification.ok,
            "state_hash": verification.state_hash,
            "voice": [node.log.voice.log.hex(), node.log.voice.epoch],
            "secrets": opened_secrets(node),
        }
    finally:
        node.stop()
    return report


def one_node(disk: FailingDisk, task: dict[str, Any]) -> dict[str, Any]:
    """Return what came of one opening, in the process that may die of it."""
    folder = Path(task["folder"])
    disk.arm(folder, task["at"], Mode.TORN if task["torn"] else Mode.DEATH)
    report = upgraded(folder, task["site"])
    report["changes"] = disk.calls
    disk.disarm()
    report["contents"] = [contents(folder / name) for name in DATABASES]
    pages = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted((folder / "site").rglob("*"))
        if task["site"] and path.is_file()
    }
    report["pages"] = len(pages)
    report["site"] = hashlib.sha256(repr(pages).encode()).hexdigest()
    report["keys"] = hashlib.sha256((folder / "keys.json").read_bytes()).hexdigest()
    return report


def main() -> None:
    """Do each task in a fork, and say what came of it."""
    disk = FailingDisk()
    for line in sys.stdin:
        task = json.loads(line)
        reading_end, writing_end = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                report = one_node(disk, task)
            except BaseException:
                report = {"error": traceback.format_exc()}
            os.write(writing_end, json.dumps(report).encode())
            os._exit(0)
        os.close(writing_end)
        with os.fdopen(reading_end, "rb") as pipe:
            told = pipe.read()
        died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
        sys.stdout.write((json.dumps({"died": True}) if died else told.decode()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
