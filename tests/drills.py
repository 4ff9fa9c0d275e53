"""What a drill counted, for docs/reliability.md: told by the tests, written by `make reliability`.

A test that fails tells nothing, and its row says so: the numbers are those of whole runs.
"""

import json
import os
from pathlib import Path

VARIABLE = "HUIYIN_DRILLS"


def tell(drill: str, rounds: int, *, lost: int = 0, twice: int = 0, note: str = "") -> None:
    """Note what a drill counted, where it is run for docs/reliability.md; else do nothing.

    `rounds` is how often the fault was brought about; `lost` and `twice` are of what had been
    called durable. A drill that tells several times has its rounds added up.
    """
    path = os.environ.get(VARIABLE)
    if path:
        counted = {"drill": drill, "rounds": rounds, "lost": lost, "twice": twice, "note": note}
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(counted, ensure_ascii=False) + "\n")
