"""The frames of a node's pages: the site's around public ones, the console's around its own."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from acts.refusals import Message
from server.exchange import exchange_health
from server.node import Node
from server.operations.problems import what_of
from server.people.accounts import SignIn
from server.web.at_the_machine import is_at_the_machine

# A replica that was away for less is nobody's business but the log's.
NOT_DURABLE_S = 180.0


class NodeFrame:
    """The frames of a node's pages: the site's, and the console's with how the node stands."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def public(self, title: str, body: str, root: str, language: str) -> str:
        """Return a page of the server in the frame of the site; no search engine keeps it."""
        return self._node.site.frame().render(
            title, body, root, language, head_extra='<meta name="robots" content="noindex">'
        )

    def console(self, request: Request) -> Mapping[str, Any]:
        """Return what the console's layout shows around a page, for whoever is signed in."""
        node = self._node
        durability = node.durability()
        sign_in = getattr(request.state, "session", None)
        return {
            "session": sign_in,
            "exchange_line": self._exchange_line(request, sign_in),
            "is_station": node.settings.role == "station",
            "county": node.registers.current().county,
            "report": None if durability is None else durability.report(),
            "not_durable": self._not_durable(sign_in),
            "kit_waits": node.kit_path.exists(),
            "locked": node.is_locked,
            "now_ms": node.now_ms(),
            "clock_doubt": None if node.hub_clock is None else node.hub_clock.doubt,
        }

    def _not_durable(self, sign_in: SignIn | None) -> Message | None:
        """Return why nothing new is durable, for those who can have it put right."""
        if sign_in is None or sign_in.account.role not in ("office", "admin"):
            return None
        problem = self._node.watch.not_durable_for(NOT_DURABLE_S)
        return None if problem is None else what_of(problem)

    def _exchange_line(self, request: Request, sign_in: SignIn | None) -> tuple[str, int] | None:
        """Return what is said of the exchange; without a session to one at the machine only."""
        if sign_in is None and not is_at_the_machine(request):
            return None
        node = self._node
        staff = "" if sign_in is None else sign_in.account.role
        with node.log.reading() as connection:
            line = exchange_health.line_for(connection, node.settings.role, staff, node.now_ms())
        return line if sign_in is not None or (line and line[0] == "not-joined") else None
