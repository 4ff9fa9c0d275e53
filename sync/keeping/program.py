"""The Litestream program: where it is, how it is run, and what it said last."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sync.keeping.process import last_line

LOG_LIMIT_BYTES = 2_000_000
# Of what brings something: so long it may bring nothing, and how often that is looked at.
SILENCE_S = 120.0
LOOK_S = 2.0


def binary_path() -> Path:
    """Return the Litestream program that was installed with this Python."""
    return Path(sys.executable).parent / "litestream"


def environment() -> Mapping[str, str]:
    """Return the environment for Litestream.

    Without `AWS_CA_BUNDLE`, which stops its S3 client, and without `LOG_LEVEL`, which overrules
    the settings file.
    """
    return {k: v for k, v in os.environ.items() if k not in ("AWS_CA_BUNDLE", "LOG_LEVEL")}


def run_to_its_end(
    *arguments: str, timeout_s: float, growing: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Return what one command of Litestream's printed.

    Raises `subprocess.TimeoutExpired`, also where a folder that ought to be `growing` has not for
    `SILENCE_S`.
    """
    command = [str(binary_path()), *arguments]
    now = grown_at = time.monotonic()
    ends_at, size_bytes = now + timeout_s, -1
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(environment())
    ) as process:
        while True:
            try:
                output, errors = process.communicate(timeout=min(LOOK_S, ends_at - now))
                return subprocess.CompletedProcess(command, process.returncode, output, errors)
            except subprocess.TimeoutExpired:
                now = time.monotonic()
                size_before, size_bytes = size_bytes, _size_bytes(growing)
                if size_bytes != size_before:
                    grown_at = now
                if now >= ends_at or (growing is not None and now - grown_at > SILENCE_S):
                    process.kill()
                    raise
            except BaseException:
                process.kill()
                raise


def _size_bytes(folder: Path | None) -> int:
    """Return how much lies in a folder; what comes and goes meanwhile does not count."""
    size_bytes = 0
    for path in folder.iterdir() if folder is not None else ():
        with suppress(FileNotFoundError):
            size_bytes += path.stat().st_size
    return size_bytes


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
