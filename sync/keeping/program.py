"""The Litestream program: where it is, how it is run, and what it said last."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sync.keeping.process import last_line

LOG_LIMIT_BYTES = 2_000_000


def binary_path() -> Path:
    """Return the Litestream program that was installed with this Python."""
    return Path(sys.executable).parent / "litestream"


def environment() -> Mapping[str, str]:
    """Return the environment for Litestream.

    Without `AWS_CA_BUNDLE`, which stops its S3 client, and without `LOG_LEVEL`, which overrules
    the settings file.
    """
    return {k: v for k, v in os.environ.items() if k not in ("AWS_CA_BUNDLE", "LOG_LEVEL")}


def run_to_its_end(*arguments: str, timeout_s: float) -> subprocess.CompletedProcess[bytes]:
    """Return what one command of Litestream's printed. Raises `subprocess.TimeoutExpired`."""
    return subprocess.run(
        [str(binary_path()), *arguments],
        capture_output=True,
        env=dict(environment()),
        timeout=timeout_s,
        check=False,
    )


def start_on_a_leash(pid_file: Path, log_path: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Return a run that ends with this process, writes its id to a file and its words to a log."""
    log_path.touch(mode=0o600)
    with log_path.open("ab") as log:
        return subprocess.Popen(
            [
                sys.executable,
                *("-I", "-S", str(Path(__file__).with_name("leash.py"))),
                *(str(os.getpid()), str(pid_file)),
                *(str(binary_path()), *arguments, "-no-expand-env"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(environment()),
            cwd="/",
            # A Ctrl-C at the terminal is the server's to handle, in its own order.
            start_new_session=True,
        )


class ProgramLog:
    """What a run writes; the run holds the file open for appending."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def last_words(self) -> str:
        """The last line, shortened."""
        with self.path.open("rb") as log:
            log.seek(max(0, self.path.stat().st_size - 2000))
            return last_line(log.read())

    def trim(self) -> None:
        """Start the log anew when it has grown too long, and keep the old one's content once.

        It is emptied in place, for whoever writes it goes on.
        """
        with suppress(FileNotFoundError):
            if self.path.stat().st_size > LOG_LIMIT_BYTES:
                shutil.copy(self.path, self.path.with_suffix(".log.1"))
                os.truncate(self.path, 0)
