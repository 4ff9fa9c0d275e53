"""The address of the search, with and without a stroke at its end."""

from server.search import answer
from server.search.room import SearchRoom
from server.web.operation import Operation
from server.web.routes import PublicRoute, RoomRoute

ROUTES: tuple[RoomRoute[SearchRoom], ...] = (
    PublicRoute(
        "GET",
        "/search",
        answer.search,
        Operation(
            "Villages, deputies, stations and notices by a word or two",
            query=("q", "kind", "page"),
            choices={"kind": answer.KINDS},
        ),
    ),
    PublicRoute("GET", "/search/", answer.search),
)
