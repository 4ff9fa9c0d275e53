"""Troubles: what is wrong with a replica just now, by what is known here of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sync.keeping.causes import REFUSED, Cause, cause_of
from sync.keeping.control import NO_ANSWER
from sync.keeping.durability import DurabilityReport, DurabilityState
from sync.keeping.litestream import Litestream
from sync.keeping.litestream_status import LitestreamState
from sync.keeping.program import binary_path

# Below the first there is soon no room, below the second there is none to count on.
NEARLY_FULL_BYTES = 500 * 1024 * 1024
FULL_BYTES = 64 * 1024 * 1024
# A replica that is this far behind, and no error known.
LATE_S = 60.0
# A Litestream that was started again at once is no news.
DOWN_MOST_S = 2.0


class Trouble(NamedTuple):
    """What is wrong with a replica, and what was said of it by whoever failed.

    `free_bytes` is how much room there is, where that is the point; `lag_s` how far behind it is.
    """

    cause: Cause
    said: str = ""
    free_bytes: int = 0
    lag_s: float = 0.0


def trouble_of(
    litestream: Litestream, reports: Sequence[DurabilityReport], *, was_elsewhere: bool
) -> Trouble | None:
    """Return what is wrong with a replica now, the cause of all else first; None where nothing is.

    Asks nobody, so it never waits. `was_elsewhere` says that it was on another disk at the start.
    """
    known = _of_claim(litestream) or _of_program(litestream)
    if known is not None:
        return known
    broken = [report for report in reports if report.state is DurabilityState.BROKEN]
    if broken:
        return Trouble(Cause.BROKEN, broken[0].last_error)
    # One that is asked and silent may be busy, or just starting; what hangs the pulse tells. A
    # refusal is over where there is none any more.
    failed = [
        report
        for report in reports
        if report.last_error
        and not report.last_error.startswith(NO_ANSWER)
        and report.state is not DurabilityState.REFUSED
    ]
    if failed:
        said = failed[0].last_error
        return Trouble(_of_disk(litestream.folder, said), said, lag_s=failed[0].lag_s)
    is_here = any(report.same_disk for report in reports)
    if is_here and was_elsewhere:
        return Trouble(Cause.UNMOUNTED)
    # How much room the data's own disk has is told of that.
    late = _of_lag(reports) or (None if is_here else _of_room(litestream))
    return Trouble(Cause.SAME_DISK) if is_here and late is None else late


def _of_claim(litestream: Litestream) -> Trouble | None:
    """Return what the claim, and each look at it, say of the replica and of its place."""
    refusal, claimant = litestream.refusal, litestream.claimant
    if refusal is not None:
        return Trouble(REFUSED.get(refusal.code, Cause.UNKNOWN), str(refusal))
    if claimant is not None and claimant.place_error is not None:
        said = str(claimant.place_error)
        return Trouble(cause_of(said), said)
    return None


def _of_program(litestream: Litestream) -> Trouble | None:
    """Return what keeps Litestream from its work."""
    status = litestream.status
    if status.state is LitestreamState.STOPPED:
        return None
    if not binary_path().exists():
        return Trouble(Cause.ABSENT, status.last_error)
    if litestream.pulse.complaint:
        return Trouble(Cause.HANGS, litestream.pulse.complaint)
    is_down = status.state in (LitestreamState.RESTARTING, LitestreamState.DEAD)
    if not is_down or not status.last_error or status.down_for_s < DOWN_MOST_S:
        return None
    cause = _of_disk(litestream.folder, status.last_error)
    return Trouble(Cause.DEAD if cause is Cause.UNKNOWN else cause, status.last_error)


def _of_disk(folder: Path, said: str) -> Cause:
    """Return the cause of an error, told apart by whether it is the data's own disk that failed."""
    cause = cause_of(said)
    is_own = f"{folder}/" in said or said.startswith("can't be started")
    return Cause.OWN_DISK if is_own and cause in (Cause.FULL, Cause.READ_ONLY) else cause


def _of_room(litestream: Litestream) -> Trouble | None:
    claimant = litestream.claimant
    free = None if claimant is None else claimant.free_bytes
    if free is None or free >= NEARLY_FULL_BYTES:
        return None
    return Trouble(Cause.FULL if free < FULL_BYTES else Cause.NEARLY_FULL, free_bytes=free)


def _of_lag(reports: Sequence[DurabilityReport]) -> Trouble | None:
    lag_s = max((report.lag_s for report in reports), default=0.0)
    return Trouble(Cause.LATE, lag_s=lag_s) if lag_s >= LATE_S else None
