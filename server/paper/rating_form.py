"""Pages to print from a matter: the people's rating form (群众问题意见评单表, L29)."""

from starlette.responses import Response

from acts.refusals import NotThisRole
from matters import store
from matters.answers import answer_in
from matters.terms import Role
from server.desks.matter_record import matter_for
from server.paper.room import PaperRoom
from server.people.doors import Visit

_MAY = (Role.LIAISON, Role.DEPUTY, Role.OFFICE)


def rating_form(room: PaperRoom, visit: Visit) -> Response:
    """Answer `GET /console/matters/{number}/rating-form`: to be ticked by hand, then entered."""
    if visit.actor.role not in _MAY:
        raise NotThisRole
    matter = matter_for(room.log, visit.actor, visit.path["number"])
    with room.log.reading() as connection:
        texts = store.texts_of(connection, matter)
        heading = store.title_of(connection, matter)
    return visit.page(
        "rating_form.html",
        title=matter.number,
        matter=matter,
        heading=heading,
        said=texts.get((matter.steps[0].event, "text"), ""),
        answer=answer_in(matter, texts),
        registers=room.registers.current(),
    )
