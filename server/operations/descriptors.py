"""How many files, sockets and databases a node may have open, and how many it has.

Each person who is connected takes one, each reader three. Once they are used up nothing can be
opened: what fails then goes on by itself as soon as some are free (`eventlog.worker`).
"""

import os
import resource
from pathlib import Path
from typing import NamedTuple

# More than anybody needs here; some systems allow a billion, and programs loop over them all.
# `select` knows no number from 1,024 on: only a build of the site uses it, in a process with few.
ENOUGH = 65_536
# Thirty phones a second that stay for half a minute, and as many readers.
LEAST = 4_096
FEW_LEFT = 0.1


class Descriptors(NamedTuple):
    """How many a process has open, and how many it may have."""

    used: int
    limit: int

    @property
    def few_left(self) -> bool:
        """Whether they are as good as used up."""
        return self.limit - self.used < FEW_LEFT * self.limit


def raise_limit() -> None:
    """Let this process, and what it starts, have as many open as the system allows, and enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def of_process(pid: int | None = None) -> Descriptors | None:
    """Return those of a process, of this one by default; None where nobody may know.

    Of one's own also where not even the list can be opened: then all are used.
    """
    limit = _limit(pid)
    if limit is None:
        return None
    try:
        return Descriptors(len(os.listdir(f"/proc/{pid or 'self'}/fd")), limit)  # noqa: PTH208
    except OSError:
        return Descriptors(limit, limit) if pid is None else None


def _limit(pid: int | None) -> int | None:
    if pid is None:
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    try:
        for line in Path(f"/proc/{pid}/limits").read_text("ascii").splitlines():
            if line.startswith("Max open files"):
                soft = line.split()[3]
                return ENOUGH if soft == "unlimited" else int(soft)
    except OSError:
        pass
    return None
