"""What the pages of letters to staff need."""

from dataclasses import dataclass

from server.folder.settings import Settings
from server.letters.postman import Postman
from server.people.doors import StaffRoom


@dataclass(frozen=True)
class LettersRoom(StaffRoom):
    """Letters to staff: what waits, and who sends it; nobody does at a station."""

    settings: Settings
    postman: Postman | None
