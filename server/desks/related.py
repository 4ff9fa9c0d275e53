"""What a matter's page shows beside the matter: other matters, tasks, conflicts, attempts."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from matters import attempts, store
from matters.actors import Actor, may_see
from matters.command import UNFRAMED, Command
from matters.commands import COMMANDS
from matters.listing.similar import similar
from matters.matter import Matter, Step, Task
from matters.terms import Role
from server.web.wording import STEPS


class Other(NamedTuple):
    """Another matter that this one has to do with."""

    matter: Matter
    title: str


class Related(NamedTuple):
    """All of it, for one matter and one person. What the person may not see is left out."""

    leading: list[Other]
    followers: list[Other]
    origin: list[Other]
    parts: list[Other]
    tasks: list[tuple[Task, str]]
    conflicts: list[tuple[Step, str]]
    attempts: list[tuple[attempts.Attempt, Command]]
    alike: list[Other]

    def conflicts_told(self, told: Callable[[str], str]) -> list[tuple[Step, str]]:
        """Return the contested steps with their names in the reader's language."""
        return [(step, told(words)) for step, words in self.conflicts]


def related(
    connection: sqlite3.Connection,
    matter: Matter,
    texts: Mapping[tuple[bytes, str], str],
    actor: Actor,
    now_ms: int,
) -> Related:
    """Return what a matter's page shows beside the matter."""

    def others(*identities: bytes) -> list[Other]:
        matters: list[Other] = []
        for identity in identities:
            other = store.by_id(connection, identity) if identity else None
            if other is not None and may_see(actor, other):
                matters.append(Other(other, store.title_of(connection, other)))
        return matters

    tried: list[tuple[attempts.Attempt, Command]] = []
    if actor.role in (Role.OFFICE, Role.ADMIN):
        tried = [
            (attempt, COMMANDS[attempt.refused.command])
            for attempt in attempts.about(connection, matter.id)
            if attempt.refused.command in COMMANDS
        ]
    return Related(
        leading=others(matter.merged_into),
        followers=others(*matter.followers),
        origin=others(matter.split_from),
        parts=others(*matter.split_into),
        tasks=[(task, texts.get((task.event, f"task-{task.index}"), "")) for task in matter.tasks],
        conflicts=[(step, STEPS.get(step.type, step.type)) for step in matter.contested],
        attempts=tried,
        alike=[
            Other(alike.matter, alike.title)
            for alike in (
                similar(connection, matter, now_ms=now_ms) if matter.state in UNFRAMED else ()
            )
            if may_see(actor, alike.matter)
        ],
    )


def typed_lines(attempt: attempts.Attempt) -> list[tuple[str, str]]:
    """Return what was typed in an attempt, as (label of the field, text), every line of a list."""
    fields = {field.name: field for field in COMMANDS[attempt.refused.command].fields}
    lines: list[tuple[str, str]] = []
    for name, value in attempt.typed.items():
        # Rows of a form come as `parts-0-task`.
        field = fields.get(name.partition("-")[0])
        label = field.label if field is not None else name
        lines += [(label, text) for text in _texts_in(value)]
    return lines


def _texts_in(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [" · ".join(str(part) for part in value.values() if part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts_in(part)]
    return [str(value)]
