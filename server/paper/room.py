"""What printing needs."""

from collections.abc import Callable
from dataclasses import dataclass

from eventlog.log import Log
from server.county.county_registers import RegisterCache
from server.people.doors import Doors


@dataclass(frozen=True)
class PaperRoom:
    """Sheets as PDF. `address` stands on paper; numbers of slips come of `receipt_key`."""

    doors: Doors
    log: Log
    registers: RegisterCache
    address: str
    receipt_key: Callable[[], bytes]
