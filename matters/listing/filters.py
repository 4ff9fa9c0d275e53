"""How a list of matters is asked for: its filters, its order, and the cursor of its next page."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from acts.text import clean_line
from eventlog.identifiers import parse_uuid, uuid_text
from matters.ledgers.figures import Scope

Value = str | int | bytes
# The urgent mark of a framing desk's cursor; the time, which in old files may lie before 1970, or
# for `due` the limit; and the matter's id.
_CURSOR = re.compile(r"(?:([01])~)?(-?[0-9]{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class Order(StrEnum):
    """How a list is sorted; the framing desk's has the urgent first in either case."""

    NEWEST = ""
    DUE = "due"


class Filters(NamedTuple):
    """How a list of matters is narrowed; empty values narrow nothing. `since` is ms, UTC.

    - `desk` and `state` as in `terms`; `light` is green, yellow or red.
    - `mine`: a deputy took it up, the one who asks. `urgent`: graded so, or its words sound so.
    - `asked`: the villager is; `extension`: one is asked for and not decided; `pressed_late`: the
      unit let the limit to answer a press pass. `round_from` is the least round, from 2.
    - `handover` is its id. `order` "due" lists what has a running limit, soonest first.
    - `scope` and `counted`: a line of the ledger, and which of its numbers (`figures.COLUMNS`).
    """

    state: str = ""
    unit: str = ""
    station: str = ""
    deputy: str = ""
    area: str = ""
    category: str = ""
    overdue: bool = False
    since: int = 0
    q: str = ""
    flagged: bool = False
    cursor: str = ""
    desk: str = ""
    level: str = ""
    key: bool = False
    urgent: bool = False
    body: str = ""
    kind: str = ""
    channel: str = ""
    extension: bool = False
    asked: bool = False
    unsatisfied: bool = False
    pressed_late: bool = False
    handover: bytes = b""
    round_from: int = 0
    light: str = ""
    mine: bool = False
    order: str = ""
    scope: Scope = Scope()
    counted: str = ""


# What a list is narrowed to by a name, by yes or no, and otherwise, in an address.
NAMED = (
    *("state", "desk", "unit", "station", "deputy", "area", "category", "body", "kind", "channel"),
    *("level", "light", "order", "cursor"),
)
TICKED = (
    *("overdue", "flagged", "key", "urgent", "extension", "asked", "unsatisfied", "pressed_late"),
    "mine",
)
ADDRESSED = (*NAMED, *TICKED, "since", "q", "handover", "round_from")


def filters_from(query: Mapping[str, str]) -> Filters:
    """Return the filters that an address gives by name, all but `since` and those of the ledger.

    What is not understood narrows to nothing that there is, and is no error.
    """
    named = {name: query.get(name, "") for name in NAMED}
    ticked = {name: query.get(name, "") in ("1", "yes", "true") for name in TICKED}
    values: dict[str, Any] = {**named, **ticked}
    return Filters(
        q=clean_line(query.get("q", ""))[:100],
        handover=_identity(query.get("handover", "")),
        round_from=_whole(query.get("round_from", "")),
        **values,
    )


def _identity(text: str) -> bytes:
    try:
        return parse_uuid(text) if text else b""
    except ValueError:
        return bytes(16)


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 4 else 0


class Sort(NamedTuple):
    """An order of rows with its cursor: columns of one direction, and how a cursor is written."""

    columns: tuple[str, ...]
    falling: bool
    urgent_first: bool = False

    @property
    def sql(self) -> str:
        """The clause ORDER BY."""
        direction = " DESC" if self.falling else ""
        return ", ".join(f"m.{column}{direction}" for column in self.columns)

    def after(self, cursor: str) -> tuple[str, list[Value]] | None:
        """Return the condition that a row comes after the cursor, or None where it is none."""
        position = _CURSOR.fullmatch(cursor)
        if position is None or (position[1] is not None) != self.urgent_first:
            return None
        rush: list[Value] = [int(position[1])] if self.urgent_first else []
        names = ", ".join(f"m.{column}" for column in self.columns)
        marks = ", ".join("?" * len(self.columns))
        sign = "<" if self.falling else ">"
        return f"({names}) {sign} ({marks})", [*rush, int(position[2]), UUID(position[3]).bytes]

    def cursor(self, keys: tuple[int, ...], matter: bytes) -> str:
        """Return the cursor that stands at a row; `keys` are its columns without the id."""
        rush = f"{keys[0]}~" if self.urgent_first else ""
        return f"{rush}{keys[-1]}.{uuid_text(matter)}"


NEWEST = Sort(("received_at", "id"), True)
URGENT_FIRST = Sort(("rush", "received_at", "id"), True, True)
SOONEST = Sort(("due_at", "id"), False)
