"""What printing needs."""

from collections.abc import Callable
from dataclasses import dataclass

from server.people.doors import StaffRoom


@dataclass(frozen=True)
class PaperRoom(StaffRoom):
    """Sheets as PDF. `address` stands on paper; numbers of slips come of `receipt_key`."""

    address: str
    receipt_key: Callable[[], bytes]
