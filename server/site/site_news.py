"""What happened in the log since a position that the public pages must follow."""

import sqlite3
from typing import NamedTuple

from deputies.activities import ACTIVITIES
from deputies.deputies import DEPUTIES
from deputies.shifts import SHIFTS
from matters.public.public import is_public, shown_number
from matters.registers.categories import CATEGORIES
from matters.registers.county import COUNTIES
from matters.registers.pages import PAGES
from matters.registers.rules import RULES
from matters.registers.units import UNITS
from matters.terms import MatterEvent, RecordEvent
from publisher.writing.touched import Changes
from stations.areas import AREAS
from stations.stations import STATIONS
from stations.working_days import DAYS

_SHOWN_BY_REGISTERS = frozenset(
    register.noun for register in (DEPUTIES, STATIONS, SHIFTS, ACTIVITIES, DAYS)
)
_SHOWN_EVERYWHERE = frozenset(
    register.noun for register in (AREAS, UNITS, CATEGORIES, COUNTIES, RULES)
)
# An import changes many records, and none of them is waited for.
_EDITED_MOST = 5
# A matter that has just come has no page of its own yet; it only moves the ledger's counts.
_NEW = (MatterEvent.RAISED, MatterEvent.IMPORTED)

# What can put a matter into other lists, and what can show or hide it.
_MOVING = frozenset((MatterEvent.ADOPTED, MatterEvent.RECLASSIFIED, MatterEvent.RESOLVED))
_TURNING = frozenset((MatterEvent.PUBLISHED, MatterEvent.WITHDRAWN, MatterEvent.ERASED))


class News(NamedTuple):
    """What happened since a position: pages that it touches, whether only counts moved."""

    changes: Changes
    counts: bool
    position: int


def news_since(connection: sqlite3.Connection, position: int) -> News:
    """Return what the public pages must follow since `position`."""
    connection.execute("BEGIN")
    newest = connection.execute("SELECT max(position) FROM events").fetchone()[0] or 0
    notices: set[str] = set()
    kinds: dict[bytes, set[str]] = {}
    edited: set[tuple[str, str]] = set()
    everything = registers = pages = counts = False
    for subject, kind in connection.execute(
        "SELECT subject, type FROM events WHERE position > ? AND position <= ?",
        (position, newest),
    ):
        noun = kind.partition(".")[0]
        if kind == RecordEvent.IMPORT_APPROVED:
            everything = True
        elif noun == "matter":
            counts = True
            number = None if kind in _NEW else shown_number(connection, subject)
            if number is not None:
                notices.add(number)
                kinds.setdefault(subject, set()).add(kind)
        elif noun in _SHOWN_BY_REGISTERS:
            registers = True
            edited |= _pages_of(connection, subject)
        elif noun == PAGES.noun:
            pages = True
        elif noun in _SHOWN_EVERYWHERE:
            everything = True
    everything = everything or any(
        _left_unseen(connection, subject, happened) for subject, happened in kinds.items()
    )
    connection.execute("ROLLBACK")
    changes = Changes(
        notices=tuple(sorted(notices)),
        registers=registers,
        pages=pages,
        everything=everything,
        edited=tuple(sorted(edited)[:_EDITED_MOST]),
    )
    return News(changes, counts, newest)


def _left_unseen(connection: sqlite3.Connection, matter: bytes, happened: set[str]) -> bool:
    """Return whether a matter may have gone from the lists that it left an empty place in.

    Which ones they were, only its page could tell, and it has none while it is withdrawn.
    """
    if not happened & _MOVING:
        return False
    return bool(happened & _TURNING) or not is_public(connection, matter)


def _pages_of(connection: sqlite3.Connection, subject: bytes) -> set[tuple[str, str]]:
    """Return the (noun, id) of the deputy or station on whose page a change is looked for first."""
    row = connection.execute(
        "SELECT noun, id, record ->> 'station' FROM records WHERE subject=?", (subject,)
    ).fetchone()
    if row is None:
        return set()
    noun, identity, station = row
    if noun in (DEPUTIES.noun, STATIONS.noun):
        return {(noun, identity)}
    return {(STATIONS.noun, station)} if station else set()
