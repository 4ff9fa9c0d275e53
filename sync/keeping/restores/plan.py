"""The plan of a restore: how far one would come, asked of the replica and not carried out."""

import json
import subprocess
from pathlib import Path

from sync.keeping.configuration import ReplicatedDatabase
from sync.keeping.control import ControlError
from sync.keeping.process import last_line
from sync.keeping.program import run_to_its_end

WITHIN_S = 60.0


def planned_up_to(config: Path, database: ReplicatedDatabase, folder: Path) -> int:
    """Return the transaction id up to which a restore would come without a gap.

    The files' names are asked for, not their content. Nothing is written, though Litestream wants
    a place in `folder` to be named. Raises `ControlError` where there is no plan.
    """
    try:
        done = run_to_its_end(
            *("restore", "-config", str(config), "-no-expand-env", "-dry-run", "-json"),
            *("-o", str(folder / f"{database.name}.plan"), str(database.path)),
            timeout_s=WITHIN_S,
        )
        if done.returncode != 0:
            raise ControlError(f"no restore: {last_line(done.stderr)}", answered=True)
        return int(json.loads(done.stdout)["max_txid"], 16)
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise ControlError(f"no plan for a restore: {error!r}", answered=False) from error
