"""Imports in the console: old files that came in, and which of them may be public."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import NotThisRole
from eventlog.identifiers import uuid_text
from matters import store
from matters.terms import Role
from server.desks.interface import run_approval
from server.node import Node
from server.people import accounts
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.web.pages import console_page


@signed_in
async def imports(request: Request) -> Response:
    """Answer `GET /console/imports`: old files that came in, and which may be public."""
    node: Node = request.app.state.node
    if actor_of(request).role not in (Role.OFFICE, Role.ADMIN):
        raise NotThisRole

    def read() -> tuple[list[store.ImportRow], dict[str, str]]:
        with node.log.reading() as connection:
            return store.imports(connection), accounts.names_of(connection)

    rows, names = await asyncio.to_thread(read)
    return console_page(
        request,
        "imports.html",
        title="imports",
        rows=rows,
        names=names,
        identify=uuid_text,
        may_approve=actor_of(request).role is Role.OFFICE,
    )


@signed_in
async def approve(request: Request) -> Response:
    """Answer `POST /console/imports/{id}/approve`: one recorded act for the whole import."""
    node: Node = request.app.state.node
    await form_of(request)
    await run_approval(node, actor_of(request), request.path_params["id"])
    return redirect(request, "console/imports")
