"""What the record of a step shows of its data: only what has the shape that its field asks for.

A contested step may have come from a newer version or a broken one, and hold anything; the office
has to be able to open its page all the same, and to drop it.
"""

from collections.abc import Mapping
from typing import Any

from acts.field import REPEATED, FieldKind
from matters.commands import COMMAND_OF_TYPE
from matters.matter import Step
from matters.shapes import WrongShape, maps_in, text_in, texts_in, time_in, time_of

_NAMED = ("number", "channel", "kind", "category", "area", "station", "deputy")


def fields_of(step: Step) -> dict[str, Any]:
    """Return a command's fields as they stand in the step's data, by name."""
    command = COMMAND_OF_TYPE.get(step.type)
    values: dict[str, Any] = {}
    for field in command.fields if command is not None else ():
        try:
            value = _read(field.kind, step.data, field.name)
        except WrongShape:
            continue
        if value:
            values[field.name] = value
    return values


def submission_of(step: Step) -> dict[str, str]:
    """Return what a submission names, with "" for what it leaves empty."""
    texts = dict.fromkeys(_NAMED, "")
    for name in _NAMED:
        value = step.data.get(name)
        if isinstance(value, str):
            texts[name] = value
    return texts


def _read(kind: FieldKind, data: Mapping[str, Any], name: str) -> Any:
    if kind in REPEATED:
        return texts_in(data, name)
    if kind is FieldKind.UNTIL:
        return time_in(data, name, None)
    if kind is FieldKind.PARTS:
        parts = maps_in(data, name)
        return [
            {"unit": text_in(part, "unit"), "until": time_of(part.get("until"))} for part in parts
        ]
    if kind in (FieldKind.EVENT, FieldKind.MATTER):
        return None
    return text_in(data, name)
