"""Erasures, kept outside the database so that an older copy of it can't bring words back.

One JSON line each, appended and fsynced before the erasing transaction commits, and applied again
whenever a node opens its database (DESIGN decision 7).
"""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from eventlog import words
from eventlog.files import flush

FILE_NAME = "erasures.jsonl"


class Erasure(msgspec.Struct, frozen=True):
    """A text that was erased: the event's id in hex, its field, and when (ms, UTC)."""

    event: str
    field: str
    at: int


def record(folder: Path, erasures: Iterable[Erasure]) -> None:
    """Append erasures to the file and bring them to the disk."""
    path = folder / FILE_NAME
    is_new = not path.exists()
    with path.open("a+b") as file:
        if _is_torn(file):
            file.write(b"\n")
        for erasure in erasures:
            file.write(msgspec.json.encode(erasure) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        flush(folder)


def _is_torn(file: BinaryIO) -> bool:
    """Return whether a power cut left the last line without its end."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def recorded(folder: Path) -> list[Erasure]:
    """Return every erasure on file; a line that a power cut tore is passed over."""
    try:
        lines = (folder / FILE_NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found: list[Erasure] = []
    for line in lines:
        try:
            erasure = msgspec.json.decode(line, type=Erasure)
            bytes.fromhex(erasure.event)
        except ValueError:
            continue
        found.append(erasure)
    return found


def apply_again(connection: sqlite3.Connection, folder: Path) -> set[bytes]:
    """Erase what is on file once more; return the subjects of the texts that had come back.

    Called with a transaction open. The freed pages are overwritten.
    """
    connection.execute("PRAGMA secure_delete=ON")
    found: set[bytes] = set()
    for erasure in recorded(folder):
        event = bytes.fromhex(erasure.event)
        if words.erase(connection, event, erasure.field):
            row = connection.execute("SELECT subject FROM events WHERE id=?", (event,)).fetchone()
            if row is not None:
                found.add(row[0])
    return found
