"""A data folder taken by one process alone, for as long as it serves or restores."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILE_NAME = "serve.lock"


class DataFolderInUse(Exception):
    """Another process serves this data folder already, or restores into it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder}: 已有一个服务在用这个数据文件夹 / another process serves this folder"
        )


def take(folder: Path) -> int:
    """Return a descriptor that holds the folder until it is closed. Raises DataFolderInUse."""
    descriptor = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise DataFolderInUse(folder) from error
    with suppress(OSError):  # On a full disk it is known to nobody, and works.
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def holder(folder: Path) -> int | None:
    """Return the process that holds the folder, None where none does or nobody may know."""
    try:
        with (folder / FILE_NAME).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read())
    except (OSError, ValueError):
        pass
    return None


def is_taken(folder: Path) -> bool:
    """Return whether another process, or another part of this one, holds the folder."""
    try:
        with (folder / FILE_NAME).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


@contextmanager
def taken(folder: Path) -> Iterator[None]:
    """Hold the folder while the block runs. Raises DataFolderInUse."""
    descriptor = take(folder)
    try:
        yield
    finally:
        os.close(descriptor)
