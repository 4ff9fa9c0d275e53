"""What the desks of staff need."""

from collections.abc import Callable
from dataclasses import dataclass

from eventlog.log import Log
from eventlog.sealing import Sealer, Unsealer
from server.county.county_registers import RegisterCache
from server.exchange.safety import Safety
from server.folder.safe_writes import SafeWriter
from server.people.doors import Doors
from server.photos.attachments import Attachments


@dataclass(frozen=True)
class DesksRoom:
    """Matters as staff see them, and every command on them.

    `sealer` seals drafts; `unsealer` opens contacts, drafts and photos, or raises Locked; `address`
    is that of the site.
    """

    doors: Doors
    log: Log
    registers: RegisterCache
    writes: SafeWriter
    photo_writes: SafeWriter
    attachments: Attachments
    safety: Safety
    sealer: Callable[[], Sealer]
    unsealer: Callable[[], Unsealer]
    address: str
