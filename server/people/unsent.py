"""Forms that came without their sign_in: nothing is carried out, and no word is lost.

The words travel through the sign-in page and then stand in their form again, for the person to
send. So a strange page that posts here gets no further than a form that somebody has to press.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import N_, Refusal
from eventlog.transaction import Transaction
from server.people import drafts
from server.people.doors import LostSignIn, OpenVisit, Unsent, Visit
from server.people.room import PeopleRoom
from server.people.station_accounts import valid_until
from server.web.bodies import Fields
from server.web.languages import language_of, wants_json
from server.web.problems import answer_problem, json_problem, words_of
from server.web.routes import in_thread, run

_PLACE = re.compile(r"[A-Za-z0-9-]+(?:/[A-Za-z0-9_-]+)*")
# Passwords never travel on, and these forms hold no words.
_NOT_CARRIED = ("password", "sign-in", "sign-out")
_MARKS = ("form_token", "step", "then", "discard")


class NotSentYet(Refusal):
    """What was typed waits to be sent once more."""

    code = "not-sent-yet"
    status = 200
    message = N_("登录断过，下面是您刚才写的，还没有提交。请看一遍，再按一次按钮。")


class Kept(NamedTuple):
    """What was typed into a form that was not carried out: its place below /console/, its fields.

    A field is a text, or a list of texts where it may stand repeatedly.
    """

    place: str
    fields: dict[str, Any]

    def as_text(self) -> str:
        """Return it for a hidden field of the sign-in page."""
        return json.dumps({"place": self.place, "fields": self.fields}, ensure_ascii=False)


def kept_of(request: Request, fields: Fields) -> Kept | None:
    """Return what a request brought that is worth keeping, or None."""
    place = request.url.path.partition("/console/")[2].removeprefix("drafts/")
    return _checked(place, fields.values)


def read_kept(text: str) -> Kept | None:
    """Return what a sign-in page carried, or None where it carried nothing readable."""
    try:
        carried = json.loads(text)
        return _checked(carried["place"], carried["fields"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _checked(place: Any, fields: Mapping[str, Any]) -> Kept | None:
    if not isinstance(place, str) or not _PLACE.fullmatch(place) or place in _NOT_CARRIED:
        return None
    typed = {
        name: value
        for name, value in fields.items()
        if name not in _MARKS
        and (
            isinstance(value, str)
            or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        )
    }
    return Kept(place, typed) if drafts.has_words(typed) else None


def sign_in_page(
    room: PeopleRoom,
    visit: OpenVisit,
    *,
    kept: Kept | None = None,
    status: int = 200,
    name: str = "",
    problem: str = "",
) -> Response:
    """Return the sign-in page; with words that wait for the person to be back.

    At a station it says until when people may sign in without hearing from the hub.
    """
    with room.log.reading() as connection:
        until = valid_until(connection)
    return visit.page(
        "sign_in.html",
        title="sign-in",
        status=status,
        name=name,
        problem=problem,
        valid_until=until,
        too_old=until is not None and room.log.now_ms() > until,
        kept=kept.as_text() if kept is not None else "",
    )


async def answer_lost(room: PeopleRoom, request: Request, error: Exception) -> Response:
    """Answer a form whose sign_in is gone: the sign-in page, which carries the words along."""
    assert isinstance(error, LostSignIn)
    if wants_json(request):
        return json_problem(language_of(request), error)
    visit, kept = OpenVisit(request), kept_of(request, error.fields)
    if kept is None:
        return visit.redirect("console/sign-in")
    return await in_thread(lambda: sign_in_page(room, visit, kept=kept, status=401))


async def answer_unsent(room: PeopleRoom, request: Request, error: Exception) -> Response:
    """Answer a form of another sign_in: the same form with what was typed, to be sent again."""
    assert isinstance(error, Unsent)
    kept = kept_of(request, error.visit.fields)
    if wants_json(request) or kept is None:
        return await answer_problem(request, error)
    return await show(room, error.visit, kept, status=error.status)


async def show(room: PeopleRoom, visit: Visit, kept: Kept, *, status: int = 200) -> Response:
    """Return the form with what was typed; nothing is carried out.

    Where the form is not this person's, or has no page that shows it, the bare words are shown.
    """
    refusal: Refusal = NotSentYet()
    try:
        response: Response | None = await run(room.form_of, visit, kept, status)
    except Refusal as met:
        refusal, response = met, None
    if response is not None:
        return response
    return await in_thread(
        lambda: visit.page(
            "unsent.html",
            title="unsent",
            status=status,
            kept=kept,
            may_send=isinstance(refusal, NotSentYet),
            problem=words_of(visit.language, refusal)[0],
        )
    )


def keep_as_draft(room: PeopleRoom, account: str, kept: Kept) -> None:
    """Keep the words as a draft, unless there is one: the person must change the password first."""

    def job(transaction: Transaction) -> None:
        if not drafts.is_kept(transaction.connection, account, kept.place):
            drafts.save(transaction, account, kept.place, kept.fields, room.sealer())

    room.log.write(job)
