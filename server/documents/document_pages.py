"""Signed documents in the console: the list, a draft from the figures, editing and signing."""

import datetime
from typing import Any

from starlette.responses import Response

from acts.refusals import NotThisRole, Refusal
from acts.shanghai import day_of
from eventlog.identifiers import uuid_text
from matters.documents import document as documents
from matters.documents import store as documents_store
from matters.documents.document import Document, DocumentSigned, NotSigned
from matters.refusals import NotFound
from matters.terms import Role
from server.documents.document_runs import document_for, run_document_act, run_draft
from server.people import accounts
from server.people.doors import StaffRoom, Visit
from server.sessions.session_pages import MEETING_ROLES


def document_list(room: StaffRoom, visit: Visit) -> Response:
    """Answer `GET /console/documents/`: the office's drafts, and for all staff what was signed."""
    if visit.actor.role not in MEETING_ROLES:
        raise NotThisRole
    kind = visit.query.get("kind", "")
    with room.log.reading() as connection:
        page = documents_store.listed(
            connection, visit.actor, kind=kind, cursor=visit.query.get("cursor", "")
        )
    return visit.page(
        "documents.html",
        title="documents",
        page=page,
        chosen=kind,
        may_draft=visit.actor.role is Role.OFFICE,
        identify=uuid_text,
        D=documents,
    )


def new_document(room: StaffRoom, visit: Visit) -> Response:
    """Answer `GET /console/documents/new`: which kind, over which days; the last whole month."""
    first = day_of(room.log.now_ms()).replace(day=1)
    last = first - datetime.timedelta(days=1)
    typed = {"kind": "", "from": last.replace(day=1).isoformat(), "to": last.isoformat()}
    return _form(visit, typed, None)


def _form(visit: Visit, typed: dict[str, Any], refusal: Refusal | None) -> Response:
    if visit.actor.role is not Role.OFFICE:
        raise NotThisRole
    return visit.form(
        "document_new.html",
        refusal,
        title="document",
        typed=typed,
        D=documents,
    )


def create(room: StaffRoom, visit: Visit) -> Response:
    """Answer `POST /console/documents/new`: the draft, or the form with what is wrong."""
    try:
        document = run_draft(room, visit.actor, visit.fields.values)
    except NotThisRole:
        raise
    except Refusal as refusal:
        return _form(visit, visit.fields.values, refusal)
    return visit.redirect(f"console/documents/{uuid_text(document.id)}")


def document(room: StaffRoom, visit: Visit) -> Response:
    """Answer `GET /console/documents/{id}`: as it will be printed, with what can be done."""
    return _page(room, visit, document_for(room, visit.actor, visit.path["id"]))


def _page(
    room: StaffRoom,
    visit: Visit,
    document: Document,
    *,
    act: str = "",
    typed: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    with room.log.reading() as connection:
        texts = documents_store.texts_of(connection, document)
        names = accounts.names_of(connection)
    return visit.form(
        "document.html",
        refusal,
        title="document",
        document=document,
        texts=texts,
        names=names,
        offered=[
            name
            for name, row in documents.ACTS.items()
            if visit.actor.role in row.roles and (document.state in row.states or name == act)
        ],
        impossible=isinstance(refusal, DocumentSigned | NotSigned),
        failed=act,
        typed=typed,
        registers=room.registers.current(),
        identify=uuid_text,
        D=documents,
    )


def run(room: StaffRoom, visit: Visit) -> Response:
    """Answer `POST /console/documents/{id}/{act}`: done, or the page with what is wrong."""
    identity, act, typed = visit.path["id"], visit.path["act"], visit.fields.values
    try:
        run_document_act(room, visit.actor, identity, act, typed)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        document = document_for(room, visit.actor, identity)
        return _page(room, visit, document, act=act, typed=typed, refusal=refusal)
    return visit.redirect(f"console/documents/{identity}")
