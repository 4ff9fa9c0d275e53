"""Where digests have their facts from: what waits for each account, and what is overdue."""

from eventlog.log import Log
from matters.actors import Actor
from matters.ledgers.supervision import OverdueMatter, overdue_now
from matters.limits.lights import light_of
from matters.listing.inbox import FIRST_MOST, Awaited, awaiting
from server.county.county_registers import RegisterCache
from server.letters.announcing import Sources
from server.people.actors import actor_for


def sources(log: Log, registers: RegisterCache) -> Sources:
    """Return the announcer's sources over one node's log and the county's own rules."""

    def waiting(actor: Actor) -> list[Awaited]:
        with log.reading() as connection:
            return awaiting(
                connection,
                actor,
                now_ms=log.now_ms(),
                rules=registers.current().rules,
                first=FIRST_MOST,
            )

    def overdue() -> list[OverdueMatter]:
        with log.reading() as connection:
            return overdue_now(connection, now_ms=log.now_ms())

    return Sources(
        waiting=waiting,
        overdue=overdue,
        actor=lambda account: actor_for(registers.current(), account),
        county=lambda: registers.current().county.name,
        works=lambda day: registers.current().calendar.is_workday(day),
        light=lambda due_at, now_ms: light_of(due_at, now_ms, registers.current().rules),
    )
