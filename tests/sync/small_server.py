"""The hub's address as its stations meet it, in process: it goes to the real `/sync`."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from server.exchange.endpoint import SyncEndpoint
from server.folder.safe_writes import SafeWriter
from sync.rounds.client import HUB_FULL, Unreachable
from tests.sync.small_nodes import SmallHub


class Told(NamedTuple):
    """An answer: its status, its headers and its body."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes


class Confirmed(SafeWriter):
    """Says durable of what was committed, where the hub's stand-in for a replica does."""

    hub: SmallHub

    async def write(self, run: Any) -> Any:
        """Commit a job."""
        return (await super().write(run))._replace(durable=self.hub.confirm())

    async def confirmed(self, position: int) -> bool:
        """Return what the stand-in says."""
        return self.hub.confirm()


def exchange_of(hub: SmallHub) -> SyncEndpoint:
    """Return what answers at the address of a small hub."""
    writes = Confirmed(hub.log.writer, 0.1)
    writes.hub = hub

    async def nothing_else(scope: object, receive: object, send: object) -> None:
        raise AssertionError("only the exchange is asked here")

    return SyncEndpoint(hub.reception, hub.log, writes, lambda: "", nothing_else)


async def post(exchange: SyncEndpoint, message: bytes) -> Told:
    """Send a question as a request, and return the answer."""
    told: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": message, "more_body": False}

    async def send(event: Any) -> None:
        if event["type"] == "http.response.start":
            told.update(status=event["status"], headers=dict(event["headers"]))
        else:
            parts.append(event["body"])

    await exchange({"type": "http", "method": "POST", "path": "/sync"}, receive, send)
    return Told(told["status"], told["headers"], b"".join(parts))


def line_to(exchange: SyncEndpoint) -> Any:
    """Return a line to a hub's address, for one station at a time."""

    def line(message: bytes) -> bytes:
        told = asyncio.run(post(exchange, message))
        if told.status == 507:
            raise Unreachable("HTTP 507", code=HUB_FULL)
        if told.status != 200:
            later = told.headers.get(b"retry-after", b"0")
            raise Unreachable(f"HTTP {told.status}", float(later))
        return told.body

    return line
