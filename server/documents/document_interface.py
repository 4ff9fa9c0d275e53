"""The interface for programs, `/api/v1/documents`: drafts, and what was signed."""

from typing import Any

from acts.shanghai import iso
from eventlog.identifiers import uuid_text
from matters.documents import store as documents_store
from matters.documents.document import Document
from server.documents.document_runs import document_for, run_document_act, run_draft
from server.people.doors import StaffRoom
from server.people.interface import Call


def document_json(document: Document, title: str) -> dict[str, Any]:
    """Return a document as lists give it."""
    return {
        "id": uuid_text(document.id),
        "title": title,
        "kind": str(document.kind),
        "state": str(document.state),
        "version": document.version,
        "from": document.start,
        "to": document.end,
        "units": list(document.units),
        "deputies": list(document.deputies),
        "drafted_by": document.drafted_by,
        "drafted_at": iso(document.drafted_at),
        "signed_by": document.signed_by,
        "signed_at": iso(document.signed_at),
        "withdrawn_by": document.withdrawn_by,
        "withdrawn_at": iso(document.withdrawn_at),
    }


def _whole(room: StaffRoom, document: Document) -> dict[str, Any]:
    with room.log.reading() as connection:
        texts = documents_store.texts_of(connection, document)
    return {**document_json(document, texts["title"]), **texts}


def list_documents(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/documents?kind=&cursor=`."""
    with room.log.reading() as connection:
        page = documents_store.listed(
            connection,
            call.actor,
            kind=call.query.get("kind", ""),
            cursor=call.query.get("cursor", ""),
        )
    return {
        "documents": [document_json(row.document, row.title) for row in page.rows],
        "next": page.next or None,
    }


def create_document(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `POST /api/v1/documents`: 201 the draft from the figures, or the refusal."""
    return _whole(room, run_draft(room, call.actor, call.values))


def one_document(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/documents/{id}`."""
    return _whole(room, document_for(room, call.actor, call.path["id"]))


def act_on_document(room: StaffRoom, call: Call) -> dict[str, Any]:
    """Answer `POST /api/v1/documents/{id}/{act}`: edit, sign or withdraw."""
    return _whole(
        room, run_document_act(room, call.actor, call.path["id"], call.path["act"], call.values)
    )
