"""What the desks of staff need."""

from collections.abc import Callable
from dataclasses import dataclass

from eventlog.sealing import Sealer, Unsealer
from server.exchange.safety import Safety
from server.folder.safe_writes import SafeWriter
from server.people.doors import StaffRoom
from server.photos.attachments import Attachments


@dataclass(frozen=True)
class DesksRoom(StaffRoom):
    """Matters as staff see them, and every command on them.

    `sealer` seals drafts; `unsealer` opens contacts, drafts and photos, or raises Locked; `address`
    is that of the site.
    """

    photo_writes: SafeWriter
    attachments: Attachments
    safety: Safety
    sealer: Callable[[], Sealer]
    unsealer: Callable[[], Unsealer]
    address: str
