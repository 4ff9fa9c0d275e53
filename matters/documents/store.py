"""Documents as rows, and carrying out what is done with them. SQL for documents stands here."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from acts.act import Act
from eventlog import words
from eventlog.events import Event
from eventlog.identifiers import new_uuid7, uuid_text
from eventlog.transaction import Transaction
from matters.actors import Actor
from matters.documents.document import (
    Document,
    DocumentKind,
    Period,
    decide_act,
    decide_draft,
    fold,
)
from matters.known import Known
from matters.refusals import NotFound
from matters.terms import Role

_decoder = msgspec.msgpack.Decoder(Document)
PAGE = 50
_CURSOR = re.compile(r"([0-9]{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class DocumentsProjection:
    """Projection of the noun `document` into `documents`."""

    noun = "document"

    def fold(self, events: Sequence[Event]) -> Document:
        """Return the document that the events give."""
        return fold(events)

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: Document, position: int
    ) -> None:
        """Put the document's row in place. The transaction is open."""
        if state.drafted_by:
            circulated = state.signed_at is not None
            connection.execute(
                "INSERT OR REPLACE INTO documents(id, position, kind, state, circulated, "
                "drafted_at) VALUES (?,?,?,?,?,?)",
                (state.id, position, state.kind, state.state, circulated, state.drafted_at),
            )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the table."""
        connection.execute("DELETE FROM documents")


class DocumentRow(NamedTuple):
    """A document in a list, with its title in words."""

    document: Document
    title: str


class DocumentsPage(NamedTuple):
    """One page of a list, newest first, with the cursor of the next page, or ""."""

    rows: list[DocumentRow]
    next: str


def by_id(connection: sqlite3.Connection, document: bytes) -> Document | None:
    """Return the document of that id, or None."""
    row = connection.execute(
        "SELECT state FROM states WHERE subject=? AND noun='document'", (document,)
    ).fetchone()
    folded = None if row is None else _decoder.decode(row[0])
    return folded if folded is not None and folded.drafted_by else None


def texts_of(connection: sqlite3.Connection, document: Document) -> dict[str, str]:
    """Return title, text, signer and reason as they stand now, "" where there is none."""
    pointed = (
        ("title", document.wording),
        ("text", document.wording),
        ("signer", document.signing),
        ("reason", document.withdrawing),
    )
    return {
        field: (words.read(connection, event, field) or "") if event else ""
        for field, event in pointed
    }


def listed(
    connection: sqlite3.Connection, actor: Actor, *, kind: str = "", cursor: str = ""
) -> DocumentsPage:
    """Return one page of the documents that the actor may see, newest first."""
    conditions = ["1"]
    values: list[str | int | bytes] = []
    if actor.role is not Role.OFFICE:
        staff = actor.role in (Role.DEPUTY, Role.LIAISON, Role.UNIT)
        conditions.append("circulated" if staff else "0")
    if kind:
        conditions.append("kind=?")
        values.append(kind)
    before = _CURSOR.fullmatch(cursor)
    if before is not None:
        conditions.append("(drafted_at, id) < (?, ?)")
        values.extend((int(before[1]), UUID(before[2]).bytes))
    rows = connection.execute(
        f"SELECT id, drafted_at FROM documents WHERE {' AND '.join(conditions)} "
        f"ORDER BY drafted_at DESC, id DESC LIMIT {PAGE + 1}",
        values,
    ).fetchall()
    documents: list[DocumentRow] = []
    for row in rows[:PAGE]:
        document = by_id(connection, row[0])
        if document is not None:
            documents.append(DocumentRow(document, texts_of(connection, document)["title"]))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return DocumentsPage(documents, f"{last[1]}.{uuid_text(last[0])}" if last else "")


def draft(
    transaction: Transaction,
    kind: DocumentKind,
    period: Period,
    written: tuple[str, str],
    units: Sequence[str],
    *,
    actor: Actor,
) -> Document:
    """Write a draft with a title and text, and return it. Raises NotThisRole."""
    subject = new_uuid7(transaction.now_ms())
    event = decide_draft(subject, kind, period, written, units, actor=actor)
    transaction.append([event], by=actor.signature, fresh_subject=True)
    return required(transaction, subject)


def carry_out_act(
    transaction: Transaction,
    document: bytes,
    act: Act,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    known: Known,
    seen: int | None,
) -> Document:
    """Write what an act gives, and return the document as it is then. Raises a Refusal."""
    before = required(transaction, document)
    event = decide_act(
        before, act, raw, actor=actor, county=known, now_ms=transaction.now_ms(), seen=seen
    )
    transaction.append([event], by=actor.signature)
    return required(transaction, document)


def required(transaction: Transaction, document: bytes) -> Document:
    """Return the document of that id. Raises NotFound."""
    folded = by_id(transaction.connection, document)
    if folded is None:
        raise NotFound
    return folded
