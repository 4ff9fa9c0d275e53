"""The addresses of letters to staff."""

from server.letters import letter_pages
from server.letters.room import LettersRoom
from server.people.doors import ConsoleRoute
from server.web.routes import RoomRoute

ROUTES: tuple[RoomRoute[LettersRoom], ...] = (
    ConsoleRoute("POST", "/console/test-message", letter_pages.send_test),
    ConsoleRoute("POST", "/console/send-again", letter_pages.send_again),
)
