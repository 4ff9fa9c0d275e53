"""When a step counts from, where the clock of the node that wrote it was wrong.

Limits count from the hub's receipt then, and both times are shown (DESIGN decision 14; 0018). The
hub says in a `matter.timed` event when it had another event; `fold` reads these first of all, so
that it does not matter when they arrive.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import structs

from acts.limit import MOST_DAYS
from acts.shanghai import DAY_MS, day_of
from eventlog.events import Draft, Event
from eventlog.transaction import Transaction
from matters.actors import SYSTEM
from matters.matter import Matter
from matters.orders import clock
from matters.shapes import WrongShape, bytes_in, time_in, time_of
from matters.terms import MatterEvent


class Receipts(NamedTuple):
    """When the hub had the events of a matter that count from then: ms, UTC, by event.

    `standing` are the `matter.timed` events that say so, the first one of each.
    """

    times: Mapping[bytes, int]
    standing: frozenset[bytes]


_NONE = Receipts({}, frozenset())


def receipts(events: Sequence[Event]) -> Receipts:
    """Return what the hub says of when it had them; the events come in (rank, id) order.

    One that names no event before it, or one that was timed already, says nothing.
    """
    if not any(event.type == MatterEvent.TIMED for event in events):
        return _NONE
    times: dict[bytes, int] = {}
    standing: set[bytes] = set()
    passed: set[bytes] = set()
    for event in events:
        if event.type != MatterEvent.TIMED:
            passed.add(event.id)
            continue
        try:
            time_of(event.at)
            of, at = bytes_in(event.data, "event"), time_of(event.data.get("at"))
        except WrongShape:
            continue
        if of in passed and of not in times:
            times[of] = at
            standing.add(event.id)
    return Receipts(times, frozenset(standing))


def as_it_counts(matter: Matter, event: Event, heard: Receipts) -> Event:
    """Return the event with the time that it counts from, `matter` being as it was before.

    Moments that its author's node counted from its own wrong time are counted anew. Raises
    WrongShape, also for a `matter.timed` that says nothing.
    """
    if event.type == MatterEvent.TIMED and event.id not in heard.standing:
        raise WrongShape("event")
    at = heard.times.get(event.id)
    if at is None:
        return event
    time_of(event.at)
    return structs.replace(event, at=at, data=_counted_anew(matter, event, at))


def _counted_anew(matter: Matter, event: Event, at: int) -> dict[str, Any]:
    """Return the event's data with the moments that follow from `at`, the hub's time.

    `fold` has no calendar, so working days are counted without the county's holidays; the
    timekeeper puts such a limit right when it next goes through them.
    """
    data = dict(event.data)
    match event.type:
        case MatterEvent.ASSIGNED:
            # Without a due moment it is counted from the limit.
            data.pop("due_at", None)
            _move(data, "return_by", event.at, at)
        case MatterEvent.ASKED:
            _move(data, "until", event.at, at)
            until = time_in(data, "until", at)
            data["due_at"] = clock.due_while_asked(matter, at, at if until is None else until)
        case MatterEvent.MESSAGED:
            data["due_at"] = clock.due_once_told(matter, at)
        case MatterEvent.PRESSED | MatterEvent.INSPECTED:
            # Somebody chose the day, or it was counted; the event does not say which. A day that
            # is over when the hub hears of it, or years away, was counted from the wrong time.
            until = time_in(data, "until", None)
            if until is not None and not at < until <= at + MOST_DAYS * DAY_MS:
                _move(data, "until", event.at, at)
    return {name: value for name, value in data.items() if value is not None}


def _move(data: dict[str, Any], field: str, wrong: int, right: int) -> None:
    """Let a moment be as many days after the right time as it was after the wrong one."""
    moment = time_in(data, field, None)
    if moment is not None:
        data[field] = moment + (day_of(right) - day_of(wrong)).days * DAY_MS


def time_arrivals(transaction: Transaction, arrived: Sequence[bytes], hub_ms: int) -> None:
    """Write when the hub had each of these events, where that is not written yet.

    They are ids of events whose author's node did not know the time or was wrong about it, just
    taken into the log; those of other nouns than the matter are passed over. Called by the hub
    with the transaction open that takes them in.
    """
    of_matter: dict[bytes, list[bytes]] = {}
    for identity in dict.fromkeys(arrived):
        row = transaction.connection.execute(
            "SELECT subject, type FROM events WHERE id=?", (identity,)
        ).fetchone()
        if row is not None and row[1].startswith("matter.") and row[1] != MatterEvent.TIMED:
            of_matter.setdefault(row[0], []).append(identity)
    drafts: list[Draft] = []
    for subject, identities in of_matter.items():
        known = receipts(transaction.events_of(subject)).times
        drafts += [
            Draft(MatterEvent.TIMED, subject, {"event": identity, "at": hub_ms})
            for identity in identities
            if identity not in known
        ]
    if drafts:
        transaction.append(drafts, by=SYSTEM.signature)
