"""What the search needs."""

from dataclasses import dataclass

from eventlog.log import Log
from server.search.directory import DirectoryCache
from server.site.publishing import SiteKeeper


@dataclass(frozen=True)
class SearchRoom:
    """Search over the registers and the published notices; `address` is that of the site."""

    log: Log
    directory: DirectoryCache
    site: SiteKeeper
    address: str
