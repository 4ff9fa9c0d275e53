"""What handovers need."""

from dataclasses import dataclass

from eventlog.log import Log
from server.folder.safe_writes import SafeWriter
from server.people.doors import Doors
from server.registers.county_registers import RegisterCache


@dataclass(frozen=True)
class HandoversRoom:
    """Many matters dispatched in one act, and the list to close off."""

    doors: Doors
    log: Log
    registers: RegisterCache
    writes: SafeWriter
