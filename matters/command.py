"""What a command is: who may, from which state, with which fields, and what it changes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from acts.act import Act
from acts.refusals import Refusal
from eventlog.events import Event
from matters.actors import Actor
from matters.known import Known
from matters.matter import Matter
from matters.terms import MatterEvent, Role, State


class Situation(NamedTuple):
    """What a command's own check may look at: fields that are each right, and the world.

    `data` and `texts` are the draft's; a check may add to them. `now_ms` is UTC.
    """

    matter: Matter
    actor: Actor
    known: Known
    now_ms: int
    data: dict[str, Any]
    texts: dict[str, str]


def changes_nothing(matter: Matter, event: Event) -> None:
    """Change nothing: the step alone is what a command leaves."""


def always(matter: Matter, at_ms: int) -> Refusal | None:
    """Refuse nothing."""
    return None


def any_county(matter: Matter, known: Known, now_ms: int) -> Refusal | None:
    """Refuse nothing by the county's rules."""
    return None


def no_check(situation: Situation) -> None:
    """Check nothing beyond the fields."""


@dataclass(frozen=True)
class Command(Act):
    """One command: an act on a matter.

    - `told` are the texts that the villager is shown on the matter's page.
    - `only_lead` asks that a unit is the one that the matter is dispatched to; `committee` that
      an office speaks for the standing committee.
    - `stands(matter, at)` refuses by the matter alone; `fold` asks it, too. `allows` refuses by
      the county's rules, and only `decide` asks it. `check` then looks at the fields together:
      it raises, or completes the draft.
    - `change` is what it does to the folded matter, the state apart.
    """

    type: MatterEvent
    roles: tuple[Role, ...]
    states: tuple[State, ...]
    to: State | None = None
    told: tuple[str, ...] = ()
    only_lead: bool = False
    committee: bool = False
    order: str = ""
    stands: Callable[[Matter, int], Refusal | None] = always
    allows: Callable[[Matter, Known, int], Refusal | None] = any_county
    check: Callable[[Situation], None] = no_check
    change: Callable[[Matter, Event], None] = changes_nothing


class Fact(NamedTuple):
    """What is written by no command: by the node itself, or beside a command on another matter."""

    type: MatterEvent
    states: tuple[State, ...]
    to: State | None
    told: tuple[str, ...] = ()
    stands: Callable[[Matter, int], Refusal | None] = always
    change: Callable[[Matter, Event], None] = changes_nothing


ANY_STATE = tuple(State)
UNFRAMED = (State.RECEIVED, State.ADOPTED)
WITH_UNIT = (State.ASSIGNED, State.IN_HAND)
OPEN = (*UNFRAMED, *WITH_UNIT, State.REPLIED)
