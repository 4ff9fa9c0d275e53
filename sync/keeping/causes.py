"""Causes: why a replica is not what it should be, a closed list, and how one is known from words.

Stores, Litestream and the kernel say in words of their own what went wrong. Each of them that was
met is in a table here, and tried against the real servers; what is in none is told as it stands.
"""

import enum
import re


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
        "connection (?:refused|reset|lost|closed|disconnected|abort)"
        "|closed (?:network|idle) connection|connect call failed|no connection|no servers"
        "|no responders"
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


def cause_of(said: str) -> Cause:
    """Return why something failed, from the words of a store, of Litestream or of the kernel."""
    small = said.lower()
    return next((cause for cause, words in _TABLE if words.search(small)), Cause.UNKNOWN)
