"""Why a replica is not what it should be: a closed list, and how a cause is known from words.

Stores, Litestream and the kernel say in words of their own what went wrong. Each of them that was
met is in a table here, and tried against the real servers; what is in none is told as it stands.
"""

import enum
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

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


class Cause(enum.StrEnum):
    """What is wrong with a replica; the codes are stable, and `doctor`'s and `/healthz`'s."""

    NONE = "no-replica"
    SAME_DISK = "same-disk"
    # It was on another disk when the node was started, and is on the data's own now.
    UNMOUNTED = "replica-unmounted"
    MISSING = "replica-missing"
    DENIED = "replica-denied"
    HOST_KEY = "replica-host-key"
    UNREACHABLE = "replica-unreachable"
    FULL = "replica-full"
    NEARLY_FULL = "replica-nearly-full"
    READ_ONLY = "replica-read-only"
    FOREIGN = "replica-foreign"
    AHEAD = "replica-ahead"
    CLAIM_UNREADABLE = "claim-unreadable"
    DAMAGED = "replica-damaged"
    # Uploads go through and a restore would not: a fresh snapshot is on its way.
    BROKEN = "replica-broken"
    LATE = "replica-late"
    # What Litestream needs on the data's own disk.
    OWN_DISK = "litestream-no-room"
    HANGS = "litestream-hangs"
    DEAD = "litestream-dead"
    ABSENT = "litestream-absent"
    UNKNOWN = "replica-fails"


# By the codes of `ReplicaRefused`.
REFUSED = {
    "foreign": Cause.FOREIGN,
    "ahead": Cause.AHEAD,
    "claim-unreadable": Cause.CLAIM_UNREADABLE,
    "damaged": Cause.DAMAGED,
}
# The first that is in an error's words, in small letters. What is said of a key file or of a name
# comes before what would be said of a folder.
_SAID = (
    (Cause.BROKEN, "no matching backup|non-contiguous|a restore would|local state lost|exchanged"),
    (Cause.HOST_KEY, "host key mismatch|host key is not trusted|host's key is not known"),
    (
        Cause.FULL,
        "no space left|quota|insufficient (?:storage|resources)|maximum bytes|storagefull"
        "|statuscode: 507|no room",
    ),
    (Cause.READ_ONLY, "read-only file system"),
    (
        Cause.DENIED,
        "permission denied|operation not permitted|unable to authenticate|authorization violation"
        "|permissions violation|no key to sign in|no password and no key|sftp key|accessdenied"
        "|access denied|signaturedoesnotmatch|invalidaccesskeyid|invalidtoken|expiredtoken"
        "|forbidden|statuscode: 40[13]",
    ),
    (
        Cause.HANGS,
        "litestream (?:does not answer|has not answered|has done nothing|has uploaded nothing)",
    ),
    (
        Cause.UNREACHABLE,
        "connection (?:refused|reset|lost|closed)|connect call failed|no connection|no servers"
        "|name or service not known|no such host|name resolution|no answer within|timed? ?out"
        "|no route to host|network is unreachable|host is down|stale file handle|not connected"
        "|broken pipe|deadline exceeded|dial tcp|within [0-9]+ s",
    ),
    (
        Cause.MISSING,
        "nosuchbucket|not a directory|no such file|(?:stream|bucket) not found|does not exist",
    ),
)
_TABLE = tuple((cause, re.compile(words)) for cause, words in _SAID)


class Trouble(NamedTuple):
    """What is wrong with a replica, and what was said of it by whoever failed.

    `free_bytes` is how much room there is, where that is the point; `lag_s` how far behind it is.
    """

    cause: Cause
    said: str = ""
    free_bytes: int = 0
    lag_s: float = 0.0


def cause_of(said: str) -> Cause:
    """Return why something failed, from the words of a store, of Litestream or of the kernel."""
    small = said.lower()
    return next((cause for cause, words in _TABLE if words.search(small)), Cause.UNKNOWN)


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
