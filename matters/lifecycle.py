"""The six orders as two pure functions: `decide` may refuse, `fold` never raises.

`decide(matter, command, fields, …)` says which events a command gives; `fold(events)` says what a
matter is once they have happened. The same events in any order of arrival give the same matter.
What each command asks for and changes stands with it, in the modules of `matters/orders/`.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from acts.reader import read_fields
from acts.refusals import N_, NotFromThisState, NotNow, NotThisRole, Stale
from eventlog.events import FORMAT, Draft, Event
from matters.actors import Actor, may_see
from matters.command import Command, Fact, Situation
from matters.commands import COMMAND_OF_TYPE, FACT_OF_TYPE
from matters.known import Known
from matters.limits.timing import as_it_counts, receipts
from matters.matter import Matter, Step
from matters.orders import raising
from matters.orders.recording import may_publish
from matters.shapes import WrongShape, bytes_in, time_of
from matters.terms import MatterEvent, Role

__all__ = ["decide", "fold", "may_publish", "possible", "refuse_role"]


def decide(
    matter: Matter,
    command: Command,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    known: Known,
    now_ms: int,
    seen: int | None = None,
) -> Draft:
    """Return the event that a command gives, as a draft.

    `raw` are the fields as they came from a form or JSON. `seen` is the version that the page was
    made from; None skips that check. Raises a Refusal, in this order: NotThisRole, Stale,
    NotFromThisState, what the matter or the county's rules refuse, BadFields.
    """
    refuse_role(matter, command, actor)
    if seen is not None and seen != matter.version:
        raise Stale(seen=seen, version=matter.version)
    if matter.state not in command.states:
        raise NotFromThisState(state=matter.state)
    refusal = command.stands(matter, now_ms) or command.allows(matter, known, now_ms)
    if refusal is not None:
        raise refusal
    data, texts = read_fields(command.fields, raw, known, now_ms)
    command.check(Situation(matter, actor, known, now_ms, data, texts))
    if command.type == MatterEvent.RESOLVED and data["keep"] == "yes":
        _refuse_to_keep(matter, data["event"])
    return Draft(command.type, matter.id, data, texts)


def refuse_role(matter: Matter, command: Command, actor: Actor) -> None:
    """Raise NotThisRole where the actor's role, unit or place does not allow the command."""
    if actor.role not in command.roles:
        raise NotThisRole
    if actor.role is not Role.VILLAGER and not may_see(actor, matter):
        raise NotThisRole
    if command.only_lead and actor.unit != matter.lead and actor.role is Role.UNIT:
        raise NotThisRole
    if command.committee and actor.presidium:
        raise NotThisRole


def possible(matter: Matter, command: Command, actor: Actor, known: Known, now_ms: int) -> bool:
    """Return whether the console should offer the command now."""
    try:
        refuse_role(matter, command, actor)
    except NotThisRole:
        return False
    return (
        matter.state in command.states
        and command.stands(matter, now_ms) is None
        and command.allows(matter, known, now_ms) is None
    )


def fold(events: Sequence[Event]) -> Matter:
    """Return the matter that the events give; they come in (rank, id) order.

    Never raises. An event that is illegal where it stands, or that decides at a rank at which
    another has decided already, becomes a contested step and changes nothing else, until the
    office resolves it; but the number that a person was given goes on to open the matter. Types
    that are not known here are skipped. What a node with a wrong clock wrote counts from when the
    hub had it (`matters/limits/timing.py`).
    """
    heard = receipts(events)
    matter = Matter(id=events[0].subject if events else b"", steps=[])
    contested: dict[bytes, Event] = {}
    for event in events:
        matter.version = max(matter.version, event.rank)
        before, counted = copy(matter), event
        try:
            counted = as_it_counts(matter, event, heard)
            legal = _apply(matter, counted, contested)
        except WrongShape:
            # The step is shown as contested, and nothing of it stays, though it be half applied.
            matter, legal = before, False
        if legal is None:
            continue
        if not legal:
            contested[event.id] = counted
        matter.steps.append(
            Step(
                at=event.at,
                type=event.type,
                by=event.by,
                event=event.id,
                rank=event.rank,
                data=counted.data,
                words=tuple(sorted(event.words)),
                contested=not legal,
                received_at=heard.times.get(event.id),
            )
        )
    return matter


_FIRST = {MatterEvent.RAISED: raising.raised, MatterEvent.IMPORTED: raising.imported}


def _apply(matter: Matter, event: Event, contested: Mapping[bytes, Event]) -> bool | None:
    """Change the matter by one event; return whether it was legal, None where not known.

    Raises WrongShape, with the matter changed in part.
    """
    first = _FIRST.get(event.type)  # type: ignore[call-overload]  # any text may stand there
    rule = COMMAND_OF_TYPE.get(event.type) or FACT_OF_TYPE.get(event.type)
    if first is None and rule is None:
        return None
    time_of(event.at)
    if first is not None:
        return bool(first(matter, event))
    if rule is None or not matter.number:
        return False
    if matter.state not in rule.states or rule.stands(matter, event.at) is not None:
        return False
    if event.type == MatterEvent.PUBLISHED and event.rank <= matter.hidden_rank:
        # Who hides without having seen that it was published, prevails.
        return False
    if rule.to is not None and event.rank <= matter.decided_rank:
        return False
    _take_effect(matter, event, rule)
    if event.type == MatterEvent.RESOLVED:
        return _resolve(matter, event, contested)
    return True


def _take_effect(matter: Matter, event: Event, rule: Command | Fact) -> None:
    if rule.to is not None:
        matter.decided_rank = max(matter.decided_rank, event.rank)
        matter.state = rule.to
        # Where a conflict is resolved, a matter may come back from its end.
        matter.merged_into, matter.closed_at = b"", None
    rule.change(matter, event)


def _resolve(matter: Matter, event: Event, contested: Mapping[bytes, Event]) -> bool:
    """Let a contested step take effect now, or drop it; return False where that can't be.

    Kept is only what the matter bears (`stands`): a conflict is no way round consent, say. A
    kept decision is a decision of the office's rank, and gives way to another's of that rank.
    """
    of = bytes_in(event.data, "event")
    for step in matter.contested:
        if step.event != of:
            continue
        keep = event.data.get("keep") == "yes"
        if keep:
            rule = _keepable(step)
            if rule is None or rule.stands(matter, step.counts_from) is not None:
                return False
            if rule.to is not None and event.rank <= matter.decided_rank:
                return False
            _take_effect(matter, contested[of], rule)
            if rule.to is not None:
                matter.decided_rank = max(matter.decided_rank, event.rank)
        # A copy, for the matter as it was before this event shares its steps.
        at = matter.steps.index(step)
        matter.steps[at] = copy(step)
        matter.steps[at].resolved = "kept" if keep else "dropped"
        return True
    return False


def _keepable(step: Step) -> Command | Fact | None:
    """Return the rule of a contested step, None where it has no effect to keep.

    That is so of a beginning, of a resolution, and of a second word on when the hub had a step.
    """
    if step.type in (MatterEvent.RESOLVED, MatterEvent.TIMED):
        return None
    return COMMAND_OF_TYPE.get(step.type) or FACT_OF_TYPE.get(step.type)


def _refuse_to_keep(matter: Matter, of: bytes) -> None:
    """Raise a Refusal where the contested step could not take effect."""
    (step,) = (step for step in matter.contested if step.event == of)
    rule = _keepable(step)
    if rule is None:
        raise NotNow(N_("这一步不能再生效，只能不采用。"))
    refusal = rule.stands(matter, step.counts_from)
    if refusal is not None:
        raise refusal
    event = Event(
        FORMAT, b"", 0, b"", step.event, matter.id, step.type, step.rank, step.counts_from,
        step.by, step.data, {},
    )  # fmt: skip
    try:
        rule.change(copy(matter), event)
    except WrongShape as error:
        raise NotNow(N_("这一步不能再生效，只能不采用。")) from error
