"""The mark on a replica that can't be relied on until a fresh snapshot went up.

A file in the data folder, outside the database: it must outlive the process, and it must be
there before what breaks the replica is done.
"""

from pathlib import Path

from sync.keeping.configuration import write_private


def mark(data_folder: Path, name: str, why: str) -> None:
    """Note, durably, that the replica of that database is broken, and why."""
    write_private(_path(data_folder, name), why)


def reason(data_folder: Path, name: str) -> str:
    """Return why the replica is broken, or nothing when it is not."""
    try:
        return _path(data_folder, name).read_text(encoding="utf-8") or "unknown"
    except FileNotFoundError:
        return ""


def clear(data_folder: Path, name: str) -> None:
    """Remove the mark: a fresh snapshot is in the replica."""
    _path(data_folder, name).unlink(missing_ok=True)


def _path(data_folder: Path, name: str) -> Path:
    return data_folder / f"replica-broken-{name}"
