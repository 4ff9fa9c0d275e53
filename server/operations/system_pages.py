"""The node itself in the console: imports to approve, the replica, the recovery kit."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import NotThisRole
from eventlog.identifiers import uuid_text
from matters import store
from matters.terms import Role
from server.desks.interface import run_approval
from server.letters.letter_pages import outbox_values
from server.node import Node
from server.operations.health import health
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


@signed_in
async def system(request: Request) -> Response:
    """Answer `GET /console/system`: how the node is, for its administrator and the office."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    if actor.role not in (Role.OFFICE, Role.ADMIN):
        raise NotThisRole
    kit = ""
    if actor.role is Role.ADMIN and node.kit_path.exists():
        kit = node.kit_path.read_text("utf-8")
    return console_page(
        request,
        "system.html",
        title="system",
        health=health(node),
        clock=None if node.clock is None else node.clock.status,
        kit=kit,
        of_station=node.keys.of_station,
        actor=actor,
        replica=node.settings.replica_url or "",
        site_error=node.site.last_error,
        **await outbox_values(request, actor),
    )


@signed_in
async def kit_printed(request: Request) -> Response:
    """Answer `POST /console/kit-printed`: the recovery kit is on paper, so its file goes."""
    node: Node = request.app.state.node
    if actor_of(request).role is not Role.ADMIN:
        raise NotThisRole
    await form_of(request)
    node.kit_path.unlink(missing_ok=True)
    return redirect(request, "console/system")
