"""`python -m tests.sync.every_call`: each part of a full round, with a death, an EIO, a full disk
and a short write at the n-th call, for every n; a table of what came of it.

`--every K --from S` does every K-th n only; `--part WORD` the parts whose name has it; `--at N
--mode MODE` one of them, with all that it has to say.
"""

import argparse
import json
import logging
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TextIO

from eventlog.writer import StorageFull
from sync.keeping.restores.restore import RestoreError
from tests import failing_disk
from tests.failing_disk import FailingDisk, Mode
from tests.site.light_builds import lighten
from tests.sync.every_call.parts import PARTS, Part

COMMAND = "python -m tests.sync.every_call"
MEMORY = Path("/dev/shm")
WITHIN_S = 300
# What a part may be refused with, where its disk fails; all of it is told in words.
REFUSALS = (StorageFull, OSError, sqlite3.OperationalError, RestoreError)
NAMES = {Mode.DEATH: "deaths", Mode.IO_ERROR: "EIO", Mode.FULL: "ENOSPC", Mode.SHORT: "short"}


class Ended(NamedTuple):
    """How a forked process ended: killed, well, or with what to say."""

    was_killed: bool
    complaint: str


class Drill:
    """Makes one part of a round again and again, in forked processes."""

    def __init__(self, part: Part, folder: Path) -> None:
        self.part = part
        self._folder = folder
        self._prepared = folder / "prepared"
        self._place = folder / "place"
        self._told = folder / "told"
        self._prepared.mkdir()
        self._disk = FailingDisk()

    def prepare(self) -> int:
        """Prepare the part, and return how many calls it makes."""
        # In a process of its own: what it starts is not to be forked along.
        ended = self._forked(lambda: self.part.prepare(self._prepared))
        assert not ended.complaint, ended.complaint
        self._copy()
        counted = self._folder / "counted"

        def count() -> None:
            self._disk.arm(self._place, 0, Mode.COUNT)
            self.part.run(self._place, lambda said: None)
            counted.write_text(str(self._disk.calls))

        ended = self._forked(count)
        assert not ended.complaint, ended.complaint
        return int(counted.read_text())

    def _copy(self) -> None:
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.copytree(self._prepared, self._place)
        self._told.unlink(missing_ok=True)

    def make(self, at: int, mode: Mode) -> tuple[bool, str]:
        """Fail at a call; return whether it came to that, and what was lost or went wrong."""
        self._copy()
        struck = self._folder / "struck"
        struck.unlink(missing_ok=True)

        def run() -> None:
            told = os.open(self._told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

            def acknowledge(said: str) -> None:
                os.write(told, f"{said}\n".encode())

            self._disk.arm(self._place, at, mode)
            with suppress(*REFUSALS):
                # Refused in words. Then the disk is one that works again, and it goes on.
                self.part.run(self._place, acknowledge)
            self._disk.disarm()
            if self._disk.has_struck:
                struck.touch()
            self.part.run(self._place, acknowledge)

        ended = self._forked(run)
        if ended.complaint:
            return True, f"it did not go on: {ended.complaint}"
        if mode is Mode.DEATH and not ended.was_killed:
            return False, ""
        if mode is not Mode.DEATH and not struck.exists():
            return False, ""
        acknowledged = self._told.read_text().splitlines() if self._told.exists() else []
        return True, self._forked(lambda: self.part.check(self._place, acknowledged)).complaint

    def _forked(self, work: Callable[[], None]) -> Ended:
        """Do some work in a process of its own, and return how that ended."""
        complaint = self._folder / "complaint"
        complaint.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                signal.alarm(WITHIN_S)
                work()
                status = 0
            except BaseException as error:
                lines = traceback.format_exc()
                complaint.write_text(f"{type(error).__name__}: {error}\n{lines}")
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            return Ended(number == signal.SIGKILL, "" if number == signal.SIGKILL else f"{number}")
        said = complaint.read_text() if complaint.exists() else ""
        return Ended(False, said or ("it failed without a word" if status else ""))


def say(text: str, *, to: TextIO = sys.stdout) -> None:
    """Print a line at once."""
    print(text, file=to, flush=True)  # this is a command


def prepare_site() -> None:
    """Have copies of pages made quickly; what is flushed stays flushed, for that is counted."""

    def set_value(place: object, name: str, value: object) -> None:
        if name not in ("flush", "sync"):
            setattr(place, name, value)

    lighten(set_value)


def main() -> int:
    """Do what the command line says; return 1 where something was lost."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--part", default="")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--at", type=int)
    parser.add_argument("--mode", choices=[mode.name for mode in NAMES])
    chosen = parser.parse_args()
    memory = MEMORY if MEMORY.is_dir() else None
    if not failing_disk.is_loaded():
        failing_disk.begin_anew_with_library()
    failing_disk.remove_library()
    with tempfile.TemporaryDirectory(prefix="every-call-", dir=memory) as folder:
        prepare_site()
        # What a disk does here is meant, and each complaint about it would be told at length.
        logging.disable(logging.CRITICAL)
        began_s = time.perf_counter()
        chosen_modes = [Mode[chosen.mode]] if chosen.mode else list(NAMES)
        lost = rounds = all_calls = 0
        say("| part | N | deaths | EIO | ENOSPC | short | lost |")
        say("|---|---|---|---|---|---|---|")
        for number, part in enumerate(PARTS):
            if chosen.part not in part.name:
                continue
            place = Path(folder) / str(number)
            place.mkdir()
            drill = Drill(part, place)
            calls = drill.prepare()
            counts = dict.fromkeys(NAMES, 0)
            wrong = 0
            # Twice at least, however few calls a part makes.
            step = max(1, min(chosen.every, calls // 2))
            spread = range(1 + (chosen.first + number) % step, calls + 1, step)
            for at in [chosen.at] if chosen.at else spread:
                for mode in chosen_modes:
                    has_struck, complaint = drill.make(at, mode)
                    counts[mode] += has_struck
                    if complaint:
                        wrong += 1
                        again = f"--part '{part.name}' --at {at} --mode {mode.name}"
                        say(f"{COMMAND} {again}: {complaint}", to=sys.stderr)
            struck = " | ".join(f"{counts[mode]:,}" for mode in NAMES)
            say(f"| {part.name} | {calls:,} | {struck} | {wrong} |")
            lost, rounds = lost + wrong, rounds + sum(counts.values())
            all_calls += calls
    took_s = round(time.perf_counter() - began_s)
    say(json.dumps({"rounds": rounds, "calls": all_calls, "lost": lost, "s": took_s}))
    return bool(lost)


if __name__ == "__main__":
    sys.exit(main())
