"""How a list of matters is narrowed, and what that means: terms to look up, SQL, and an index."""

import re
import sqlite3
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from eventlog.identifiers import uuid_text
from matters import figures
from matters.actors import Actor
from matters.figures import Scope
from matters.lights import Light, due_until
from matters.receipts import read_number
from matters.rules import DEFAULT_RULES, Rules
from matters.terms import Desk, Role
from matters.text_terms import Wanted, wanted
from matters.waiting import FACTS, fact

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
        found = _CURSOR.fullmatch(cursor)
        if found is None or (found[1] is not None) != self.urgent_first:
            return None
        rush: list[Value] = [int(found[1])] if self.urgent_first else []
        names = ", ".join(f"m.{column}" for column in self.columns)
        marks = ", ".join("?" * len(self.columns))
        sign = "<" if self.falling else ">"
        return f"({names}) {sign} ({marks})", [*rush, int(found[2]), UUID(found[3]).bytes]

    def cursor(self, keys: tuple[int, ...], matter: bytes) -> str:
        """Return the cursor that stands at a row; `keys` are its columns without the id."""
        rush = f"{keys[0]}~" if self.urgent_first else ""
        return f"{rush}{keys[-1]}.{uuid_text(matter)}"


NEWEST = Sort(("received_at", "id"), True)
URGENT_FIRST = Sort(("rush", "received_at", "id"), True, True)
SOONEST = Sort(("due_at", "id"), False)


class Narrowed(NamedTuple):
    """Filters and visibility, made ready.

    `groups` are terms of which a matter holds one of each group (or held it once: terms of facts
    may be out of date, so that `facts` says the same in SQL). `conditions` is what else the row
    of the matter must meet; `wanted` what its texts must hold. `index` serves the conditions.
    """

    groups: list[tuple[str, ...]]
    facts: list[str]
    fact_values: list[Value]
    conditions: list[str]
    values: list[Value]
    wanted: Wanted | None
    index: str
    sort: Sort
    nothing: bool = False


def narrowed(
    connection: sqlite3.Connection,
    actor: Actor,
    filters: Filters,
    *,
    now_ms: int,
    rules: Rules = DEFAULT_RULES,
) -> Narrowed:
    """Return what the filters ask of the matters that the actor may see."""
    groups, facts, fact_values = _facts(actor, filters)
    conditions, values, indexes = _conditions(actor, filters, now_ms, rules)
    asked: Wanted | None = None
    if filters.q.strip():
        number = read_number(filters.q)
        if number is not None and _stands(connection, number):
            conditions.append("m.number=?")
            values.append(number)
            indexes.insert(0, "matters_by_number")
        else:
            asked = wanted(filters.q)
            groups.extend((term,) for term in sorted(asked.terms, key=len, reverse=True))
    sort = NEWEST
    if filters.order == Order.DUE:
        sort = SOONEST
    elif filters.desk == Desk.FRAME:
        sort = URGENT_FIRST
    return Narrowed(
        groups,
        facts,
        fact_values,
        conditions,
        values,
        asked,
        next(iter(indexes), "matters_newest"),
        sort,
        nothing=any(not group for group in groups) or (asked is not None and not asked.terms),
    )


def _stands(connection: sqlite3.Connection, number: str) -> bool:
    row = connection.execute("SELECT 1 FROM matters WHERE number=?", (number,)).fetchone()
    return row is not None


def _facts(actor: Actor, filters: Filters) -> tuple[list[tuple[str, ...]], list[str], list[Value]]:
    groups: list[tuple[str, ...]] = []
    conditions: list[str] = []
    values: list[Value] = []

    def either(pairs: Iterable[tuple[str, str]]) -> None:
        found = [(name, value) for name, value in pairs if value]
        groups.append(tuple(fact(name, value) for name, value in found))
        conditions.append(f"({' OR '.join(_SQL_OF_FACT[name] for name, _ in found) or '0'})")
        values.extend(value for _, value in found)

    match actor.role:
        case Role.ADMIN | Role.SYSTEM:
            pass
        case Role.OFFICE:
            if actor.areas:
                either([*(("area", area) for area in sorted(actor.areas)), ("body", actor.body)])
        case Role.UNIT:
            either([("unit", actor.unit)])
        case Role.LIAISON | Role.DEPUTY:
            either(
                [
                    *(("station", station) for station in sorted(actor.stations)),
                    *(("area", area) for area in sorted(actor.areas)),
                    ("deputy", actor.deputy),
                ]
            )
        case _:
            either([])
    for name in (*FACTS, "unit"):
        value = getattr(filters, name)
        if value == figures.NONE and name != "unit":
            conditions.append(f"m.{name}=''")
        elif value:
            either([(name, value)])
    scope = filters.scope
    for name, value in (
        ("unit", scope.unit),
        ("station", scope.station),
        ("category", scope.category),
    ):
        if value not in ("", figures.NONE):
            groups.append((fact(name, value),))
    if scope.areas and figures.NONE not in scope.areas:
        groups.append(tuple(fact("area", area) for area in scope.areas))
    return groups, conditions, values


_SQL_OF_FACT = {
    **{name: f"m.{name}=?" for name in FACTS},
    "unit": "EXISTS (SELECT 1 FROM dispatched d WHERE d.unit=? AND d.matter=m.id)",
}


def _conditions(
    actor: Actor, filters: Filters, now_ms: int, rules: Rules
) -> tuple[list[str], list[Value], list[str]]:
    """Return conditions on the row, their values, and the indexes that serve them, best first."""
    conditions: list[str] = []
    values: list[Value] = []
    indexes: list[str] = []

    def narrow(index: str, condition: str, *given: Value) -> None:
        conditions.append(condition)
        values.extend(given)
        if index:
            indexes.append(index)

    if filters.order == Order.DUE:
        narrow("matters_due", "m.running")
    if filters.overdue:
        narrow("matters_due", "m.running AND m.due_at < ?", now_ms)
    if filters.light:
        narrow("matters_due", *_light(filters.light, now_ms, rules))
    if filters.pressed_late:
        narrow("matters_pressed", "m.press_due_at < ?", now_ms)
    if filters.mine:
        narrow("matters_taken", "m.taken_by != '' AND m.taken_by=?", actor.account)
    if filters.handover:
        narrow("matters_handover", "m.handover != x'' AND m.handover=?", filters.handover)
    for wanted_here, name, condition in (
        (filters.key, "key", "m.key"),
        (filters.extension, "extension", "m.extension"),
        (filters.asked, "asked", "m.asked"),
        (filters.flagged, "flagged", "(m.quarantine != x'' OR m.contested > 0)"),
        (filters.unsatisfied, "unsatisfied", "m.unsatisfied"),
    ):
        if wanted_here:
            narrow(f"matters_{name}", condition)
    if filters.level:
        narrow("matters_level", "m.level != '' AND m.level=?", filters.level)
    if filters.round_from > 1:
        narrow("matters_again", "m.round > 1 AND m.round >= ?", filters.round_from)
    if filters.urgent:
        narrow("matters_urgent", "(m.grade='urgent' OR m.alarm)")
    if filters.desk == Desk.NONE:
        narrow("", "m.desk=?", filters.desk)
    elif filters.desk:
        rush = "" if filters.desk == Desk.FRAME else " AND m.rush=0"
        narrow("matters_on_desk", f"m.desk != 'none' AND m.desk=?{rush}", filters.desk)
    if filters.state:
        narrow("matters_by_state", "m.state=?", filters.state)
    if filters.since:
        narrow("", "m.received_at >= ?", filters.since)
    of_scope, scope_values = figures.conditions(filters.scope)
    for condition in of_scope:
        narrow("", condition)
    values.extend(scope_values)
    if filters.counted and filters.counted != "received":
        narrow("", f"({figures.COLUMNS[filters.counted]})")
    return conditions, values, indexes


def _light(light: str, now_ms: int, rules: Rules) -> tuple[str, *tuple[Value, ...]]:
    red, yellow = due_until(now_ms, rules.red_days), due_until(now_ms, rules.yellow_days)
    match light:
        case Light.RED:
            return "m.running AND m.due_at <= ?", red
        case Light.YELLOW:
            return "m.running AND m.due_at > ? AND m.due_at <= ?", red, yellow
        case Light.GREEN:
            return "m.running AND m.due_at > ?", yellow
        case _:
            return ("m.running AND 0",)
