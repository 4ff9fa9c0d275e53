"""`python -m server.site DATABASE OUT ADDRESS NOW_MS`: a node's site, built beside its work."""

import os
import sys
from pathlib import Path

from server.site.publishing import build_whole

# Whoever sends something in meanwhile comes first; the site is for later.
os.nice(10)
database, out, address, now_ms = sys.argv[1:]
build_whole(
    Path(database), Path(out), base_url=address, server_url="", quick=True, now_ms=int(now_ms)
)
