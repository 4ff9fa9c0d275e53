"""What filters and visibility mean: terms to look up, conditions in SQL, and an index."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from eventlog.words import are_sealed
from matters import store
from matters.actors import Actor
from matters.intake.receipts import read_number
from matters.ledgers import figures
from matters.limits.lights import Light, due_until
from matters.listing.filters import NEWEST, SOONEST, URGENT_FIRST, Filters, Order, Sort, Value
from matters.listing.text_terms import Wanted, wanted
from matters.listing.waiting import FACTS, fact
from matters.registers.rules import DEFAULT_RULES, Rules
from matters.terms import Desk, Role


class Narrowed(NamedTuple):
    """Filters and visibility, made ready.

    `groups` are terms of which a matter holds one of each group (or held it once: terms of facts
    may be out of date, so that `facts` says the same in SQL). `conditions` is what else the row
    of the matter must meet; `wanted` what its texts must hold. `by_index` serves the conditions.
    `by_reading`: texts are sealed on this disk, so their terms stand nowhere; each is read.
    """

    groups: list[tuple[str, ...]]
    facts: list[str]
    fact_values: list[Value]
    conditions: list[str]
    values: list[Value]
    wanted: Wanted | None
    by_index: str
    sort: Sort
    nothing: bool = False
    by_reading: bool = False


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
    words: Wanted | None = None
    by_reading = are_sealed(connection)
    if filters.q:
        numbers = _standing(connection, read_number(filters.q) or "")
        if numbers:
            conditions.append(f"m.number IN ({','.join('?' * len(numbers))})")
            values.extend(numbers)
            indexes.insert(0, "matters_by_number")
        else:
            words = wanted(filters.q)
            if not by_reading:
                groups.extend((term,) for term in sorted(words.terms, key=len, reverse=True))
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
        words,
        next(iter(indexes), "matters_newest"),
        sort,
        nothing=any(not group for group in groups) or (words is not None and not words.terms),
        by_reading=by_reading,
    )


def _standing(connection: sqlite3.Connection, number: str) -> list[str]:
    """Return the numbers, as they are now, of the matters that a number may mean."""
    numbers = (matter.number for matter in store.all_by_number(connection, number))
    return list(dict.fromkeys(numbers))


def _facts(actor: Actor, filters: Filters) -> tuple[list[tuple[str, ...]], list[str], list[Value]]:
    groups: list[tuple[str, ...]] = []
    conditions: list[str] = []
    values: list[Value] = []

    def either(pairs: Iterable[tuple[str, str]]) -> None:
        facts = [(name, value) for name, value in pairs if value]
        groups.append(tuple(fact(name, value) for name, value in facts))
        conditions.append(f"({' OR '.join(_SQL_OF_FACT[name] for name, _ in facts) or '0'})")
        values.extend(value for _, value in facts)

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
            # No light is called so.
            return "m.running AND m.due_at < ?", -(2**62)
