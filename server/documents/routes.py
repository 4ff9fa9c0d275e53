"""The addresses of signed documents."""

from collections.abc import Mapping

from matters.documents.document import ACTS, DRAFTING
from server.documents import document_interface, document_pages
from server.documents.document_runs import DOCUMENT_LISTS
from server.people.doors import ConsoleRoute, StaffRoom
from server.people.interface import InterfaceRoute
from server.web.operation import SEEN, Operation, created, operation_of
from server.web.routes import RoomRoute


def _acts() -> Mapping[str, Operation]:
    """Return the operation of each act on a document."""
    return {name: operation_of(act, seen=SEEN) for name, act in ACTS.items()}


ROUTES: tuple[RoomRoute[StaffRoom], ...] = (
    ConsoleRoute("GET", "/console/documents/", document_pages.document_list),
    ConsoleRoute("GET", "/console/documents/new", document_pages.new_document),
    ConsoleRoute("POST", "/console/documents/new", document_pages.create),
    ConsoleRoute("GET", "/console/documents/{id}", document_pages.document),
    ConsoleRoute("POST", "/console/documents/{id}/{act}", document_pages.run, lists=DOCUMENT_LISTS),
    InterfaceRoute(
        "GET",
        "/api/v1/documents",
        document_interface.list_documents,
        Operation("A page of documents, newest first", query=("kind", "cursor")),
    ),
    InterfaceRoute(
        "POST",
        "/api/v1/documents",
        document_interface.create_document,
        operation_of(
            DRAFTING, "Draft a document from the figures of a period", answers=created("the draft")
        ),
        status=201,
    ),
    InterfaceRoute(
        "GET",
        "/api/v1/documents/{id}",
        document_interface.one_document,
        Operation("One document"),
    ),
    InterfaceRoute(
        "POST",
        "/api/v1/documents/{id}/{act}",
        document_interface.act_on_document,
        _acts,
        lists=DOCUMENT_LISTS,
    ),
)
