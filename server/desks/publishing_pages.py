"""Publishing from the console: the public text beside the original, previewed, then approved."""

from typing import Any

from starlette.responses import Response

from acts.reader import read_fields
from acts.refusals import NotThisRole, Refusal, Stale
from acts.shanghai import month_of
from matters import store
from matters.answers import answer_in
from matters.commands import COMMANDS
from matters.lifecycle import decide
from matters.matter import Matter
from matters.public.public import notice_of
from matters.refusals import NotFound
from publisher.pages import notice_pages
from publisher.site_registers import SiteRegisters
from server.desks.command_runs import run_command
from server.desks.matter_record import matter_for
from server.desks.room import DesksRoom
from server.people.doors import Visit
from server.photos.pictures import take_pictures
from server.site.site_content import read_content
from server.web.values import read_seen

_PUBLISH = COMMANDS["publish"]
# The fields that hold pictures; a file for each comes as `before_file`, `after_file`.
PICTURES = ("before", "after")


def edit(room: DesksRoom, visit: Visit) -> Response:
    """Answer `GET /console/matters/{number}/publish`: the draft beside the original."""
    matter = matter_for(room.log, visit.actor, visit.path["number"])
    _refuse_unpublishable(room, visit, matter)
    return _page(room, visit, matter, typed=None, preview=False)


def _refuse_unpublishable(room: DesksRoom, visit: Visit, matter: Matter) -> None:
    """Raise a Refusal at once where the matter can't be published at all."""
    decide(
        matter,
        _PUBLISH,
        {"title": "-", "text": "-"},
        actor=visit.actor,
        known=room.registers.current().known,
        now_ms=room.log.now_ms(),
    )


def preview(room: DesksRoom, visit: Visit) -> Response:
    """Answer `POST /console/matters/{number}/publish`: a preview, or publication once confirmed."""
    number, typed = visit.path["number"], visit.fields.values
    matter = matter_for(room.log, visit.actor, number)
    step = visit.fields.text("step")
    try:
        if visit.fields.files:
            _refuse_unpublishable(room, visit, matter)
            _take_pictures(room, visit)
        if step == "edit":
            return _page(room, visit, matter, typed=typed, preview=False)
        if step != "publish":
            read_seen(typed.get("seen"))
            _read(room, typed)
            _refuse_unpublishable(room, visit, matter)
            return _page(room, visit, matter, typed=typed, preview=True)
        published = run_command(room, visit.actor, number, _PUBLISH, typed)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return _page(room, visit, matter, typed=typed, preview=False, refusal=refusal)
    return visit.redirect(f"console/matters/{published.number}")


def _take_pictures(room: DesksRoom, visit: Visit) -> None:
    """Keep the uploaded pictures, and add them to those that are named already."""
    typed = visit.fields.values
    for name in PICTURES:
        bodies = [body for file, body in visit.fields.files if file == f"{name}_file" and body]
        pictures = take_pictures(room.photo_writes, bodies, field=name)
        typed[name] = [*(typed.get(name) or []), *pictures]


def shown_again(
    room: DesksRoom, visit: Visit, matter: Matter, typed: dict[str, Any], refusal: Refusal
) -> Response:
    """Return the form with what was typed; nothing is published."""
    _refuse_unpublishable(room, visit, matter)
    return _page(room, visit, matter, typed=typed, preview=False, refusal=refusal)


def _page(
    room: DesksRoom,
    visit: Visit,
    matter: Matter,
    *,
    typed: dict[str, Any] | None,
    preview: bool,
    refusal: Refusal | None = None,
) -> Response:
    with room.log.reading() as connection:
        texts, title = store.texts_of(connection, matter), store.title_of(connection, matter)
    notice = _notice(room, matter, typed or {}) if preview else None
    first = matter.steps[0].event
    answer = answer_in(matter, texts)
    if typed is None:
        public = matter.public
        typed = {
            "title": texts.get((public, "title"), title),
            "text": texts.get((public, "text"), texts.get((first, "text"), "")),
            "answer": texts.get((public, "answer"), answer),
            "before": list(matter.before),
            "after": list(matter.after),
            "seen": str(matter.version),
        }
    elif isinstance(refusal, Stale):
        # The page that comes shows the newest state, so its form may go through.
        typed = {**typed, "seen": str(matter.version)}
    return visit.form(
        "publish.html",
        refusal,
        title=matter.number,
        matter=matter,
        original=texts.get((first, "text"), ""),
        original_answer=answer,
        typed=typed,
        preview=preview,
        notice=notice,
        sent=[] if matter.words_erased else [photo["sha256"] for photo in matter.photos],
        registers=room.registers.current(),
    )


def _read(room: DesksRoom, typed: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data and the texts of what was typed. Raises BadFields."""
    known, now_ms = room.registers.current().known, room.log.now_ms()
    return read_fields(_PUBLISH.fields, typed, known, now_ms)


def _notice(room: DesksRoom, matter: Matter, typed: dict[str, Any]) -> dict[str, Any]:
    """Return what the site would make of the typed texts, by its own rules."""
    data, texts = _read(room, typed)
    with room.log.reading() as connection:
        draft = notice_of(
            matter,
            title=texts["title"],
            text=texts["text"],
            answer=texts.get("answer", ""),
            month=month_of(matter.received_at),
            published_at=room.log.now_ms(),
            before=tuple(data.get("before", ())),
            after=tuple(data.get("after", ())),
        )
        content = read_content(connection, room.log.now_ms())
        return notice_pages.notice(SiteRegisters(content), draft).meta
