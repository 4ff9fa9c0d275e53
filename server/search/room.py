"""What the search needs."""

from dataclasses import dataclass
from pathlib import Path

from eventlog.log import Log
from server.search.directory import DirectoryCache
from server.search.keeper import SearchKeeper


@dataclass(frozen=True)
class SearchRoom:
    """Search over the registers and the published notices.

    `address` is that of the site, `pages` the folder where its pages lie.
    """

    log: Log
    directory: DirectoryCache
    keeper: SearchKeeper
    pages: Path
    address: str
