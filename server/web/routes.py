"""A room's routes: each an address, what answers it, and what the interface's document says of it.

A room lists them as a table, `ROUTES`, and is handed to them by what wires. A handler is a plain
function of the room, and of the request or of what a door made of it. A plain `def` runs in a
thread, so it may read SQLite, commit and wait; `async def` is for what streams, or must wait for
a place without holding a thread.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.web.operation import Operations

Room = TypeVar("Room")
Result = TypeVar("Result")
Endpoint = Callable[[Request], Awaitable[Response]]

# Of handlers, which may wait for the replica. However many strangers ask, staff come through.
_STAFF = ThreadPoolExecutor(32, "staff")
PUBLIC = ThreadPoolExecutor(16, "public")


@dataclass(frozen=True)
class Addressed:
    """A request, with what its address says."""

    request: Request

    @property
    def path(self) -> Mapping[str, str]:
        """The parts of the address, by name."""
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        """What stands behind the address."""
        return self.request.query_params


@dataclass(frozen=True)
class RoomRoute(ABC, Generic[Room]):
    """A method at an address: GET answers HEAD as well; parts of a path stand in braces.

    `operations` is what the interface's document says, None where programs have no use of it.
    """

    method: str
    path: str
    handler: Callable[[Room, Any], Any]
    operations: Operations = None

    @abstractmethod
    def endpoint(self, room: Room) -> Endpoint:
        """Return what answers requests, with the room that it is handed."""


@dataclass(frozen=True)
class PublicRoute(RoomRoute[Room]):
    """A route for whoever comes: villagers, programs, the node below."""

    handler: Callable[[Room, Request], Any]

    def endpoint(self, room: Room) -> Endpoint:
        """Return what answers requests, with the room that it is handed."""

        async def answer(request: Request) -> Response:
            response: Response = await run(self.handler, room, request, threads=PUBLIC)
            return response

        return answer


def bound(routes: Iterable[RoomRoute[Room]], room: Room) -> list[Route]:
    """Return a room's routes as Starlette takes them."""
    return [Route(route.path, route.endpoint(room), methods=[route.method]) for route in routes]


async def run(
    handler: Callable[..., Any], *values: Any, threads: ThreadPoolExecutor = _STAFF
) -> Any:
    """Return what a handler returns; a plain function runs in a thread."""
    if iscoroutinefunction(handler):
        return await handler(*values)
    return await in_thread(handler, *values, threads=threads)


async def in_thread(
    function: Callable[..., Result], *values: Any, threads: ThreadPoolExecutor = _STAFF
) -> Result:
    """Return what a function returns that may read or wait; it sees the request's context."""
    context = copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(threads, lambda: context.run(function, *values))
