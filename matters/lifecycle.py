"""The six orders as two pure functions: `decide` may refuse, `fold` never raises.

`decide(matter, command, fields, …)` says which events a command gives; `fold(events)` says what a
matter is once they have happened. The same events in any order of arrival give the same matter.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from enum import StrEnum
from typing import Any, TypeVar

from eventlog.events import Draft, Event
from matters.actors import Actor, may_see
from matters.commands import COMMAND_OF_TYPE, Command
from matters.deadlines import BadLimit, default_limit, due_at
from matters.fields import Known, read_fields
from matters.matter import Matter, Step
from matters.refusals import (
    N_,
    BadFields,
    FieldProblem,
    NoConsent,
    NotFromThisState,
    NotThisRole,
    Stale,
)
from matters.shapes import WrongShape, bytes_in, maps_in, text_in, texts_in, time_of
from matters.terms import (
    Channel,
    Grade,
    Kind,
    MatterEvent,
    Publicity,
    Rating,
    Role,
    State,
)

Choice = TypeVar("Choice", bound=StrEnum)


def decide(
    matter: Matter,
    command: Command,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    known: Known,
    seen: int | None = None,
) -> Draft:
    """Return the event that a command gives, as a draft.

    `raw` are the fields as they came from a form or JSON. `seen` is the version that the page was
    made from; None skips that check. Raises a Refusal: NotThisRole, Stale, NotFromThisState,
    NoConsent or BadFields, in this order.
    """
    refuse_role(matter, command, actor)
    if seen is not None and seen != matter.version:
        raise Stale(seen=seen, version=matter.version)
    if matter.state not in command.states:
        raise NotFromThisState(state=matter.state)
    _refuse_publicity(matter, command)
    data, texts = read_fields(command, raw, known)
    if command.name == "assign":
        data.setdefault("limit", default_limit(len(data.get("assisting", ()))))
    problems = _cross_check(command, data, texts)
    if problems:
        raise BadFields(problems)
    return Draft(command.type, matter.id, data, texts)


def refuse_role(matter: Matter, command: Command, actor: Actor) -> None:
    """Raise NotThisRole where the actor's role, unit or place does not allow the command."""
    if actor.role not in command.roles:
        raise NotThisRole
    if actor.role is not Role.VILLAGER and not may_see(actor, matter):
        raise NotThisRole
    if command.only_lead and actor.unit != matter.lead:
        raise NotThisRole


def possible(matter: Matter, command: Command, actor: Actor) -> bool:
    """Return whether the console should offer the command now."""
    try:
        refuse_role(matter, command, actor)
        _refuse_publicity(matter, command)
    except (NotThisRole, NoConsent, NotFromThisState):
        return False
    return matter.state in command.states


def _refuse_publicity(matter: Matter, command: Command) -> None:
    if command.name == "publish" and not may_publish(matter):
        raise NoConsent
    if command.name == "withdraw" and matter.publicity not in (
        Publicity.PUBLISHED,
        Publicity.DRAFT,
    ):
        raise NotFromThisState(state=matter.state)


def may_publish(matter: Matter) -> bool:
    """Return whether a public text is allowed: with consent, and never for a report (举报)."""
    return (matter.publish or bool(matter.batch)) and matter.kind is not Kind.REPORT


def _cross_check(
    command: Command, data: Mapping[str, Any], texts: Mapping[str, str]
) -> list[FieldProblem]:
    """Return what is wrong between fields that are each right."""
    problems: list[FieldProblem] = []
    if command.name == "assign" and data["lead"] in data.get("assisting", ()):
        problems.append(FieldProblem("assisting", "lead-too", N_("主办单位不能同时是协办单位。")))
    if command.name == "rate":
        unsatisfied = Rating.UNSATISFIED in (data["reply_rating"], data["result_rating"])
        if unsatisfied and not texts.get("comment"):
            problems.append(
                FieldProblem("comment", "required", N_("不满意时，请说一说哪里不满意。"))
            )
    if command.name == "reclassify" and not data:
        problems.append(FieldProblem("category", "required", N_("请至少改一项。")))
    return problems


def fold(events: Sequence[Event]) -> Matter:
    """Return the matter that the events give; they come in (rank, id) order.

    Never raises. An event that is illegal where it stands, or that decides at a rank at which
    another has decided already, becomes a contested step and changes nothing else. Types that are
    not known here are skipped.
    """
    matter = Matter(id=events[0].subject if events else b"", steps=[])
    for event in events:
        matter.version = max(matter.version, event.rank)
        before = copy(matter)
        try:
            legal = _apply(matter, event)
        except WrongShape:
            # The step is shown as contested, and nothing of it stays, though it be half applied.
            matter, legal = before, False
        if legal is None:
            continue
        matter.steps.append(
            Step(
                at=event.at,
                type=event.type,
                by=event.by,
                event=event.id,
                rank=event.rank,
                data=event.data,
                words=tuple(sorted(event.words)),
                contested=not legal,
            )
        )
    return matter


# The types that are written by no command of the table.
_NO_COMMAND = (
    MatterEvent.RAISED,
    MatterEvent.IMPORTED,
    MatterEvent.ANSWER_IMPORTED,
    MatterEvent.MESSAGED,
)


def _apply(matter: Matter, event: Event) -> bool | None:
    """Change the matter by one event; return whether it was legal, None where not known.

    Raises WrongShape, with the matter changed in part.
    """
    command = COMMAND_OF_TYPE.get(event.type)
    if command is None and event.type not in _NO_COMMAND:
        return None
    time_of(event.at)
    if event.type == MatterEvent.RAISED:
        return _apply_first(matter, event)
    if event.type == MatterEvent.IMPORTED:
        return _apply_first(matter, event) and _apply_history(matter, event)
    if event.type == MatterEvent.ANSWER_IMPORTED:
        return _apply_late_answer(matter, event)
    if command is None or not matter.number:
        return bool(matter.number)
    if matter.state not in command.states:
        return False
    if not _publicity_allows(matter, event):
        return False
    if command.to is not None:
        if event.rank <= matter.decided_rank:
            return False
        matter.decided_rank = event.rank
        matter.state = command.to
    _CHANGES.get(event.type, _no_change)(matter, event)
    return True


def _publicity_allows(matter: Matter, event: Event) -> bool:
    """Return whether publishing or withdrawing is legal; who hides without seeing it, prevails."""
    if event.type == MatterEvent.PUBLISHED:
        return may_publish(matter) and event.rank > matter.hidden_rank
    return event.type != MatterEvent.WITHDRAWN or matter.publicity is not Publicity.NONE


def _apply_first(matter: Matter, event: Event) -> bool:
    data = event.data
    number = text_in(data, "number")
    if matter.number or not number:
        return False
    matter.number = number
    matter.kind = _known(Kind, data.get("kind"), Kind.HELP)
    matter.channel = _known(Channel, data.get("channel"), Channel.WEB)
    matter.category = text_in(data, "category")
    matter.area = text_in(data, "area")
    matter.station = text_in(data, "station")
    matter.deputy = text_in(data, "deputy")
    matter.share_phone = bool(data.get("share_phone"))
    matter.publish = bool(data.get("publish"))
    matter.under_14 = bool(data.get("under_14"))
    matter.photos = maps_in(data, "photos")
    matter.content = bytes_in(data, "content")
    matter.quarantine = bytes_in(data, "quarantine")
    matter.has_contact = "contact" in event.words
    matter.received_at = event.at
    return True


def _apply_history(matter: Matter, event: Event) -> bool:
    """A row of an old file: its own dates, no clock started, its public text a draft.

    A report (举报) has no public text, whichever way it came.
    """
    data = event.data
    matter.received_at = time_of(data.get("received_at", event.at))
    if data.get("replied_at") is not None:
        matter.replied_at = time_of(data["replied_at"])
    matter.batch = bytes_in(data, "batch")
    matter.source_number = text_in(data, "source_number")
    if matter.kind is not Kind.REPORT:
        matter.publicity = Publicity.DRAFT
    matter.public = event.id
    matter.title = event.id if "title" in event.words else b""
    if matter.replied_at is not None:
        matter.state = State.REPLIED
        matter.answer = event.id
    return True


def _apply_late_answer(matter: Matter, event: Event) -> bool:
    """An answer from a later file to a row that an earlier one brought in without."""
    if not matter.batch or matter.state is not State.RECEIVED:
        return False
    matter.state = State.REPLIED
    matter.decided_rank = event.rank
    matter.replied_at = time_of(event.data.get("replied_at"))
    matter.answer = event.id
    # The public text is that of the later file, to be approved with it.
    matter.public = event.id
    matter.batch = bytes_in(event.data, "batch", matter.batch)
    return True


def _adopted(matter: Matter, event: Event) -> None:
    matter.title = event.id
    matter.category = text_in(event.data, "category", matter.category)
    matter.grade = _known(Grade, event.data.get("grade"), matter.grade)


def _assigned(matter: Matter, event: Event) -> None:
    if matter.replied_at is not None:
        matter.round += 1
    matter.lead = text_in(event.data, "lead")
    matter.assisting = texts_in(event.data, "assisting")
    matter.limit = text_in(event.data, "limit")
    matter.assigned_at = event.at
    matter.result = matter.reply_rating = matter.result_rating = ""
    try:
        matter.due_at = due_at(event.at, matter.limit)
    except BadLimit:
        matter.due_at = None


def _returned(matter: Matter, event: Event) -> None:
    matter.lead, matter.assisting, matter.due_at = "", (), None


def _answered(matter: Matter, event: Event) -> None:
    matter.answer = event.id
    matter.replied_at = event.at
    matter.result = text_in(event.data, "result")


def _ended(matter: Matter, event: Event) -> None:
    """Referred or declined: what is told the person is the answer in words."""
    matter.answer = event.id
    matter.replied_at = event.at


def _rated(matter: Matter, event: Event) -> None:
    matter.reply_rating = text_in(event.data, "reply_rating")
    matter.result_rating = text_in(event.data, "result_rating")


def _reclassified(matter: Matter, event: Event) -> None:
    matter.category = text_in(event.data, "category", matter.category)
    matter.area = text_in(event.data, "area", matter.area)
    matter.kind = _known(Kind, event.data.get("kind"), matter.kind)
    matter.grade = _known(Grade, event.data.get("grade"), matter.grade)
    if matter.kind is Kind.REPORT:
        _hide(matter, event)


def _erased(matter: Matter, event: Event) -> None:
    # The contact goes with the words, too (`matters/erasing.py`).
    matter.has_contact = False
    if event.data.get("what") != "contact":
        _hide(matter, event)


def _hide(matter: Matter, event: Event) -> None:
    matter.hidden_rank = event.rank
    if matter.publicity is not Publicity.NONE:
        matter.publicity = Publicity.WITHDRAWN


def _closed(matter: Matter, event: Event) -> None:
    matter.closed_at = event.at


def _published(matter: Matter, event: Event) -> None:
    matter.publicity = Publicity.PUBLISHED
    matter.published_at = event.at
    matter.public = event.id


def _no_change(matter: Matter, event: Event) -> None:
    return None


_CHANGES: dict[str, Callable[[Matter, Event], None]] = {
    MatterEvent.ADOPTED: _adopted,
    MatterEvent.ASSIGNED: _assigned,
    MatterEvent.RETURNED: _returned,
    MatterEvent.ANSWERED: _answered,
    MatterEvent.REPLIED: _answered,
    MatterEvent.REFERRED: _ended,
    MatterEvent.DECLINED: _ended,
    MatterEvent.RATED: _rated,
    MatterEvent.RECLASSIFIED: _reclassified,
    MatterEvent.ERASED: _erased,
    MatterEvent.CLOSED: _closed,
    MatterEvent.PUBLISHED: _published,
    MatterEvent.WITHDRAWN: _hide,
}


def _known(kind: type[Choice], value: Any, otherwise: Choice) -> Choice:
    """Return the member of a closed list, or `otherwise` for a value of a newer version."""
    found = kind._value2member_map_.get(value) if isinstance(value, str) else None
    return found if isinstance(found, kind) else otherwise
