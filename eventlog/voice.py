"""The voice in which a node writes: its log id and epoch (DESIGN decision 6).

The log id and a high-water mark stand in a small file outside the database. A database that is
behind its mark was put back from an older copy; one without the file was restored or cloned. Both
get a new log id and epoch, so that no sequence number is ever given twice in one log.
"""

import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from eventlog.files import write_atomically

FILE_NAME = "voice.json"
MARK_EVERY_S = 1.0


class Voice(NamedTuple):
    """The log that this node writes now: 8 random bytes, and its epoch, counted from 1."""

    log: bytes
    epoch: int


class _Mark(msgspec.Struct):
    log: str
    epoch: int
    sequence: int


def take_voice(connection: sqlite3.Connection, folder: Path, now_ms: int) -> Voice:
    """Return the node's voice, taking a new epoch where the database can't go on in the old one.

    Called with a transaction open, before anything else is written.
    """
    mark = _read_mark(folder)
    if mark is not None:
        log = _log_of(mark)
        known = connection.execute("SELECT epoch FROM logs WHERE log=?", (log,)).fetchone()
        if known is not None and _last_sequence(connection, log) >= mark.sequence:
            return Voice(log, known[0])
    return new_voice(connection, folder, now_ms, mark.epoch if mark else 0)


def new_voice(
    connection: sqlite3.Connection, folder: Path, now_ms: int, epoch_before: int = 0
) -> Voice:
    """Return a new voice, of an epoch above any that is known here. A transaction is open."""
    newest = connection.execute("SELECT max(epoch) FROM logs").fetchone()[0] or 0
    voice = Voice(os.urandom(8), max(newest, epoch_before) + 1)
    connection.execute(
        "INSERT INTO logs(log, epoch, started_at) VALUES (?,?,?)", (voice.log, voice.epoch, now_ms)
    )
    write_mark(folder, voice, 0)
    return voice


def write_mark(folder: Path, voice: Voice, sequence: int) -> None:
    """Put the high-water mark on disk, beside the database and not in it."""
    mark = _Mark(voice.log.hex(), voice.epoch, sequence)
    write_atomically(folder / FILE_NAME, msgspec.json.encode(mark))


class MarkKeeper:
    """Moves the high-water mark along, at most once a second. Called on the writer thread."""

    def __init__(self, folder: Path, voice: Voice) -> None:
        self._folder = folder
        self._voice = voice
        self._written_at = 0.0
        self._lock = threading.Lock()

    def follow(self, voice: Voice) -> None:
        """Keep the mark of another voice from now on."""
        with self._lock:
            self._voice = voice

    def note(self, connection: sqlite3.Connection, *, at_once: bool = False) -> None:
        """Write the mark where a second has passed, or `at_once` when the node stops."""
        with self._lock:
            now = time.monotonic()
            if not at_once and now - self._written_at < MARK_EVERY_S:
                return
            self._written_at = now
            write_mark(self._folder, self._voice, _last_sequence(connection, self._voice.log))


def _log_of(mark: _Mark) -> bytes:
    try:
        return bytes.fromhex(mark.log)
    except ValueError:
        return b""


def _read_mark(folder: Path) -> _Mark | None:
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=_Mark)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _last_sequence(connection: sqlite3.Connection, log: bytes) -> int:
    row = connection.execute("SELECT max(sequence) FROM events WHERE log=?", (log,)).fetchone()
    return row[0] or 0
