"""Whom an event concerns: every station, those that a matter concerns, or its own hub alone.

A station is sent what its people may see, and no more: what a stolen laptop does not have, nobody
can read off it. This is the mirror of `actors.may_see` for a station's liaison officers and for
the deputies whom a matter names; what deputies see beyond that, by other stations of theirs
and by their areas, they see at the hub.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from deputies.activities import ACTIVITIES
from deputies.deputies import DEPUTIES
from deputies.shifts import SHIFTS
from matters.matter import Matter
from matters.registers.bodies import BODIES
from matters.registers.categories import CATEGORIES
from matters.registers.county import COUNTIES
from matters.registers.pages import PAGES
from matters.registers.routes import ROUTES
from matters.registers.rules import RULES
from matters.registers.templates import TEMPLATES
from matters.registers.units import UNITS
from matters.terms import MatterEvent
from stations.areas import AREAS
from stations.stations import STATIONS
from stations.working_days import DAYS


class Reach(StrEnum):
    """How far down a noun's events go. Upwards a station gives its hub all that it wrote."""

    EVERYWHERE = "everywhere"
    BY_MATTER = "by matter"
    HUB = "hub"


REACH: Mapping[str, Reach] = {
    **dict.fromkeys(
        (
            *(AREAS.noun, STATIONS.noun, DEPUTIES.noun, UNITS.noun, CATEGORIES.noun),
            *(COUNTIES.noun, BODIES.noun, ROUTES.noun, TEMPLATES.noun, RULES.noun),
            *(DAYS.noun, SHIFTS.noun, ACTIVITIES.noun, PAGES.noun),
        ),
        Reach.EVERYWHERE,
    ),
    "matter": Reach.BY_MATTER,
    # What was refused, and who looked at a contact, is the office's to see: the station that
    # wrote it has it, and the hub is given it; no other station needs to know.
    "attempt": Reach.HUB,
    "contact": Reach.HUB,
    # Who may sign in is told to a station by itself; these are notes of changes.
    "account": Reach.HUB,
    # An import's matters go each by itself; who took in a whole file is the office's affair.
    "import": Reach.HUB,
    # Each matter that a handover dispatched says so itself.
    "handover": Reach.HUB,
    # Minutes and drafts name people and units throughout the county, and are worked on by several
    # at once, in one room or at one desk: at the hub.
    "session": Reach.HUB,
    "document": Reach.HUB,
}


class Places(NamedTuple):
    """What the registers say of places, by id or code.

    `parents`: the station that a point belongs to. `above`: the area above an area. `serving`:
    the stations that serve an area. `seats`: the stations where a deputy sits.
    """

    parents: Mapping[str, str]
    above: Mapping[str, str]
    serving: Mapping[str, frozenset[str]]
    seats: Mapping[str, frozenset[str]]

    def is_of(self, station: str, own: str) -> bool:
        """Return whether a station is one's own, or a point of it."""
        return bool(station) and own in (station, self.parents.get(station, ""))


def reaches_all(noun: str) -> bool:
    """Return whether every station is sent the noun's events; an unknown noun's go to none."""
    return REACH.get(noun) is Reach.EVERYWHERE


def stations_of(matter: Matter, places: Places) -> frozenset[str]:
    """Return the stations that a matter concerns.

    Those are the one that it came to, and the one that this is a point of; those that serve its
    area or an area above it; and those where the deputy sits whom it names.
    """
    stations = {matter.station, places.parents.get(matter.station, "")}
    stations |= places.seats.get(matter.deputy, frozenset())
    area, passed = matter.area, set[str]()
    while area and area not in passed:
        stations |= places.serving.get(area, frozenset())
        passed.add(area)
        area = places.above.get(area, "")
    return frozenset(stations - {""})


def is_referred_up(matter: Matter) -> bool:
    """Return whether the office referred the matter to a higher level, whose hub it goes to."""
    return any(
        step.type == MatterEvent.REFERRED and step.stands and step.data.get("higher") is True
        for step in matter.steps
    )
