"""What a command is: who may, from which state, with which fields, and what it changes."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from acts.refusals import Refusal
from eventlog.events import Event
from matters.actors import Actor
from matters.known import Known
from matters.matter import Matter
from matters.terms import MatterEvent, Role, State


class FieldKind(StrEnum):
    """How a field is checked, and how the console asks for it."""

    WORDS = "words"
    LINE = "line"
    TEXTS = "texts"
    CHOICE = "choice"
    LIMIT = "limit"
    DAY = "day"
    UNIT = "unit"
    UNITS = "units"
    PARTS = "parts"
    CATEGORY = "category"
    AREA = "area"
    BODY = "body"
    MATTER = "matter"
    EVENT = "event"
    PICTURES = "pictures"


class Field(NamedTuple):
    """One field of a command. Words, lines and texts are free text and stand beside the log.

    `insisted` asks the console to insist on it, though the interface does not.
    """

    name: str
    kind: FieldKind
    label: str
    required: bool = True
    choices: tuple[str, ...] = ()
    max_length: int = 10_000
    hint: str = ""
    insisted: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the value is free text, which never stands in an event."""
        return self.kind in (FieldKind.WORDS, FieldKind.LINE)


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


class Command(NamedTuple):
    """One command. `to` is the state that it leads to, or None where it changes none.

    - `told` are the texts that the villager is shown on the matter's page.
    - `only_lead` asks that a unit is the one that the matter is dispatched to; `committee` that
      an office speaks for the standing committee.
    - `stands(matter, at)` refuses by the matter alone; `fold` asks it, too. `allows` refuses by
      the county's rules, and only `decide` asks it. `check` then looks at the fields together:
      it raises, or completes the draft.
    - `change` is what it does to the folded matter, the state apart.
    """

    name: str
    type: MatterEvent
    label: str
    roles: tuple[Role, ...]
    states: tuple[State, ...]
    to: State | None
    fields: tuple[Field, ...] = ()
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
