"""The door of the interface for programs, `/api/v1/`: the bearer token, the body, the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from matters.actors import Actor
from server.people.accounts import Account
from server.people.doors import RoomOfStaff
from server.web.bodies import read_fields
from server.web.locked_texts import as_json
from server.web.operation import Operation
from server.web.routes import Addressed, Endpoint, RoomRoute, in_thread, run

HEADERS = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Call(Addressed):
    """A program's request: for whom it asks by its token, and what its body brought."""

    account: Account
    actor: Actor
    values: Mapping[str, Any]


@dataclass(frozen=True)
class InterfaceRoute(RoomRoute[RoomOfStaff]):
    """A route for programs: its handler returns what becomes JSON, or a whole response.

    Without a valid token it answers 401. A body is read where the operation has one; `lists`
    names fields that may stand repeatedly in a form. `status` is that of the handler's JSON.
    """

    handler: Callable[[RoomOfStaff, Call], Any]
    lists: tuple[str, ...] = ()
    status: int = 200

    def endpoint(self, room: RoomOfStaff) -> Endpoint:
        """Return what answers requests, with the room that it is handed."""
        operation = self.operations
        has_body = not isinstance(operation, Operation) or operation.properties is not None
        reads = has_body and self.method != "GET"

        async def answer(request: Request) -> Response:
            account, actor = await in_thread(room.doors.program_of, request)
            room.doors.admit()
            values = (await read_fields(request, lists=self.lists)).values if reads else {}
            outcome = await run(self.handler, room, Call(request, account, actor, values))
            if isinstance(outcome, Response):
                return outcome
            return JSONResponse(as_json(outcome), self.status, headers=HEADERS)

        return answer
