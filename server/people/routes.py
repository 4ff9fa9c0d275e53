"""The addresses of signing in, of one's own account and of all accounts."""

from server.people import account_pages, sign_in_pages
from server.people.doors import MANY_MOST_BYTES, ConsoleRoute, OpenRoute
from server.people.room import PeopleRoom
from server.web.routes import RoomRoute

ROUTES: tuple[RoomRoute[PeopleRoom], ...] = (
    OpenRoute("GET", "/console/sign-in", sign_in_pages.sign_in_page, proof=None),
    # Without a session there is nothing yet that a strange form could act with.
    OpenRoute(
        "POST",
        "/console/sign-in",
        sign_in_pages.sign_in,
        proof=None,
        most_bytes=MANY_MOST_BYTES,
    ),
    ConsoleRoute("POST", "/console/sign-out", sign_in_pages.sign_out, in_one_time=True),
    ConsoleRoute("GET", "/console/password", sign_in_pages.password_page, in_one_time=True),
    ConsoleRoute("POST", "/console/password", sign_in_pages.password, in_one_time=True),
    ConsoleRoute("POST", "/console/email", sign_in_pages.email),
    ConsoleRoute("GET", "/console/accounts", account_pages.overview),
    ConsoleRoute("POST", "/console/accounts", account_pages.add),
    ConsoleRoute("POST", "/console/accounts/{id}/{act}", account_pages.act),
)
