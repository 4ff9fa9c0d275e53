"""Keeping drafts from the console's forms: by a button, or by the page's small script."""

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from acts.refusals import N_, Refusal
from acts.shanghai import clock_text
from matters.commands import COMMANDS
from matters.refusals import NotFound
from server.desks.matter_pages import may_enter
from server.desks.matter_record import matter_for
from server.node import Node
from server.people import drafts
from server.people.doors import actor_of, fields_of, form_of, redirect, signed_in
from server.people.keyring import Locked

SCRIPT = Path(__file__).parent / "drafts.js"


class OtherPerson(Refusal):
    """Somebody else signed in since the page was opened."""

    code = "other-person"
    status = 403
    message = N_("现在登录的是另一个人。")


async def script(request: Request) -> Response:
    """Answer `GET /console/drafts.js`."""
    return Response(
        SCRIPT.read_bytes(), media_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


@signed_in
async def keep(request: Request) -> Response:
    """Answer `POST /console/drafts/{place}`: the draft is kept, or thrown away (`discard`).

    The script names in a header of its own whose page it is, which no strange site can send; so it
    may go on with its page when the same person has signed in again.
    """
    node: Node = request.app.state.node
    account = request.state.session.account.id
    owner = request.headers.get("draft-of")
    place = _place(request)
    if owner is None:
        fields = await form_of(request)
    elif owner == account:
        fields = await fields_of(request)
    else:
        raise OtherPerson
    if node.is_locked:
        await asyncio.to_thread(_refuse_over_locked, node, account, place)
    if fields.text("discard"):
        await node.log.write_async(lambda transaction: drafts.remove(transaction, account, place))
        saved = ""
    else:
        committed = await node.log.write_async(
            lambda transaction: drafts.save(
                transaction, account, place, fields.values, node.keys.sealer
            )
        )
        saved = clock_text(committed.result)
    if owner is not None:
        return JSONResponse({"saved_at": saved}, headers={"Cache-Control": "no-store"})
    page, _, command = place.rpartition("/")
    return redirect(request, f"console/{page}#do-{command}" if page else f"console/{place}")


def _refuse_over_locked(node: Node, account: str, place: str) -> None:
    """Raise Locked where a draft lies in the place: what it says can't be seen now, nor be lost."""
    with node.log.reading() as connection:
        if drafts.is_kept(connection, account, place):
            raise Locked


def _place(request: Request) -> str:
    """Return the place of a form that this person may fill. Raises NotFound or NotThisRole."""
    place: str = request.path_params["place"]
    if place in ("enter", "market"):
        may_enter(request)
        return place
    parts = place.split("/")
    if len(parts) != 3 or parts[0] != "matters" or parts[2] not in COMMANDS:
        raise NotFound
    node: Node = request.app.state.node
    found = matter_for(node.log, actor_of(request), parts[1])
    return drafts.matter_place(found.number, parts[2])
