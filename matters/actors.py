"""Who acts, and for whom: a role with the place, unit or deputy that it is bound to."""

from typing import NamedTuple

from matters.matter import Matter
from matters.terms import Role


class Actor(NamedTuple):
    """A person or the node, as the rules see them.

    `account` is the id of the account, never a name. `stations` and `areas` bound what a liaison
    officer or deputy sees. An office without areas sees the whole county; one with areas sees
    what comes from there or is filed with its `body`. A `presidium` is an office that does not
    speak for the standing committee; a `head` leads a unit, and is told what is raised to it.
    """

    role: Role
    account: str = ""
    unit: str = ""
    deputy: str = ""
    stations: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    body: str = ""
    presidium: bool = False
    head: bool = False

    @property
    def signature(self) -> str:
        """What stands as `by` in an event: `role:account`, or the bare role."""
        return f"{self.role}:{self.account}" if self.account else str(self.role)


VILLAGER = Actor(Role.VILLAGER)
SYSTEM = Actor(Role.SYSTEM)


def may_see(actor: Actor, matter: Matter) -> bool:
    """Return whether the actor may read the matter at all.

    The administrator sees all, and so does an office that is bound to no area; a liaison officer
    what came to their station or from the areas it serves; a deputy what names them, their
    stations or their areas; a unit what it leads or assists in.
    """
    match actor.role:
        case Role.ADMIN | Role.SYSTEM:
            return True
        case Role.OFFICE:
            return (
                not actor.areas
                or (bool(matter.area) and matter.area in actor.areas)
                or (bool(matter.body) and matter.body == actor.body)
            )
        case Role.UNIT:
            return bool(actor.unit) and actor.unit in (matter.lead, *matter.assisting)
        case Role.LIAISON | Role.DEPUTY:
            return (
                (bool(matter.station) and matter.station in actor.stations)
                or (bool(matter.area) and matter.area in actor.areas)
                or (bool(matter.deputy) and matter.deputy == actor.deputy)
            )
        case _:
            return False
