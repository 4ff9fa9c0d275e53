"""What handovers need."""

from dataclasses import dataclass

from eventlog.log import Log
from server.county.county_registers import RegisterCache
from server.folder.safe_writes import SafeWriter
from server.people.doors import Doors


@dataclass(frozen=True)
class HandoversRoom:
    """Many matters dispatched in one act, and the list to close off."""

    doors: Doors
    log: Log
    registers: RegisterCache
    writes: SafeWriter
