"""What printing needs."""

from collections.abc import Callable
from dataclasses import dataclass

from eventlog.log import Log
from server.people.doors import Doors
from server.registers.county_registers import RegisterCache


@dataclass(frozen=True)
class PaperRoom:
    """Sheets as PDF. `address` stands on paper; numbers of slips come of `receipt_key`."""

    doors: Doors
    log: Log
    registers: RegisterCache
    address: str
    receipt_key: Callable[[], bytes]
