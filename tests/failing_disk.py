"""The library that counts what is asked of files and fails at the n-th call, from Python."""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
PRELOAD = "LD_PRELOAD"
COMPILER = shutil.which("cc") or shutil.which("gcc")


class Mode(IntEnum):
    """What happens at the n-th call; the numbers are those of the library."""

    COUNT = 0
    DEATH = 1
    IO_ERROR = 2
    FULL = 3
    SHORT = 4
    TORN = 5


def is_loaded() -> bool:
    """Return whether this process has the library."""
    return hasattr(ctypes.CDLL(None), "disk_arm")


def remove_library() -> None:
    """Remove the library's file, which this process and its children have loaded."""
    Path(os.environ.pop(PRELOAD)).unlink()


def build(library: Path) -> None:
    """Build the library. Raises FileNotFoundError where there is no C compiler."""
    if COMPILER is None:
        raise FileNotFoundError("there is no C compiler to make a disk that fails")
    command = [COMPILER, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)


def begin_anew_with_library() -> None:
    """Replace this process by the same command with the library, which is built for it."""
    descriptor, library = tempfile.mkstemp(suffix=".so")
    os.close(descriptor)
    build(Path(library))
    os.environ[PRELOAD] = library
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


class FailingDisk:
    """The disk below one folder, in this process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._library.disk_calls.restype = ctypes.c_long
        self._library.disk_struck.restype = ctypes.c_long

    def arm(self, folder: Path, at: int, mode: Mode) -> None:
        """Count from here on, and fail at a call; at none where `at` is 0."""
        self._library.disk_arm(os.fsencode(folder), ctypes.c_long(at), int(mode))

    def disarm(self) -> None:
        """Let the disk be one that works."""
        self._library.disk_disarm()

    @property
    def calls(self) -> int:
        """How many calls were counted since it was armed."""
        return int(self._library.disk_calls())

    @property
    def has_struck(self) -> bool:
        """Whether a call failed, or was cut short."""
        return bool(self._library.disk_struck())
