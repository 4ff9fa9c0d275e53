"""What time alone brings: what is overdue is raised, what nobody rates is closed, limits move.

Each act is an event by the node itself, so that it stands in the record with its moment. Asked
for again and again, this gives only what is yet to be written.
"""

import sqlite3
from collections.abc import Iterator

from acts.limit import BadLimit
from acts.shanghai import DAY_MS, days_between
from eventlog.events import Draft
from matters import store
from matters.commands import FACT_OF_TYPE
from matters.limits.deadlines import due_at, moved
from matters.limits.lights import Raised, level_of
from matters.matter import Matter
from matters.registers.rules import Rules
from matters.terms import Desk, MatterEvent
from stations.working_days import WorkingDays

_LEVELS = ("", Raised.UNIT, Raised.HEAD, Raised.OFFICE, Raised.COMMITTEE)


def due_acts(
    connection: sqlite3.Connection, now_ms: int, rules: Rules, calendar: WorkingDays, most: int
) -> list[Draft]:
    """Return at most `most` acts that are due now: escalations, and closings as unrated."""
    escalations = _escalations(connection, now_ms, rules, most)
    return escalations + _lapses(connection, now_ms, rules, calendar, most - len(escalations))


def _escalations(
    connection: sqlite3.Connection, now_ms: int, rules: Rules, most: int
) -> list[Draft]:
    """Raise what is overdue level by level: to the unit's head, the office, the committee."""
    drafts: list[Draft] = []
    days = {
        Raised.COMMITTEE: rules.committee_days,
        Raised.OFFICE: rules.office_days,
        Raised.HEAD: rules.head_days,
    }
    for level, late_days in days.items():
        reached = [str(higher) for higher in _LEVELS[_LEVELS.index(level) :]]
        rows = connection.execute(
            "SELECT id FROM matters INDEXED BY matters_due WHERE running AND due_at <= ? "
            f"AND level NOT IN ({','.join('?' * len(reached))}) ORDER BY due_at LIMIT ?",
            (now_ms - late_days * DAY_MS, *reached, most - len(drafts)),
        ).fetchall()
        chosen = {draft.subject for draft in drafts}
        for (identity,) in rows:
            matter = store.by_id(connection, identity)
            if matter is None or identity in chosen:
                continue
            due = level_of(matter.due_at, now_ms, rules)
            if due in (Raised.HEAD, Raised.OFFICE, Raised.COMMITTEE) and due != matter.level:
                drafts.append(Draft(MatterEvent.ESCALATED, identity, {"level": str(due)}))
    return drafts


def _lapses(
    connection: sqlite3.Connection, now_ms: int, rules: Rules, calendar: WorkingDays, most: int
) -> list[Draft]:
    """Close as unrated what was answered long enough ago, and nobody rated."""
    if most <= 0:
        return []
    rows = connection.execute(
        f"SELECT id, replied_at FROM matters WHERE desk='{Desk.RATE}' AND replied_at < ? "
        "ORDER BY replied_at LIMIT ?",
        (now_ms, most),
    )
    return [
        Draft(MatterEvent.LAPSED, identity, {})
        for identity, replied_at in rows
        if due_at(replied_at, rules.rate_within, calendar) < now_ms
    ]


def moved_limits(
    connection: sqlite3.Connection, calendar: WorkingDays, *, batch: int
) -> Iterator[list[Draft]]:
    """Yield, in batches, the limits in working days that the calendar of now ends elsewhere."""
    after = (0, b"")
    while True:
        rows = connection.execute(
            "SELECT id, due_at FROM matters INDEXED BY matters_due "
            "WHERE running AND (due_at, id) > (?, ?) ORDER BY due_at, id LIMIT ?",
            (*after, batch),
        ).fetchall()
        if not rows:
            return
        after = (rows[-1][1], rows[-1][0])
        matters = (store.by_id(connection, row[0]) for row in rows)
        drafts = [moved_limit(matter, calendar) for matter in matters if matter is not None]
        yield [draft for draft in drafts if draft is not None]


def moved_limit(matter: Matter, calendar: WorkingDays) -> Draft | None:
    """Return the event that puts a matter's limit right by the calendar, None where it is."""
    if not matter.in_working_days or matter.limit_from is None or matter.due_at is None:
        return None
    try:
        counted = due_at(matter.limit_from, matter.limit, calendar)
    except BadLimit:
        return None
    counted = moved(counted, matter.paused_days, working=True, calendar=calendar)
    data = {"due_at": counted}
    if matter.paused_at is not None and matter.pause_until is not None:
        days = days_between(matter.paused_at, matter.pause_until)
        paused = moved(counted, days, working=True, calendar=calendar)
        data = {"due_before": counted, "due_at": paused}
    if data["due_at"] == matter.due_at:
        return None
    return Draft(MatterEvent.LIMIT_MOVED, matter.id, data)


def still_due(connection: sqlite3.Connection, draft: Draft, now_ms: int) -> bool:
    """Return whether an act is as right as when it was found; asked inside the transaction.

    Between the two somebody may have replied, rated or moved the limit.
    """
    matter = store.by_id(connection, draft.subject)
    fact = FACT_OF_TYPE[draft.type]
    if matter is None or matter.state not in fact.states:
        return False
    if draft.type == MatterEvent.ESCALATED and not matter.overdue(now_ms):
        return False
    return fact.stands(matter, now_ms) is None


def unheard(connection: sqlite3.Connection, most: int) -> list[bytes]:
    """Return merged matters that have not heard what the leading one was answered.

    Two nodes that know nothing of each other may merge a matter and answer the leading one.
    """
    rows = connection.execute(
        "SELECT f.id FROM matters f CROSS JOIN matters l ON l.id=f.merged_into "
        f"WHERE f.desk='{Desk.FOLLOW}' AND f.desk != 'none' AND l.answered LIMIT ?",
        (most,),
    )
    return [row[0] for row in rows]
