"""How the exchange is, in few numbers: for supervisors, for the console's frame, for `doctor`."""

import sqlite3
from typing import NamedTuple

from acts.shanghai import DAY_MS
from server.people import station_accounts
from sync.nodes import audit, nodes, quarantine
from sync.rounds import uplink, upstream
from sync.rounds.upstream import Upstream

HOUR_MS = 3_600_000
# So long a station is silent before somebody should look after it.
SILENT_MOST_MS = 7 * DAY_MS
SITE_OLD_MS = 7 * DAY_MS
ACCOUNTS_WARN_MS = 10 * DAY_MS
# What no later try mends by itself.
NEEDS_SOMEBODY = ("bad-code", "bad-signature", "unknown-node", "revoked", "malformed")


class Above(NamedTuple):
    """How a node stands with the hub above it; counts are of events, times in ms (UTC).

    `may_sign_in_until` is how long a station's staff may sign in without the hub being heard.
    """

    hub: Upstream | None
    waiting: int
    oldest_at: int | None
    held: int
    may_sign_in_until: int | None

    def is_stuck(self, now_ms: int) -> bool:
        """Whether something waits that should have gone: for an hour, or since a try failed."""
        if self.hub is None or not self.waiting:
            return False
        long_ago = self.oldest_at is not None and now_ms - self.oldest_at > HOUR_MS
        return long_ago or bool(self.hub.failure)


class Below(NamedTuple):
    """How a hub stands with the nodes below it; `oldest_heard_at` in ms (UTC)."""

    enrolled: int
    oldest_heard_at: int | None
    quarantined: int
    alarms: int

    @property
    def undecided(self) -> int:
        """How many things call for somebody: events put aside, and alarms that nobody saw."""
        return self.quarantined + self.alarms


def above(connection: sqlite3.Connection) -> Above:
    """Return how the node stands with the hub above it."""
    backlog = uplink.backlog(connection)
    return Above(
        upstream.read(connection),
        *backlog,
        uplink.held_count(connection),
        station_accounts.valid_until(connection),
    )


def below(connection: sqlite3.Connection) -> Below:
    """Return how the node stands with the nodes below it."""
    return Below(
        *nodes.summary(connection), quarantine.count(connection), audit.count_alarms(connection)
    )


def line_for(
    connection: sqlite3.Connection, role: str, staff: str, now_ms: int
) -> tuple[str, int] | None:
    """Return the line that the console's frame has to show: what it says, and a count; or None.

    `role` is the node's, `staff` that of who looks, "" for nobody signed in: "not-joined", "stuck"
    (waits here), "refused" (the hub's, that needs somebody), "undecided" (at a hub).
    """
    if role == "hub" and staff not in ("office", "admin"):
        return None
    if role == "hub" and (undecided := below(connection).undecided):
        return "undecided", undecided
    up = above(connection)
    if up.hub is None:
        return ("not-joined", 0) if role == "station" else None
    if up.is_stuck(now_ms):
        return "stuck", up.waiting
    return ("refused", 0) if up.hub.failure in NEEDS_SOMEBODY else None
