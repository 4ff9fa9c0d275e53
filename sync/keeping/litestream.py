"""Keeps one Litestream process running for the databases of a data folder.

One thread starts it, watches it, starts it again with a growing pause when it dies, and stops
it. The thread lives as long as Litestream may (see `sync.keeping.leash`), so a server that is
killed takes it along; one that still outlived its server is found by its process id file and
stopped before another is started, for two of them on one replica would overwrite each other's
files.

A replica can be **broken**: uploads succeed and a restore does not, or would lack rows. Whoever
learns of it calls `mark_broken`; the mark is a file beside the database and outlives restarts.
The repair is a fresh start: forget what Litestream knows locally, and let it upload a whole
snapshot (`replicate -once -force-snapshot`), which a restore then begins with. Only a snapshot
that went through removes the mark.
"""

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from eventlog.worker import Worker
from sync.keeping import broken
from sync.keeping.claims.claim import ReplicaRefused
from sync.keeping.claims.claimant import WATCH_EVERY_S, Claimant
from sync.keeping.configuration import (
    Keeping,
    ReplicatedDatabase,
    render,
    socket_folder,
    write_private,
)
from sync.keeping.control import ControlError, ControlSocket
from sync.keeping.litestream_status import LitestreamState, LitestreamStatus
from sync.keeping.process import end, end_previous
from sync.keeping.program import ProgramLog, start_on_a_leash
from sync.keeping.pulse import SILENCE_LIMIT_S, Pulse
from sync.keeping.replica import ReplicaAddressError
from sync.keeping.restores.plan import planned_up_to
from sync.keeping.restores.restore import is_damage
from sync.keeping.stores.store import StoreError

POLL_S = 0.05
ANSWER_WITHIN_S = 30.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0
DEAD_AFTER_FAILURES = 4
# One that ends sooner after it answered counts as a failed start.
SHORT_LIFE_S = 5.0


class Litestream:
    """The Litestream process of one data folder; `start`, and `stop` when all is done."""

    def __init__(
        self,
        data_folder: Path,
        databases: Sequence[ReplicatedDatabase],
        *,
        keeping: Keeping | None = None,
        silence_limit_s: float = SILENCE_LIMIT_S,
        claimant: Claimant | None = None,
        may_forget: Callable[[], bool] = lambda: True,
    ) -> None:
        """Without a `claimant` the replica is written whosoever it is.

        `may_forget` says whether what is past its retention may be removed: asked at each start
        of a process, and by `reconsider`.
        """
        self.folder = data_folder.absolute()
        """The data folder."""
        self._databases = {database.name: database for database in databases}
        self._keeping = keeping
        self.claimant = claimant
        self._may_forget = may_forget
        self._forgets = False
        self._socket_folder: Path | None = None
        self._config = self.folder / "litestream.yml"
        self._log = ProgramLog(self.folder / "litestream.log")
        self._pid_file = self.folder / "litestream.pid"
        self._worker = Worker("litestream", self._step, longest_pause_s=LONGEST_PAUSE_S)
        self.pulse = Pulse([database.path for database in databases], silence_limit_s)
        """Whether the process still does anything; those who ask it tell what came of that."""
        self._failures = 0
        self._repair_asked = threading.Event()
        self._answered = threading.Event()
        # Held from before a process is started until it has ended; see `held_back`.
        self._alive = threading.Lock()
        self._state = LitestreamState.STOPPED
        self._process: subprocess.Popen[bytes] | None = None
        self._watching = ControlSocket(self.socket_path)
        self._restarts = self._beginnings = 0
        self._last_error = ""
        self._down_since = time.monotonic()
        self._up_since = self._down_since
        self._stop_within_s = 5.0
        self.generation = 0
        """Grows by one whenever a new process answers: what was known of the old one is void."""

    # What others ask.

    @property
    def socket_path(self) -> Path:
        """The control socket; there is one from `start` to `stop`."""
        return (self._socket_folder or self.folder) / "litestream.sock"

    @property
    def status(self) -> LitestreamStatus:
        """What is known now."""
        state, process = self._state, self._process
        down = 0.0 if state is LitestreamState.RUNNING else time.monotonic() - self._down_since
        return LitestreamStatus(
            state=state,
            pid=None if process is None else process.pid,
            restarts=self._restarts,
            last_error=self.pulse.complaint or self._last_error,
            down_for_s=down,
        )

    def database(self, name: str) -> ReplicatedDatabase:
        """Return the database of that name; `KeyError` if there is none."""
        return self._databases[name]

    def restorable_up_to(self, name: str) -> int:
        """Return the transaction id up to which a restore would come without a gap.

        Asks the replica itself for the plan of a restore, without restoring: the files' names,
        not their content. Raises `ControlError` where there is no plan.
        """
        return planned_up_to(self._config, self._databases[name], self.folder)

    # Broken replicas.

    def broken(self, name: str) -> str:
        """Return why the replica of that database is broken, or nothing when it is not."""
        return broken.reason(self.folder, name)

    def mark_broken(self, name: str, why: str) -> None:
        """Note, durably, that the replica must not be relied on until a fresh snapshot."""
        broken.mark(self.folder, name, why)

    def repair(self) -> None:
        """Ask for a fresh snapshot of every database with a broken replica; returns at once."""
        self._repair_asked.set()

    def reconsider(self) -> None:
        """Start the process anew where what may be forgotten is another thing by now."""
        if self._may_forget() != self._forgets:
            self.repair()

    @contextmanager
    def held_back(self) -> Iterator[bool]:
        """Yield whether no Litestream runs; then none is started before the block ends."""
        free = self._alive.acquire(blocking=False)
        try:
            yield free
        finally:
            if free:
                self._alive.release()

    # Whose the replica is.

    @property
    def refusal(self) -> ReplicaRefused | None:
        """Why the replica is not this node's to write, None where it is."""
        return None if self.claimant is None else self.claimant.refusal

    def check_claim(self) -> int:
        """Return how often the replica turned out not to go on to what the databases hold.

        Raises ReplicaRefused where it is not this node's to write any more, StoreError where that
        can't be seen.
        """
        if self.claimant is None:
            return 0
        self.claimant.check()
        return self.claimant.beginnings

    def refuse(self, code: str, message: str) -> ReplicaRefused:
        """Give the claim of the replica up, and return why."""
        refusal = ReplicaRefused(code, message)
        if self.claimant is not None:
            self.claimant.refuse(refusal)
        return refusal

    def _claim(self) -> None:
        """See that the replica is this node's. One that is new to it begins with a snapshot."""
        if self.claimant is None:
            return
        self.claimant.take(self._worker.rest)
        self._databases = {database.name: database for database in self.claimant.databases}
        if self.claimant.beginnings != self._beginnings:
            self._beginnings = self.claimant.beginnings
            for database in self._databases.values():
                if database.meta_folder.exists() and not self.broken(database.name):
                    self.mark_broken(database.name, "the replica is new, or an older one")

    def _still_claimed(self) -> bool:
        """Return whether the process may go on; one that may not is ended before it writes."""
        try:
            if self.claimant is not None:
                self.claimant.check()
        except ReplicaRefused as refusal:
            self._last_error = str(refusal)
            if self._process is not None:
                # Without a word, for a request would have it upload what is left.
                self._process.kill()
            return False
        except StoreError:
            # Whether the replica can be reached is Litestream's to say.
            pass
        # One that was exchanged while nothing is written begins with a snapshot, too.
        return self.claimant is None or self.claimant.beginnings == self._beginnings

    # Start and stop.

    def start(self, timeout_s: float = 10.0) -> bool:
        """Start it and return whether it answered in time; it is tried on, if it did not."""
        if self._worker.alive:
            raise RuntimeError("Litestream was started already")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._socket_folder = socket_folder(self.folder)
        self._failures = 0
        self._answered.clear()
        self._worker.start()
        return self._answered.wait(timeout_s)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop it: a request first, which lets it upload what is left, then by force."""
        self._stop_within_s = timeout_s
        # One that can't be ended, for the kernel waits for its disk, is left to the next start.
        self._worker.stop(2 * timeout_s + 0.5, interrupt=self._watching.interrupt)
        self._state = LitestreamState.STOPPED
        if self._socket_folder is not None and self._socket_folder != self.folder:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        self._socket_folder = None

    # The worker's.

    def _step(self) -> float:
        """Run one process from its start to its end, and return when to start another."""
        failures = self._failures
        if self._state is not LitestreamState.REFUSED:
            self._state = LitestreamState.RESTARTING if failures else LitestreamState.STARTING
            if failures >= DEAD_AFTER_FAILURES:
                self._state = LitestreamState.DEAD
        began = time.monotonic()
        with self._alive:
            answered = self._one_life()
        asked_for = self._repair_asked.is_set()
        lived = answered and (asked_for or time.monotonic() - began > SHORT_LIFE_S)
        self._failures = 0 if lived else failures + 1
        if self._state is LitestreamState.REFUSED and not self._worker.stopping:
            return LONGEST_PAUSE_S
        if self._worker.stopping:
            return 0.0
        self._restarts += 1
        if asked_for:
            return 0.0
        return min(FIRST_PAUSE_S * 2.0 ** min(self._failures, 16), LONGEST_PAUSE_S)

    def _one_life(self) -> bool:
        """Run one process from its start to its end; return whether it ever answered."""
        answered = False
        try:
            end_previous(
                self._pid_file,
                f"{self.folder}/litestream",
                timeout_s=self._stop_within_s,
            )
            self.socket_path.unlink(missing_ok=True)
            self._claim()
            self._configure()
            if not self._repair_broken():
                return False
            if self._worker.stopping:
                return True
            self._process = self._spawn("-config", str(self._config))
            answered = self._wait_for_answer(self._process)
            if answered:
                self._state = LitestreamState.RUNNING
                self._up_since = time.monotonic()
                self.generation += 1
                self._answered.set()
                self._watch(self._process)
        except ReplicaRefused as refusal:
            self._state, self._last_error = LitestreamState.REFUSED, str(refusal)
        except StoreError as error:
            self._last_error = str(error)
        except (OSError, subprocess.SubprocessError, ReplicaAddressError) as error:
            self._last_error = f"can't be started: {error}"
        finally:
            if self._state is LitestreamState.RUNNING:
                self._state = LitestreamState.RESTARTING
                if time.monotonic() - self._up_since > SHORT_LIFE_S:
                    self._down_since = time.monotonic()
            if self._process is not None:
                within_s = self._stop_within_s if self._worker.stopping or answered else 1.0
                end(self._process, within_s)
                self._process = None
            with suppress(OSError):
                self._pid_file.unlink(missing_ok=True)
                self.socket_path.unlink(missing_ok=True)
        return answered

    def _configure(self) -> None:
        databases = tuple(self._databases.values())
        self._forgets = self._may_forget()
        keeping = replace(self._keeping or Keeping(), forgets=self._forgets)
        settings = render(databases, socket_path=self.socket_path, keeping=keeping)
        write_private(self._config, settings)

    def _spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        self._log.trim()
        return start_on_a_leash(self._pid_file, self._log.path, "replicate", *arguments)

    def _wait_for_answer(self, process: subprocess.Popen[bytes]) -> bool:
        control = ControlSocket(self.socket_path)
        deadline = time.monotonic() + ANSWER_WITHIN_S
        try:
            while not self._worker.stopping and time.monotonic() < deadline:
                if process.poll() is not None:
                    self._note_death(process)
                    return False
                try:
                    if control.request("GET", "/info", timeout_s=1)["pid"] == process.pid:
                        return True
                except ControlError:
                    pass
                self._worker.rest(POLL_S)
        finally:
            control.close()
        self._last_error = "Litestream does not answer"
        return False

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the process ended, or is to end, which one that hangs is."""
        checked = compared = time.monotonic()
        self.pulse.begin(process.pid)
        with closing(ControlSocket(self.socket_path)) as self._watching:
            while not self._worker.stopping:
                try:
                    process.wait(POLL_S)
                except subprocess.TimeoutExpired:
                    if self._repair_asked.is_set():
                        return
                    if self.pulse.hangs(self._watching):
                        self._last_error = self.pulse.complaint
                        return
                    if self.refusal is not None or time.monotonic() - compared > WATCH_EVERY_S:
                        compared = time.monotonic()
                        if not self._still_claimed():
                            return
                    if time.monotonic() - checked > 10:
                        checked = time.monotonic()
                        self._log.trim()
                    continue
                self._note_death(process)
                return

    def _note_death(self, process: subprocess.Popen[bytes]) -> None:
        ended = f"Litestream ended with {process.returncode}: {self._log.last_words}"
        self._last_error = ended

    def _repair_broken(self) -> bool:
        """Upload a fresh snapshot of each database whose replica is broken.

        Returns False where the replica goes on below another root instead: Litestream begins with
        the newest file that it finds there, and that is damaged.
        """
        self._repair_asked.clear()
        for database in self._databases.values():
            if not self.broken(database.name) or not database.path.exists():
                continue
            self._state = LitestreamState.REPAIRING
            shutil.rmtree(database.meta_folder / "ltx", ignore_errors=True)
            config = self.folder / "litestream-repair.yml"
            write_private(config, render([database], socket_path=None, keeping=self._keeping))
            self._process = self._spawn("-once", "-force-snapshot", "-config", str(config))
            self.pulse.begin(self._process.pid)
            while self._process.poll() is None and self.pulse.works():
                if not self._worker.rest(POLL_S):
                    break
            if self._process.poll() is None:
                end(self._process, self._stop_within_s)
                self._last_error = f"no fresh snapshot of {database.name}: it hangs"
            elif self._process.returncode == 0:
                broken.clear(self.folder, database.name)
            else:
                self._note_death(self._process)
                if self.claimant is not None and is_damage(self._last_error):
                    self._process = None
                    self.claimant.go_below_another_root()
                    return False
            self._process = None
        return True
