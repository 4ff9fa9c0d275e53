"""How the Litestream process is, as far as its keeper knows."""

import enum
from dataclasses import dataclass


class LitestreamState(enum.StrEnum):
    """What the process is doing, as far as its keeper knows."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    REPAIRING = "repairing"
    RESTARTING = "restarting"
    # The replica is not this node's to write: none is started.
    REFUSED = "refused"
    # Four starts in a row failed. It is still tried, every ten seconds.
    DEAD = "dead"


@dataclass(frozen=True)
class LitestreamStatus:
    """What is known of the process now; `down_for_s` is 0 while it answers."""

    state: LitestreamState
    pid: int | None
    restarts: int
    last_error: str
    down_for_s: float
