"""How often a test repeats itself: fewer times in `make test`, in full with `FAULTS=full`."""

import os

FULL = os.environ.get("HUIYIN_FAULTS") == "full"


def count(small: int, full: int) -> int:
    """Return how many times to do something in this run; tests/README.md lists both."""
    return full if FULL else small
