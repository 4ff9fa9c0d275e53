"""What waits and what is overdue, by today's states of a matter alone."""

from dataclasses import dataclass

from eventlog.log import Log
from matters import counts, lists
from matters.actors import Actor
from matters.filters import Filters
from matters.terms import Role, State
from server.announcing import Sources
from server.county_registers import RegisterCache
from server.digest import Overdue
from server.wording import STATES

YELLOW_WITHIN_MS = 5 * 86_400_000
_DESKS: dict[Role, tuple[State, ...]] = {
    Role.LIAISON: (State.RECEIVED,),
    Role.DEPUTY: (State.RECEIVED,),
    Role.UNIT: (State.ASSIGNED, State.IN_HAND),
    Role.OFFICE: (State.RECEIVED, State.ADOPTED, State.ASSIGNED, State.IN_HAND, State.REPLIED),
}


@dataclass(frozen=True)
class Desk:
    """What waits at one desk; `query` narrows the console's list to it."""

    desk: str
    label: str
    count: int
    overdue: int
    query: str
    first: list[tuple[str, int | None]]


def sources(log: Log, registers: RegisterCache) -> Sources:
    """Return the announcer's sources over one node's log; every day is a working day."""
    return Sources(
        waiting=lambda actor: waiting(log, actor),
        overdue=lambda: overdue(log),
        actor=lambda account: registers.current().actor(account),
        county=lambda: registers.current().county.name,
        works=lambda day: True,
        light=light,
    )


def light(due_at: int, now_ms: int) -> str:
    """Return red where it is overdue, yellow within five days of it, else green."""
    if due_at < now_ms:
        return "red"
    return "yellow" if due_at - now_ms < YELLOW_WITHIN_MS else "green"


def waiting(log: Log, actor: Actor) -> list[Desk]:
    """Return the states that are this actor's to deal with, those that hold matters."""
    now_ms = log.now_ms()
    found: list[Desk] = []
    with log.reading() as connection:
        all_counts = counts.by_state(connection, actor, Filters(), now_ms=now_ms)
        late = counts.by_state(connection, actor, Filters(overdue=True), now_ms=now_ms)
        for state in _DESKS.get(actor.role, ()):
            if not all_counts[state].n:
                continue
            page = lists.listed(connection, actor, Filters(state=state), now_ms=now_ms)
            first = [(row.matter.number, row.matter.due_at) for row in page.rows]
            first.sort(key=lambda one: (one[1] is None, one[1] or 0, one[0]))
            found.append(
                Desk(
                    state,
                    STATES[state],
                    all_counts[state].n,
                    late[state].n,
                    f"?state={state}",
                    first,
                )
            )
    return found


def overdue(log: Log) -> list[Overdue]:
    """Return every matter that is overdue now; all at the first level, that of the unit."""
    found: list[Overdue] = []
    actor, filters = Actor(Role.SYSTEM), Filters(overdue=True)
    with log.reading() as connection:
        while True:
            page = lists.listed(connection, actor, filters, now_ms=log.now_ms())
            found += [
                Overdue(row.matter.number, row.matter.lead, row.matter.due_at or 0, "unit")
                for row in page.rows
            ]
            if not page.next:
                return found
            filters = filters._replace(cursor=page.next)
