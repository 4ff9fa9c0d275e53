"""The addresses of what is printed."""

from server.paper import paper_pages, rating_form
from server.paper.room import PaperRoom
from server.people.doors import ConsoleRoute
from server.web.routes import RoomRoute

ROUTES: tuple[RoomRoute[PaperRoom], ...] = (
    ConsoleRoute("GET", "/console/paper/", paper_pages.overview),
    ConsoleRoute("GET", "/console/paper/{kind}.pdf", paper_pages.download),
    ConsoleRoute("GET", "/console/matters/{number}/rating-form", rating_form.rating_form),
)
