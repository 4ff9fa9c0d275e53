"""The node's watch over itself: looks each second at what may go wrong, and remembers since when.

A problem counts once it was seen for `SETTLED_S` without a break: a Litestream that is started
again, or one confirmation that failed, is none. What counts is told once in the log, and once when
it is over; it is in `node-status.json` for `doctor`, and here for `/healthz` and the console.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from eventlog.worker import DEAD, Worker, troubles
from eventlog.writer import Writer
from server.folder.node_status import NodeStatus, StatusFile, ToldProblem
from server.operations.descriptors import of_process
from server.operations.problems import are_well, do_of, is_of_replica, what_of
from server.web.languages import in_both
from sync.keeping.causes import Cause
from sync.keeping.concealing import scrubbed
from sync.keeping.durability import Durability
from sync.keeping.troubles import FULL_BYTES, NEARLY_FULL_BYTES, Trouble

LOOK_EVERY_S = 1.0
SETTLED_S = 3.0
# So long after the start nothing makes the node unwell: what it needs may be starting, too.
GRACE_S = 10.0
WRITE_EVERY_S = 5.0
# A failed write counts for so long, unless one went through since.
WRITE_FAILED_S = 60.0
# A part of the node that fails goes on by itself in most cases.
SETTLED_LATER_S = {"thread-fails": 60.0}
# A watch that has not looked for so long hangs, and so does the disk.
SILENT_MOST_S = 30.0
# What they ask may be away for weeks, or is told of as the replica's.
_TOLD_ELSEWHERE = ("durability-", "litestream", "site-copy")
_SAID_MOST = 400

logger = logging.getLogger("huiyin.health")


class Watch:
    """Looks, and tells what counts; `start` and `stop`."""

    def __init__(
        self,
        folder: Path,
        place: str,
        trouble: Callable[[], Trouble | None],
        durability: Callable[[], Durability | None],
        writers: Sequence[Writer],
    ) -> None:
        """`place` is the replica's address as it may be shown, `trouble` what is wrong with it."""
        self._folder = folder
        self._place = place
        self._trouble = trouble
        self._durability = durability
        self._writers = writers
        self._worker = Worker("watch", self._step, first_pause_s=LOOK_EVERY_S)
        self._file = StatusFile(folder)
        self._begun_at = self._looked_at = time.monotonic()
        self._written_at = -WRITE_EVERY_S
        # By code: since when by the monotonic clock, and what was seen first in ms since 1970.
        self._since: dict[str, tuple[float, int]] = {}
        self._problems: tuple[ToldProblem, ...] = ()

    @property
    def problems(self) -> tuple[ToldProblem, ...]:
        """What is wrong now, and has been for a moment."""
        silent_s = time.monotonic() - self._looked_at
        if self._worker.alive and silent_s > SILENT_MOST_S:
            return (
                *self._problems,
                ToldProblem(code="node-silent", values={"seconds": round(silent_s)}),
            )
        return self._problems

    @property
    def is_well(self) -> bool:
        """Whether what is new becomes durable and can be taken; true in the first seconds."""
        return time.monotonic() - self._begun_at < GRACE_S or are_well(self.problems)

    def not_durable_for(self, seconds: float) -> ToldProblem | None:
        """Return why nothing new has been durable for so long, None where it is."""
        now = time.monotonic()
        for problem in self.problems:
            since = self._since.get(problem.code)
            if is_of_replica(problem) and since is not None and now - since[0] >= seconds:
                return problem
        return None

    def start(self) -> None:
        """Begin to look."""
        self._begun_at = self._looked_at = time.monotonic()
        self._worker.start()

    def stop(self) -> None:
        """End it, and leave no status behind."""
        self._worker.stop(LOOK_EVERY_S)
        if not self._worker.alive:
            self._file.end()

    def _step(self) -> float:
        now = time.monotonic()
        seen = {problem.code: problem for problem in self._look()}
        for code in set(self._since) - set(seen):
            del self._since[code]
        for code in seen:
            self._since.setdefault(code, (now, time.time_ns() // 1_000_000))
        settled = tuple(
            ToldProblem(
                code=code,
                values=problem.values,
                said=scrubbed(problem.said)[:_SAID_MOST],
                since_ms=self._since[code][1],
            )
            for code, problem in seen.items()
            if now - self._since[code][0] >= SETTLED_LATER_S.get(code, SETTLED_S)
        )
        changed = self._log_changes(settled)
        self._problems, self._looked_at = settled, time.monotonic()
        if changed or now - self._written_at >= WRITE_EVERY_S:
            self._write()
        return LOOK_EVERY_S

    def _log_changes(self, settled: Sequence[ToldProblem]) -> bool:
        """Log what came and what went, a line each; return whether anything did."""
        before = {problem.code: problem for problem in self._problems}
        after = {problem.code: problem for problem in settled}
        for code, problem in after.items():
            # What is so by a setting the greeting has said.
            if code not in before and code not in (Cause.NONE, Cause.SAME_DISK):
                said = f" ({problem.said})" if problem.said else ""
                logger.warning(
                    "%s: %s%s → %s", code, in_both(what_of(problem)), said, in_both(do_of(problem))
                )
        for code in before:
            if code not in after and code not in (Cause.NONE, Cause.SAME_DISK):
                logger.info("%s: 好了 / over", code)
        return before.keys() != after.keys()

    def _write(self) -> None:
        durability = self._durability()
        report = None if durability is None else durability.report()
        status = NodeStatus(
            at_ms=time.time_ns() // 1_000_000,
            pid=os.getpid(),
            replica="none" if report is None else str(report.state),
            durable_lag_s=0.0 if report is None else round(report.lag_s, 3),
            problems=list(self._problems),
        )
        try:
            self._file.write(status)
        except OSError as error:
            # `doctor` sees that it is old, and looks for itself.
            logger.debug("the status could not be written: %s", error)
        self._written_at = time.monotonic()

    def _look(self) -> Iterator[ToldProblem]:
        """Yield what is wrong this moment, the cause of other things first."""
        yield from self._of_disk()
        yield from self._of_writers()
        yield from self._of_threads()
        trouble = self._trouble()
        if trouble is not None:
            yield replica_problem(trouble, self._place)

    def _of_disk(self) -> Iterator[ToldProblem]:
        try:
            yield from disk_problems(self._folder)
        except OSError as error:
            yield ToldProblem(code="writer-fails", said=str(error))

    def _of_writers(self) -> Iterator[ToldProblem]:
        now = time.monotonic()
        for writer in self._writers:
            error = writer.storage_error
            if error is not None and now - writer.storage_failed_at < WRITE_FAILED_S:
                yield ToldProblem(code="writer-fails", said=str(error))

    def _of_threads(self) -> Iterator[ToldProblem]:
        descriptors = of_process()
        if descriptors is not None and descriptors.few_left:
            yield ToldProblem(code="descriptors-few", values=descriptors._asdict())
        failing = troubles()
        dead = [name for name, why in failing.items() if why == DEAD]
        if dead:
            yield ToldProblem(code="thread-dead", values={"names": ", ".join(sorted(dead))})
        fails = [
            name
            for name, why in sorted(failing.items())
            if why != DEAD and not name.startswith(_TOLD_ELSEWHERE)
        ]
        if fails:
            # The kind of the error only: its words may be somebody's.
            kind = failing[fails[0]].partition(":")[0]
            yield ToldProblem(code="thread-fails", values={"names": ", ".join(fails)}, said=kind)


def replica_problem(trouble: Trouble, place: str) -> ToldProblem:
    """Return what is wrong with the replica at that place, as it is told."""
    values = {
        "place": place,
        "free_mb": trouble.free_bytes // 2**20,
        "seconds": round(trouble.lag_s),
    }
    return ToldProblem(code=trouble.cause, values=values, said=trouble.said)


def disk_problems(folder: Path) -> Iterator[ToldProblem]:
    """Yield what is wrong with the disk of the data. Raises OSError."""
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        yield ToldProblem(code="disk-read-only")
    free = shutil.disk_usage(folder).free
    if free < NEARLY_FULL_BYTES:
        code = "disk-full" if free < FULL_BYTES else "disk-nearly-full"
        yield ToldProblem(code=code, values={"free_mb": free // 2**20})
