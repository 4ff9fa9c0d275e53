"""Publishing from the console: the public text beside the original, previewed, then approved."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from acts.reader import read_fields
from acts.refusals import NotThisRole, Refusal, Stale
from acts.shanghai import month_of
from matters import store
from matters.answers import answer_in
from matters.commands import COMMANDS
from matters.lifecycle import decide
from matters.matter import Matter
from matters.public.notices import Notice
from matters.refusals import NotFound
from publisher.pages import notice_pages
from publisher.registers import Registers
from server.desks.command_runs import run_command
from server.desks.matter_record import matter_for
from server.node import Node
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.photos.pictures import take_pictures
from server.site.site_content import read_content
from server.web.bodies import Fields
from server.web.languages import language_of
from server.web.pages import console_page
from server.web.problems import page_errors
from server.web.values import read_seen

_PUBLISH = COMMANDS["publish"]
# The fields that hold pictures; a file for each comes as `before_file`, `after_file`.
PICTURES = ("before", "after")


@signed_in
async def edit(request: Request) -> Response:
    """Answer `GET /console/matters/{number}/publish`: the draft beside the original."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    found = matter_for(node.log, actor, request.path_params["number"])
    decide_nothing_is_wrong(found, request)
    return await _page(request, found, typed=None, preview=False)


def decide_nothing_is_wrong(found: Matter, request: Request) -> None:
    """Raise a Refusal at once where the matter can't be published at all."""
    node: Node = request.app.state.node
    sample = {"title": "-", "text": "-"}
    decide(
        found,
        _PUBLISH,
        sample,
        actor=actor_of(request),
        known=node.registers.current().known,
        now_ms=node.now_ms(),
    )


@signed_in
async def preview(request: Request) -> Response:
    """Answer `POST /console/matters/{number}/publish`: a preview, or publication once confirmed."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    fields = await form_of(request)
    number = request.path_params["number"]
    found = matter_for(node.log, actor, number)
    step = fields.text("step")
    try:
        if fields.files:
            decide_nothing_is_wrong(found, request)
            await _take_pictures(node, fields)
        if step == "edit":
            return await _page(request, found, typed=fields.values, preview=False)
        if step != "publish":
            read_seen(fields.values.get("seen"))
            read_fields(
                _PUBLISH.fields, fields.values, node.registers.current().known, node.now_ms()
            )
            decide_nothing_is_wrong(found, request)
            return await _page(request, found, typed=fields.values, preview=True)
        done = await run_command(node, actor, number, _PUBLISH, fields.values)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return await _page(request, found, typed=fields.values, preview=False, refusal=refusal)
    return redirect(request, f"console/matters/{done.number}")


async def _take_pictures(node: Node, fields: Fields) -> None:
    """Keep the uploaded pictures, and add them to those that are named already."""
    for name in PICTURES:
        bodies = [body for file, body in fields.files if file == f"{name}_file" and body]
        named = fields.values.get(name) or []
        fields.values[name] = [
            *named,
            *await asyncio.to_thread(take_pictures, node.photo_writes, bodies, field=name),
        ]


async def shown_again(
    request: Request, found: Matter, typed: dict[str, Any], refusal: Refusal
) -> Response:
    """Return the form with what was typed; nothing is published."""
    decide_nothing_is_wrong(found, request)
    return await _page(request, found, typed=typed, preview=False, refusal=refusal)


async def _page(
    request: Request,
    found: Matter,
    *,
    typed: dict[str, Any] | None,
    preview: bool,
    refusal: Refusal | None = None,
) -> Response:
    node: Node = request.app.state.node

    def read() -> tuple[dict[tuple[bytes, str], str], str]:
        with node.log.reading() as connection:
            return store.texts_of(connection, found), store.title_of(connection, found)

    texts, title = await asyncio.to_thread(read)
    notice = await asyncio.to_thread(_notice, node, found, typed or {}) if preview else None
    first = found.steps[0].event
    answer = answer_in(found, texts)
    if typed is None:
        public = found.public
        typed = {
            "title": texts.get((public, "title"), title),
            "text": texts.get((public, "text"), texts.get((first, "text"), "")),
            "answer": texts.get((public, "answer"), answer),
            "before": list(found.before),
            "after": list(found.after),
            "seen": str(found.version),
        }
    elif isinstance(refusal, Stale):
        # The page that comes shows the newest state, so its form may go through.
        typed = {**typed, "seen": str(found.version)}
    return console_page(
        request,
        "publish.html",
        title=found.number,
        status=refusal.status if refusal is not None else 200,
        matter=found,
        original=texts.get((first, "text"), ""),
        original_answer=answer,
        typed=typed,
        preview=preview,
        notice=notice,
        sent=[] if found.words_erased else [one["sha256"] for one in found.photos],
        errors=page_errors(language_of(request), refusal),
        registers=node.registers.current(),
    )


def _notice(node: Node, found: Matter, typed: dict[str, Any]) -> dict[str, Any]:
    """Return what the site would make of the typed texts, by its own rules."""
    data, texts = read_fields(_PUBLISH.fields, typed, node.registers.current().known, node.now_ms())
    with node.log.reading() as connection:
        draft = Notice(
            number=found.number,
            title=texts["title"],
            text=texts["text"],
            answer=texts.get("answer", ""),
            month=month_of(found.received_at),
            state=found.state,
            received_at=found.received_at,
            answered_at=found.replied_at,
            published_at=node.now_ms(),
            station=found.station,
            deputy=found.deputy,
            area=found.area,
            category=found.category,
            units=tuple(unit for unit in (found.lead, *found.assisting) if unit),
            result=found.result,
            ratings={
                name: rating
                for name, rating in (("reply", found.reply_rating), ("result", found.result_rating))
                if rating
            },
            before=tuple(data.get("before", ())),
            after=tuple(data.get("after", ())),
        )
        return notice_pages.notice(Registers(read_content(connection)), draft).meta
