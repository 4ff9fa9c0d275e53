"""What signed documents need."""

from dataclasses import dataclass

from eventlog.log import Log
from server.county.county_registers import RegisterCache
from server.folder.safe_writes import SafeWriter
from server.people.doors import Doors


@dataclass(frozen=True)
class DocumentsRoom:
    """Documents drafted from the figures of a period, edited, signed and withdrawn."""

    doors: Doors
    log: Log
    registers: RegisterCache
    writes: SafeWriter
