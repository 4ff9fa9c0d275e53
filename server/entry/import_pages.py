"""Imports in the console: old files that came in, and which may be public."""

from starlette.responses import Response

from eventlog.identifiers import uuid_text
from matters.terms import Role
from server.entry.imports import imports_for, run_approval
from server.entry.room import EntryRoom
from server.people import accounts
from server.people.doors import Visit


def imports(room: EntryRoom, visit: Visit) -> Response:
    """Answer `GET /console/imports`: old files that came in, and which may be public."""
    rows = imports_for(room.log, visit.actor)
    with room.log.reading() as connection:
        names = accounts.names_of(connection)
    return visit.page(
        "imports.html",
        title="imports",
        rows=rows,
        names=names,
        identify=uuid_text,
        may_approve=visit.actor.role is Role.OFFICE,
    )


def approve(room: EntryRoom, visit: Visit) -> Response:
    """Answer `POST /console/imports/{id}/approve`: one recorded act for the whole import."""
    run_approval(room.log, visit.actor, visit.path["id"])
    return visit.redirect("console/imports")
