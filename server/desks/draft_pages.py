"""Keeping drafts from the console's forms: by a button, or by the page's small script."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from acts.refusals import N_, Refusal
from acts.shanghai import clock_text
from matters.commands import COMMANDS
from matters.refusals import NotFound
from server.desks.matter_record import matter_for
from server.desks.room import DesksRoom
from server.entry.entry_pages import may_enter
from server.people import drafts
from server.people.doors import Visit, is_of_sign_in
from server.people.keyring import Locked

SCRIPT = Path(__file__).parent / "drafts.js"


class OtherPerson(Refusal):
    """Somebody else signed in since the page was opened."""

    code = "other-person"
    status = 403
    message = N_("现在登录的是另一个人。")


def script(room: DesksRoom, request: Request) -> Response:
    """Answer `GET /console/drafts.js`."""
    return Response(
        SCRIPT.read_bytes(), media_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


def is_of_person(visit: Visit) -> None:
    """Raise OtherPerson or Unsent where the draft is not of whoever is signed in.

    The script names in a header of its own whose page it is, which no strange site can send; so it
    may go on with its page when the same person has signed in again.
    """
    owner = visit.request.headers.get("draft-of")
    if owner is None:
        is_of_sign_in(visit)
    elif owner != visit.account.id:
        raise OtherPerson


def keep_of_market(room: DesksRoom, visit: Visit) -> Response:
    """Answer `POST /console/drafts/market`, the one form of many rows."""
    may_enter(visit.actor)
    return _keep(room, visit, "market")


def keep(room: DesksRoom, visit: Visit) -> Response:
    """Answer `POST /console/drafts/{place}`: the draft is kept, or thrown away (`discard`)."""
    return _keep(room, visit, _place(room, visit))


def _keep(room: DesksRoom, visit: Visit, place: str) -> Response:
    account, fields = visit.account.id, visit.fields
    if room.doors.is_locked:
        _refuse_over_locked(room, account, place)
    saved = ""
    if fields.text("discard"):
        room.log.write(lambda transaction: drafts.remove(transaction, account, place))
    else:
        committed = room.log.write(
            lambda transaction: drafts.save(
                transaction, account, place, fields.values, room.sealer()
            )
        )
        saved = clock_text(committed.result)
    if "draft-of" in visit.request.headers:
        return JSONResponse({"saved_at": saved}, headers={"Cache-Control": "no-store"})
    page, _, command = place.rpartition("/")
    return visit.redirect(f"console/{page}#do-{command}" if page else f"console/{place}")


def _refuse_over_locked(room: DesksRoom, account: str, place: str) -> None:
    """Raise Locked where a draft lies in the place: what it says can't be seen now, nor be lost."""
    with room.log.reading() as connection:
        if drafts.is_kept(connection, account, place):
            raise Locked


def _place(room: DesksRoom, visit: Visit) -> str:
    """Return the place of a form that this person may fill. Raises NotFound or NotThisRole."""
    place = visit.path["place"]
    if place == "enter":
        may_enter(visit.actor)
        return place
    parts = place.split("/")
    if len(parts) != 3 or parts[0] != "matters" or parts[2] not in COMMANDS:
        raise NotFound
    matter = matter_for(room.log, visit.actor, parts[1])
    return drafts.matter_place(matter.number, parts[2])
