"""Pages to print from a matter: the people's rating form (群众问题意见评单表, L29)."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import NotThisRole
from matters import store
from matters.answers import answer_in
from matters.terms import Role
from server.desks.matter_record import matter_for
from server.node import Node
from server.people.doors import actor_of, signed_in
from server.web.pages import console_page

_MAY = (Role.LIAISON, Role.DEPUTY, Role.OFFICE)


@signed_in
async def rating_form(request: Request) -> Response:
    """Answer `GET /console/matters/{number}/rating-form`: to be ticked by hand, then entered."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    if actor.role not in _MAY:
        raise NotThisRole
    found = matter_for(node.log, actor, request.path_params["number"])

    def read() -> tuple[str, str, str]:
        with node.log.reading() as connection:
            texts = store.texts_of(connection, found)
            return (
                store.title_of(connection, found),
                texts.get((found.steps[0].event, "text"), ""),
                answer_in(found, texts),
            )

    heading, said, answer = await asyncio.to_thread(read)
    return console_page(
        request,
        "rating_form.html",
        title=found.number,
        matter=found,
        heading=heading,
        said=said,
        answer=answer,
        registers=node.registers.current(),
    )
