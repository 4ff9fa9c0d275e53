"""An act: who may do it, in which states, with which fields, and to which state it leads."""

from collections.abc import Iterable
from dataclasses import dataclass

from acts.field import REPEATED, Field
from acts.refusals import NotThisRole, Stale


@dataclass(frozen=True)
class Act:
    """One row of a noun's table of acts. `to` is None where the act changes no state.

    Rules, routes, the console's forms and the OpenAPI document read the same row.
    """

    name: str
    type: str
    label: str
    roles: tuple[str, ...]
    states: tuple[str, ...]
    to: str | None = None
    fields: tuple[Field, ...] = ()


def repeated_names(acts: Iterable[Act]) -> tuple[str, ...]:
    """Return the names of the acts' fields that may stand repeatedly in a form."""
    return tuple(field.name for act in acts for field in act.fields if field.kind in REPEATED)


def refuse_role(act: Act, role: str) -> None:
    """Raise NotThisRole where the act is not one of that role."""
    if role not in act.roles:
        raise NotThisRole


def refuse_stale(seen: int | None, version: int) -> None:
    """Raise Stale where a page was made from another version; None skips the check."""
    if seen is not None and seen != version:
        raise Stale(seen=seen, version=version)
