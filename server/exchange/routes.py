"""The addresses of the exchange, of joining, of sticks and of the nodes below."""

from server.exchange import (
    bundle_pages,
    decision_pages,
    exchange_pages,
    joining_pages,
    node_pages,
)
from server.exchange.room import ExchangeRoom
from server.people.doors import ConsoleRoute, OpenRoute, UploadRoute
from server.web.routes import RoomRoute
from sync.sticks.bundle_file import BUNDLE_MOST_BYTES

ROUTES: tuple[RoomRoute[ExchangeRoom], ...] = (
    ConsoleRoute("POST", "/console/bundle", bundle_pages.write),
    UploadRoute(
        "POST",
        "/console/bundle/read",
        bundle_pages.read,
        file_field="file",
        most_bytes=BUNDLE_MOST_BYTES,
        lets_in=bundle_pages.lets_in,
        too_large=bundle_pages.too_large,
    ),
    ConsoleRoute("GET", "/console/sync", exchange_pages.page),
    ConsoleRoute("POST", "/console/sync", exchange_pages.send_now),
    OpenRoute(
        "GET",
        "/console/sync/join",
        joining_pages.page,
        proof=None,
        lets_in=joining_pages.lets_in,
    ),
    OpenRoute(
        "POST",
        "/console/sync/join",
        joining_pages.join,
        proof=joining_pages.is_made_here,
        lets_in=joining_pages.lets_in,
    ),
    ConsoleRoute("GET", "/console/nodes", node_pages.page),
    ConsoleRoute("POST", "/console/nodes", node_pages.invite),
    ConsoleRoute("POST", "/console/nodes/invitation", node_pages.invitation_file),
    ConsoleRoute("POST", "/console/nodes/seen", decision_pages.alarms_seen),
    ConsoleRoute("POST", "/console/nodes/held/{event}/{digest}/{act}", decision_pages.act),
    ConsoleRoute("GET", "/console/nodes/{node}/revoke", node_pages.revocation),
    ConsoleRoute("POST", "/console/nodes/{node}/revoke", node_pages.revoke),
)
