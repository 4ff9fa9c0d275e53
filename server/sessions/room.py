"""What face-to-face sessions need."""

from dataclasses import dataclass

from eventlog.log import Log
from server.county.county_registers import RegisterCache
from server.folder.safe_writes import SafeWriter
from server.people.doors import Doors


@dataclass(frozen=True)
class SessionsRoom:
    """Sessions: what was asked, answered and promised, for people and programs."""

    doors: Doors
    log: Log
    registers: RegisterCache
    writes: SafeWriter
