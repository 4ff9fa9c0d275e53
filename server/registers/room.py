"""What the registers for staff and programs need."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from server.county.county_registers import CountyRegisters
from server.folder.safe_writes import SafeWriter
from server.people.doors import StaffRoom
from server.photos.attachments import Attachments


@dataclass(frozen=True)
class RegistersRoom(StaffRoom):
    """The county's registers, edited by staff and programs.

    `preview` returns the public page of a deputy, a station or a page that is not saved yet.
    """

    photo_writes: SafeWriter
    attachments: Attachments
    preview: Callable[[Any], str]

    def newest(self) -> CountyRegisters:
        """Return the registers as they stand now, whoever changed them."""
        self.registers.changed()
        return self.registers.current()
