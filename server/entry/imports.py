"""Old files that were imported: which they are, and the office's one approval of a whole one."""

from typing import Any

from starlette.responses import Response

from acts.refusals import NotThisRole
from acts.shanghai import iso
from eventlog.identifiers import uuid_text
from eventlog.log import Log
from eventlog.transaction import Transaction
from matters import store
from matters.actors import Actor
from matters.intake.history import approve_import
from matters.refusals import NotFound
from matters.terms import Role
from server.entry.room import EntryRoom
from server.people import accounts
from server.people.doors import Visit
from server.people.interface import Call
from server.web.values import read_subject


def _imports(log: Log, actor: Actor) -> list[store.ImportRow]:
    """Return every import, the newest first. Raises NotThisRole."""
    if actor.role not in (Role.OFFICE, Role.ADMIN):
        raise NotThisRole
    with log.reading() as connection:
        return store.imports(connection)


def _approve(log: Log, actor: Actor, identity: str) -> None:
    """Record that the office approves an import. Raises NotThisRole or NotFound."""
    if actor.role is not Role.OFFICE:
        raise NotThisRole
    subject = read_subject(identity)

    def job(transaction: Transaction) -> None:
        if not any(row.id == subject for row in store.imports(transaction.connection)):
            raise NotFound
        approve_import(transaction, subject, actor=actor)

    log.write(job)


def imports_page(room: EntryRoom, visit: Visit) -> Response:
    """Answer `GET /console/imports`: old files that came in, and which may be public."""
    rows = _imports(room.log, visit.actor)
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


def approve_on_page(room: EntryRoom, visit: Visit) -> Response:
    """Answer `POST /console/imports/{id}/approve`: one recorded act for the whole import."""
    _approve(room.log, visit.actor, visit.path["id"])
    return visit.redirect("console/imports")


def list_imports(room: EntryRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/imports`: every import with its counts, the newest first."""
    return {
        "imports": [
            {
                "id": uuid_text(row.id),
                "file": row.file_name,
                "rows": row.rows,
                "answered": row.answered,
                "started_at": iso(row.started_at),
                "approved_at": iso(row.approved_at),
            }
            for row in _imports(room.log, call.actor)
        ]
    }


def approve(room: EntryRoom, call: Call) -> dict[str, Any]:
    """Answer `POST /api/v1/imports/{id}/approve`: the whole import may be public from now on."""
    _approve(room.log, call.actor, call.path["id"])
    return list_imports(room, call)
