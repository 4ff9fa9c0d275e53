"""Up to where a station's copy of the site is, as a question on a stick tells it."""

from pathlib import Path

from eventlog.database import reading
from sync.mirror.manifest import LOG_BYTES

# The state of a station's copy, in its data folder.
COPY_NAME = "site-copy.db"
VERSION_BYTES = 8


def cursor_of(folder: Path) -> bytes:
    """Return up to where a station's copy is, as a question on a stick tells it.

    The log id, zeros where there is no copy, and the version. Read only: a server may be at work.
    """
    log, version = b"", 0
    if (folder / COPY_NAME).exists():
        with reading(folder / COPY_NAME) as connection:
            log, version = connection.execute("SELECT log, done FROM copy").fetchone()
    return log.rjust(LOG_BYTES, b"\0") + version.to_bytes(VERSION_BYTES, "big")
