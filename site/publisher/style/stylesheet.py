"""The stylesheet that every page carries inline: Material's and ours, purged (`tools/purging/`).

It depends on the release alone, so it is made when the program is: `purged.css` by `tools/purge`,
a rule a line; a test holds it to what it is made of.
"""

from functools import cache
from pathlib import Path

PURGED = Path(__file__).parent / "purged.css"


@cache
def stylesheet() -> str:
    """The stylesheet on one line."""
    return PURGED.read_text(encoding="utf-8").replace("\n", "")
