"""How the public site of a hub stands: built, being built, or why it could not be.

A small file beside the site says that there is work under way or what went wrong, for commands
that run beside the server; it goes once the site is as it should be.
"""

from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from eventlog.files import write_atomically

FILE_NAME = "site-building.json"
ERROR_MOST = 1000

Standing = Literal["ready", "building", "failed"]


class Building(msgspec.Struct, frozen=True):
    """A build that is not done: since when (ms, UTC), and why the last try failed, "" for none."""

    since_ms: int
    error: str = ""


def note(folder: Path, building: Building) -> None:
    """Write down how a build stands; where the disk is full, the server alone can tell."""
    with suppress(OSError):
        write_atomically(folder / FILE_NAME, msgspec.json.encode(building))


def clear(folder: Path) -> None:
    """Note that the site is as it should be."""
    (folder / FILE_NAME).unlink(missing_ok=True)


def read(folder: Path) -> Building | None:
    """Return the build that is not done, None where there is none."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Building)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
