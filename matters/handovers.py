"""Handovers: many matters dispatched in one act (派单), from a grid list, a session, a meeting.

A handover has a kind, a day, a title and its demands (L21, X04). Each matter in it is dispatched
by an event of its own, which names the handover, so that the list can be closed off line by line.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from acts.act import Act, refuse_role
from acts.field import Field, FieldKind
from acts.reader import read_fields
from acts.refusals import N_, BadFields, FieldProblem, Refusal
from acts.shanghai import day_of
from eventlog import words
from eventlog.events import Draft, Event
from eventlog.identifiers import new_uuid7
from eventlog.transaction import Transaction
from matters.actors import Actor
from matters.commands import COMMANDS
from matters.execution import carry_out
from matters.known import Known
from matters.shapes import WrongShape, text_in, time_of
from matters.terms import Role

ROWS_MOST = 500


class HandoverKind(StrEnum):
    """Why many matters are dispatched together."""

    GRID = "grid"
    SESSION = "session"
    MEETING = "meeting"


HANDING_OVER = Act(
    "hand-over",
    "handover.held",
    N_("交办选中的"),
    (Role.OFFICE,),
    (),
    None,
    (
        Field("title", FieldKind.LINE, N_("标题"), max_length=60),
        Field("kind", FieldKind.CHOICE, N_("哪一种"), required=False, choices=tuple(HandoverKind)),
        Field("held_on", FieldKind.DAY, N_("日期"), required=False),
        Field("demand", FieldKind.WORDS, N_("办理要求"), required=False, max_length=2000),
        Field("limit", FieldKind.LIMIT, N_("办理时限"), required=False),
    ),
)


class Handover(msgspec.Struct, kw_only=True):
    """One handover. `held_on` is yyyy-mm-dd; `event` holds its words, title and demand."""

    id: bytes
    event: bytes = b""
    kind: str = ""
    held_on: str = ""
    made_at: int = 0
    by: str = ""


class HandoversProjection:
    """Projection of the noun `handover` into `handovers`."""

    noun = "handover"

    def fold(self, events: Sequence[Event]) -> Handover:
        """Return the handover that its first event tells of."""
        event = events[0]
        handover = Handover(id=event.subject, event=event.id, by=event.by)
        try:
            handover.made_at = time_of(event.at)
            handover.kind = text_in(event.data, "kind")
            handover.held_on = text_in(event.data, "held_on")
        except WrongShape:
            return Handover(id=event.subject, event=event.id, by=event.by)
        return handover

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: Handover, position: int
    ) -> None:
        """Put the handover's row in place. The transaction is open."""
        connection.execute(
            "INSERT OR REPLACE INTO handovers(id, event, kind, held_on, made_at, by) "
            "VALUES (?,?,?,?,?,?)",
            (state.id, state.event, state.kind, state.held_on, state.made_at, state.by),
        )

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the table."""
        connection.execute("DELETE FROM handovers")


class RowRefused(NamedTuple):
    """A row of a handover that was not dispatched, and why."""

    number: str
    refusal: Refusal


class Handed(NamedTuple):
    """What became of a handover: its id (b"" where no row went through), the rows of each kind."""

    id: bytes
    done: tuple[str, ...]
    refused: tuple[RowRefused, ...]


def hand_over(
    transaction: Transaction,
    raw: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    *,
    actor: Actor,
    known: Known,
    folder: Path,
) -> Handed:
    """Dispatch many matters at once; rows that the rules refuse are told and left as they were.

    `raw` has kind, title, demand, held_on and limit; each row number, lead, assisting, limit and
    seen. Raises NotThisRole or BadFields where the handover itself is wrong.
    """
    refuse_role(HANDING_OVER, actor.role)
    now_ms = transaction.now_ms()
    data: dict[str, Any] = {}
    texts: dict[str, str] = {}
    problems: list[FieldProblem] = []
    try:
        data, texts = read_fields(HANDING_OVER.fields, raw, known, now_ms)
    except BadFields as bad:
        problems += bad.problems
    if not rows:
        problems.append(FieldProblem("matters", "required", N_("请至少选一件。")))
    if len(rows) > ROWS_MOST:
        values = {"most": ROWS_MOST}
        problems.append(FieldProblem("matters", "too-many", N_("一次最多 {most} 件。"), values))
    if problems:
        raise BadFields(problems)
    identity = new_uuid7(now_ms)
    done: list[str] = []
    refused: list[RowRefused] = []
    for row in rows:
        number = str(row.get("number", ""))
        fields = {
            "lead": row.get("lead"),
            "assisting": row.get("assisting"),
            "limit": row.get("limit") or data.get("limit"),
            "demand": texts.get("demand"),
        }
        try:
            carry_out(
                transaction,
                number,
                COMMANDS["assign"],
                fields,
                actor=actor,
                known=known,
                seen=row.get("seen"),
                folder=folder,
                more={"handover": identity},
            )
        except Refusal as refusal:
            refused.append(RowRefused(number, refusal))
        else:
            done.append(number)
    if not done:
        return Handed(b"", (), tuple(refused))
    held = {
        "kind": data.get("kind", str(HandoverKind.MEETING)),
        "held_on": data.get("held_on", day_of(now_ms).isoformat()),
    }
    draft = Draft(HANDING_OVER.type, identity, held, texts)
    transaction.append([draft], by=actor.signature, fresh_subject=True)
    return Handed(identity, tuple(done), tuple(refused))


class Shown(NamedTuple):
    """A handover as it is listed, with how many of its matters are answered and closed."""

    handover: Handover
    title: str
    demand: str
    matters: int
    answered: int
    closed: int


def listed(connection: sqlite3.Connection, most: int = 200) -> list[Shown]:
    """Return the newest handovers with their counts."""
    rows = connection.execute(
        "SELECT id FROM handovers ORDER BY held_on DESC, made_at DESC LIMIT ?", (most,)
    ).fetchall()
    handovers = (by_id(connection, row[0]) for row in rows)
    return [handover for handover in handovers if handover is not None]


def by_id(connection: sqlite3.Connection, identity: bytes) -> Shown | None:
    """Return one handover, or None."""
    row = connection.execute(
        "SELECT id, event, kind, held_on, made_at, by FROM handovers WHERE id=?", (identity,)
    ).fetchone()
    if row is None:
        return None
    handover = Handover(
        id=row[0], event=row[1], kind=row[2], held_on=row[3], made_at=row[4], by=row[5]
    )
    counts = connection.execute(
        "SELECT count(*), coalesce(sum(answered), 0), coalesce(sum(state='closed'), 0) "
        "FROM matters WHERE handover=? AND handover != x''",
        (identity,),
    ).fetchone()
    return Shown(
        handover,
        words.read(connection, handover.event, "title") or "",
        words.read(connection, handover.event, "demand") or "",
        *counts,
    )
