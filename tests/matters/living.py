"""Taking matters further as somebody may, with fields that fit what the clock and matter say."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from acts.refusals import Refusal
from acts.shanghai import day_of
from eventlog.identifiers import uuid_text
from eventlog.log import Log
from matters.actors import Actor
from matters.command import Command
from matters.commands import COMMANDS
from matters.known import Known
from matters.lifecycle import possible
from matters.matter import Matter
from matters.terms import State
from tests.matters.county import ACTORS, GOOD_FIELDS, KNOWN, commanded, matter_of

# What may be refused though it was offered: the days do not fit, or what was contested.
MAY_FAIL = ("divide", "ask-extension", "explain", "decide", "press", "inspect", "resolve")


def fitting(
    matter: Matter, now_ms: int, actors: Sequence[Actor] = ACTORS, known: Known = KNOWN
) -> list[tuple[Command, Actor]]:
    """Return what somebody may do with a matter now."""
    return [
        (command, actor)
        for command in COMMANDS.values()
        for actor in actors
        if possible(matter, command, actor, known, now_ms)
    ]


def fields_for(
    name: str, matter: Matter, now_ms: int, others: Sequence[Matter], choice: int
) -> dict[str, Any] | None:
    """Return fields with which the command should go well, None where there are none.

    `others` are matters to merge into.
    """
    fields = dict(GOOD_FIELDS.get(name, {}))
    now = day_of(now_ms)
    later = max(now, day_of(matter.due_at) if matter.due_at else now) + timedelta(days=10)
    match name:
        case "merge":
            # Two may have one number until a hub gives one of them another.
            into = [
                one for one in others if one.number != matter.number and one.state != State.MERGED
            ]
            if not into:
                return None
            fields["into"] = into[choice % len(into)].number
        case "resolve":
            step = matter.contested[choice % len(matter.contested)]
            fields["event"] = uuid_text(step.event)
            fields["keep"] = ("no", "yes")[choice % 2]
        case "rate" | "evaluate":
            said = ("unsatisfied", "satisfied", "unsatisfied", "basically")[choice % 4]
            fields |= {"reply_rating": said, "result_rating": said, "comment": "说过了"}
        case "divide":
            fields["parts"] = [{"unit": "water", "task": "迁水管", "until": str(now)}]
        case "ask-extension" | "explain":
            fields["until"] = str(later)
        case "decide" if choice % 2 and matter.lead:
            fields["until"] = str(later)
        case "assign" if choice % 2:
            fields |= {"lead": "water", "assisting": ["roads"]}
        case "progress" if choice % 2:
            fields["done"] = "yes"
        case "grant-extension" if choice % 2:
            fields["granted"] = "no"
    return fields


def go_on(log: Log, number: str, choice: int, now_ms: int, others: Sequence[str] = ()) -> None:
    """Carry out one of the commands that somebody may carry out now."""
    matter = matter_of(log, number)
    offered = fitting(matter, now_ms)
    command, actor = offered[choice % len(offered)]
    leading = [matter_of(log, other) for other in others]
    fields = fields_for(command.name, matter, now_ms, leading, choice)
    if fields is None:
        return
    try:
        commanded(log, number, command.name, actor, matter.version, **fields)
    except Refusal as refusal:
        assert command.name in MAY_FAIL, (command.name, refusal.code)
