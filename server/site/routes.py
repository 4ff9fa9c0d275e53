"""The addresses at which stations fetch the hub's site."""

from server.site import site_offer
from server.site.site_offer import SiteOffer
from server.web.routes import PublicRoute, RoomRoute

ROUTES: tuple[RoomRoute[SiteOffer], ...] = (
    PublicRoute("GET", "/sync/site", site_offer.changes),
    PublicRoute("GET", "/sync/site/file/{path:path}", site_offer.file),
)
