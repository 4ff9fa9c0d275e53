"""The interface for programs, `/api/v1/documents`: drafts, and what was signed."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from acts.shanghai import iso
from eventlog.identifiers import uuid_text
from matters.documents import store as documents_store
from matters.documents.document import Document
from server.documents.document_runs import DOCUMENT_LISTS, document_for, run_document_act, run_draft
from server.node import Node
from server.people.locked_texts import as_json
from server.people.sign_in import required_actor
from server.web.bodies import read_fields

_HEADERS = {"Cache-Control": "no-store"}


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


def _whole(node: Node, document: Document) -> dict[str, Any]:
    with node.log.reading() as connection:
        texts = documents_store.texts_of(connection, document)
    return as_json({**document_json(document, texts["title"]), **texts})


async def list_documents(request: Request) -> Response:
    """Answer `GET /api/v1/documents?kind=&cursor=`."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    query = request.query_params

    def read() -> dict[str, Any]:
        with node.log.reading() as connection:
            page = documents_store.listed(
                connection, actor, kind=query.get("kind", ""), cursor=query.get("cursor", "")
            )
        return as_json(
            {
                "documents": [document_json(row.document, row.title) for row in page.rows],
                "next": page.next or None,
            }
        )

    return JSONResponse(await asyncio.to_thread(read), headers=_HEADERS)


async def create_document(request: Request) -> Response:
    """Answer `POST /api/v1/documents`: 201 the draft from the figures, or the refusal."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    fields = await read_fields(request)
    document = await run_draft(node, actor, fields.values)
    return JSONResponse(await asyncio.to_thread(_whole, node, document), 201, headers=_HEADERS)


async def one_document(request: Request) -> Response:
    """Answer `GET /api/v1/documents/{id}`."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    identity = request.path_params["id"]
    found = await asyncio.to_thread(lambda: _whole(node, document_for(node, actor, identity)))
    return JSONResponse(found, headers=_HEADERS)


async def act_on_document(request: Request) -> Response:
    """Answer `POST /api/v1/documents/{id}/{act}`: edit, sign or withdraw."""
    _, actor = required_actor(request)
    node: Node = request.app.state.node
    fields = await read_fields(request, lists=DOCUMENT_LISTS)
    path = request.path_params
    document = await run_document_act(node, actor, path["id"], path["act"], fields.values)
    return JSONResponse(await asyncio.to_thread(_whole, node, document), headers=_HEADERS)
