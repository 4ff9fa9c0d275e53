"""The addresses of signed documents."""

from collections.abc import Mapping

from matters.documents.document import ACTS, DocumentKind
from server.documents import document_interface, document_pages
from server.documents.document_runs import DOCUMENT_LISTS
from server.documents.room import DocumentsRoom
from server.people.doors import ConsoleRoute
from server.people.interface import InterfaceRoute
from server.web.languages import ENGLISH, translated
from server.web.operation import DAY, REFUSED, TEXT, TEXTS, Operation, created
from server.web.routes import RoomRoute


def _acts() -> Mapping[str, Operation]:
    """Return the operation of each act on a document."""
    return {
        act: Operation(
            translated(ENGLISH, ACTS[act][0]),
            description="by office",
            properties={**properties, "seen": {"type": "integer"}},
            required=required,
            answers={"200": "done", **REFUSED},
        )
        for act, properties, required in (
            (
                "edit",
                {"title": TEXT, "text": TEXT, "units": TEXTS, "deputies": TEXTS},
                ("title", "text"),
            ),
            ("sign", {"signer": TEXT}, ("signer",)),
            ("withdraw", {"reason": TEXT}, ("reason",)),
        )
    }


ROUTES: tuple[RoomRoute[DocumentsRoom], ...] = (
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
        Operation(
            "Draft a document from the figures of a period",
            description="by office",
            properties={"kind": {"enum": list(DocumentKind)}, "from": DAY, "to": DAY},
            required=("kind", "from", "to"),
            answers=created("the draft"),
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
