"""Erasures, kept outside the database so that an older copy of it can't bring words back.

One JSON line each, appended and fsynced before the erasing transaction commits, and applied again
whenever a node opens its database (DESIGN decision 7).
"""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from eventlog import words

FILE_NAME = "erasures.jsonl"


class Erasure(msgspec.Struct, frozen=True):
    """A text that was erased: the event's id in hex, its field, and when (ms, UTC)."""

    event: str
    field: str
    at: int


def record(folder: Path, erasures: Iterable[Erasure]) -> None:
    """Append erasures to the file and bring them to the disk."""
    with (folder / FILE_NAME).open("ab") as file:
        for erasure in erasures:
            file.write(msgspec.json.encode(erasure) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def recorded(folder: Path) -> list[Erasure]:
    """Return every erasure on file; a last line that a power cut tore is passed over."""
    try:
        lines = (folder / FILE_NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found: list[Erasure] = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=Erasure))
        except msgspec.DecodeError:
            continue
    return found


def apply_again(connection: sqlite3.Connection, folder: Path) -> int:
    """Erase what is on file once more; return how many texts had come back.

    Called with a transaction open.
    """
    return sum(
        words.erase(connection, bytes.fromhex(erasure.event), erasure.field)
        for erasure in recorded(folder)
    )
