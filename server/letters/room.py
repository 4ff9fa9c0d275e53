"""What the pages of letters to staff need."""

from dataclasses import dataclass

from eventlog.log import Log
from server.folder.settings import Settings
from server.letters.postman import Postman
from server.people.doors import Doors


@dataclass(frozen=True)
class LettersRoom:
    """Letters to staff: what waits, and who sends it; nobody does at a station."""

    doors: Doors
    log: Log
    settings: Settings
    postman: Postman | None
