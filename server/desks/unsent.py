"""Forms that came without their session: nothing is carried out, and no word is lost.

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
from matters.commands import COMMANDS
from server.desks import drafts
from server.desks import market_pages as market
from server.desks import matter_pages as console_matters
from server.desks import publishing_pages as publishing
from server.desks.interface import matter_for
from server.desks.stall import read_stall
from server.node import Node
from server.people.doors import LostSignIn, Unsent, actor_of, redirect
from server.people.station_accounts import valid_until
from server.web.bodies import Fields
from server.web.languages import language_of, wants_json
from server.web.pages import console_page
from server.web.problems import answer_problem, json_problem, said

_PLACE = re.compile(r"[A-Za-z0-9-]+(?:/[A-Za-z0-9_-]+)*")
_ON_MATTER = re.compile(r"matters/(\d+)/([a-z-]+)")
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
        found = json.loads(text)
        return _checked(found["place"], found["fields"])
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
    request: Request,
    *,
    kept: Kept | None = None,
    status: int = 200,
    name: str = "",
    problem: str = "",
) -> Response:
    """Return the sign-in page; with words that wait for the person to be back.

    At a station it says until when people may sign in without hearing from the hub.
    """
    node: Node = request.app.state.node
    with node.log.reading() as connection:
        until = valid_until(connection)
    return console_page(
        request,
        "sign_in.html",
        title="sign-in",
        status=status,
        name=name,
        problem=problem,
        valid_until=until,
        too_old=until is not None and node.now_ms() > until,
        kept=kept.as_text() if kept is not None else "",
    )


async def answer_lost(request: Request, error: Exception) -> Response:
    """Answer a form whose session is gone: the sign-in page, which carries the words along."""
    assert isinstance(error, LostSignIn)
    if wants_json(request):
        return json_problem(language_of(request), error)
    kept = kept_of(request, error.fields)
    if kept is None:
        return redirect(request, "console/sign-in")
    return sign_in_page(request, kept=kept, status=401)


async def answer_unsent(request: Request, error: Exception) -> Response:
    """Answer a form of another session: the same form with what was typed, to be sent again."""
    assert isinstance(error, Unsent)
    kept = kept_of(request, error.fields)
    if wants_json(request) or kept is None:
        return await answer_problem(request, error)
    return await show(request, kept, status=error.status)


async def show(request: Request, kept: Kept, *, status: int = 200) -> Response:
    """Return the form with what was typed; nothing is carried out.

    Where the form is not this person's, or has no page that shows it, the bare words are shown.
    """
    refusal: Refusal = NotSentYet()
    try:
        response = await _form(request, kept, status)
    except Refusal as met:
        refusal, response = met, None
    if response is not None:
        return response
    return console_page(
        request,
        "unsent.html",
        title="unsent",
        status=status,
        kept=kept,
        may_send=isinstance(refusal, NotSentYet),
        problem=said(language_of(request), refusal)[0],
    )


async def _form(request: Request, kept: Kept, status: int) -> Response | None:
    """Return the page of the kept form, or None where it has none here. Raises a Refusal."""
    node: Node = request.app.state.node
    if kept.place == "enter":
        return console_matters.entry(request, typed=kept.fields, status=status, unsent=True)
    if kept.place == "market":
        return await market.page(request, read_stall(kept.fields), status=status, unsent=True)
    on_matter = _ON_MATTER.fullmatch(kept.place)
    if on_matter is not None and on_matter[2] in COMMANDS:
        actor = actor_of(request)
        found = matter_for(node, actor, on_matter[1])
        if on_matter[2] == "publish":
            return await publishing.shown_again(request, found, kept.fields, NotSentYet())
        return await console_matters.matter_page(
            request,
            found,
            status=status,
            command=COMMANDS[on_matter[2]],
            typed=kept.fields,
            unsent=True,
        )
    return None


async def keep_as_draft(node: Node, account: str, kept: Kept) -> None:
    """Keep the words as a draft, unless there is one: the person must change the password first."""

    def job(transaction: Transaction) -> None:
        if not drafts.is_kept(transaction.connection, account, kept.place):
            drafts.save(transaction, account, kept.place, kept.fields, node.keys.sealer)

    await node.log.write_async(job)
