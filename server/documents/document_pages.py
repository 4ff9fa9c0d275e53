"""Signed documents in the console: the list, a draft from the figures, editing and signing."""

import asyncio
import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import NotThisRole, Refusal
from acts.shanghai import today
from eventlog.identifiers import uuid_text
from matters.documents import document as documents
from matters.documents import store as documents_store
from matters.documents.document import Document, DocumentSigned, NotSigned
from matters.refusals import NotFound
from matters.terms import Role
from server.documents.document_runs import DOCUMENT_LISTS, document_for, run_document_act, run_draft
from server.node import Node
from server.people import accounts
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.sessions.session_pages import MEETING_ROLES
from server.web.languages import language_of
from server.web.pages import console_page
from server.web.problems import page_errors


@signed_in
async def document_list(request: Request) -> Response:
    """Answer `GET /console/documents/`: the office's drafts, and for all staff what was signed."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    if actor.role not in MEETING_ROLES:
        raise NotThisRole
    query = request.query_params

    def read() -> documents_store.DocumentsPage:
        with node.log.reading() as connection:
            return documents_store.listed(
                connection, actor, kind=query.get("kind", ""), cursor=query.get("cursor", "")
            )

    return console_page(
        request,
        "documents.html",
        title="documents",
        page=await asyncio.to_thread(read),
        chosen=query.get("kind", ""),
        may_draft=actor.role is Role.OFFICE,
        identify=uuid_text,
        D=documents,
    )


@signed_in
async def new_document(request: Request) -> Response:
    """Answer `GET /console/documents/new`: which kind, over which days; the last whole month."""
    first = today().replace(day=1)
    last = first - datetime.timedelta(days=1)
    typed = {"kind": "", "from": last.replace(day=1).isoformat(), "to": last.isoformat()}
    return _form(request, typed, None)


def _form(request: Request, typed: dict[str, Any], refusal: Refusal | None) -> Response:
    if actor_of(request).role is not Role.OFFICE:
        raise NotThisRole
    return console_page(
        request,
        "document_new.html",
        title="document",
        status=refusal.status if refusal is not None else 200,
        typed=typed,
        errors=page_errors(language_of(request), refusal),
        D=documents,
    )


@signed_in
async def create(request: Request) -> Response:
    """Answer `POST /console/documents/new`: the draft, or the form with what is wrong."""
    node: Node = request.app.state.node
    fields = await form_of(request)
    try:
        document = await run_draft(node, actor_of(request), fields.values)
    except NotThisRole:
        raise
    except Refusal as refusal:
        return _form(request, fields.values, refusal)
    return redirect(request, f"console/documents/{uuid_text(document.id)}")


@signed_in
async def document(request: Request) -> Response:
    """Answer `GET /console/documents/{id}`: as it will be printed, with what can be done."""
    node: Node = request.app.state.node
    found = document_for(node, actor_of(request), request.path_params["id"])
    return await _page(request, found)


async def _page(
    request: Request,
    found: Document,
    *,
    act: str = "",
    typed: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    node: Node = request.app.state.node
    actor = actor_of(request)

    def read() -> tuple[dict[str, str], dict[str, str]]:
        with node.log.reading() as connection:
            return documents_store.texts_of(connection, found), accounts.names_of(connection)

    texts, names = await asyncio.to_thread(read)
    return console_page(
        request,
        "document.html",
        title="document",
        status=refusal.status if refusal is not None else 200,
        document=found,
        texts=texts,
        names=names,
        offered=[
            name
            for name, (_, state) in documents.ACTS.items()
            if actor.role is Role.OFFICE and (state is found.state or name == act)
        ],
        impossible=isinstance(refusal, DocumentSigned | NotSigned),
        failed=act,
        typed=typed,
        errors=page_errors(language_of(request), refusal),
        registers=node.registers.current(),
        identify=uuid_text,
        D=documents,
    )


@signed_in
async def run(request: Request) -> Response:
    """Answer `POST /console/documents/{id}/{act}`: done, or the page with what is wrong."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    fields = await form_of(request, DOCUMENT_LISTS)
    identity, act = request.path_params["id"], request.path_params["act"]
    try:
        await run_document_act(node, actor, identity, act, fields.values)
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return await _page(
            request,
            document_for(node, actor, identity),
            act=act,
            typed=fields.values,
            refusal=refusal,
        )
    return redirect(request, f"console/documents/{identity}")
