"""An operation of the interface as its OpenAPI document describes it; a route carries it."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from acts.act import Act
from acts.field import SEVERAL, Field, FieldKind
from acts.reader import PART_FIELDS, PICTURES_MOST
from server.web.languages import ENGLISH, translated

REFUSED: Mapping[str, str] = {
    "403": "not this role, unit or place",
    "404": "no such matter",
    "409": "not from this state, or stale; kept as an attempt on record",
    "422": "bad fields: {errors: [{field, code, message}]}",
}
_PART = re.compile(r"{(\w+)(?::\w+)?}")

TEXT: Mapping[str, Any] = {"type": "string"}
TEXTS: Mapping[str, Any] = {"type": "array", "items": TEXT}
DAY: Mapping[str, Any] = {"type": "string", "format": "date"}
SEEN: Mapping[str, Any] = {"type": "integer", "description": "the version acted on"}


class Operation(NamedTuple):
    """What is said of one method at one address. The parts of the path are read from the path.

    `properties` are the body's fields, None where it takes none; `answers` descriptions by status,
    beside what a missing token brings; `choices` the values of a parameter that has few.
    """

    summary: str
    query: tuple[str, ...] = ()
    description: str = ""
    properties: Mapping[str, Any] | None = None
    required: tuple[str, ...] = ()
    more_properties: Mapping[str, Any] | None = None
    answers: Mapping[str, str] = {"200": "done"}
    choices: Mapping[str, tuple[str, ...]] = {}

    def as_openapi(self, path: str, *, secured: bool) -> dict[str, Any]:
        """Return the operation as the document has it; `secured` is one that takes a token."""
        answers = dict(self.answers)
        if secured:
            answers["401"] = "not signed in"
            answers["423"] = "locked: a station's texts, until somebody signs in there"
        operation: dict[str, Any] = {
            "summary": self.summary,
            "parameters": [
                *({**self._parameter(name, "path"), "required": True} for name in parts_of(path)),
                *(self._parameter(name, "query") for name in self.query),
            ],
            "responses": {status: {"description": text} for status, text in answers.items()},
        }
        if secured:
            operation["security"] = [{"token": []}]
        if self.description:
            operation["description"] = self.description
        if self.properties is not None:
            operation["requestBody"] = self._body()
        return operation

    def _parameter(self, name: str, place: str) -> dict[str, Any]:
        choices = self.choices.get(name)
        return {
            "name": name,
            "in": place,
            "schema": TEXT if choices is None else {"enum": list(choices)},
        }

    def _body(self) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": self.properties,
            "required": list(self.required),
        }
        if self.more_properties is not None:
            schema["additionalProperties"] = self.more_properties
        return {"required": True, "content": {"application/json": {"schema": schema}}}


# One operation; or, where the path's last part names an act, a function that returns one for each
# act: their summaries are translated, which waits until the document is asked for.
Operations = Operation | Callable[[], Mapping[str, Operation]] | None


def created(description: str) -> dict[str, str]:
    """Return the answers of an operation that adds something."""
    return {"201": description, "403": REFUSED["403"], "422": REFUSED["422"]}


def operation_of(
    act: Act,
    summary: str = "",
    *,
    answers: Mapping[str, str] = MappingProxyType({"200": "done", **REFUSED}),
    **more: Mapping[str, Any],
) -> Operation:
    """Return the operation of an act: by whom, from which states, with which fields and `more`."""
    states = (
        f"; from {', '.join(act.states)}; to {act.to or 'the same state'}" if act.states else ""
    )
    return Operation(
        summary or translated(ENGLISH, act.label),
        description=f"by {', '.join(act.roles)}{states}",
        properties={**{field.name: schema_of(field) for field in act.fields}, **more},
        required=tuple(field.name for field in act.fields if field.required),
        answers=answers,
    )


def schema_of(field: Field) -> Mapping[str, Any]:
    """Return what a field's value looks like in JSON."""
    if field.kind in (*SEVERAL, FieldKind.TEXTS):
        return TEXTS
    if field.kind is FieldKind.PICTURES:
        sha256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
        return {"type": "array", "items": sha256, "maxItems": PICTURES_MOST}
    if field.kind is FieldKind.PARTS:
        part = dict.fromkeys(PART_FIELDS, TEXT)
        return {
            "type": "array",
            "items": {"type": "object", "properties": part, "required": list(PART_FIELDS)},
        }
    if field.kind is FieldKind.COUNT:
        return {"type": "integer", "minimum": 0}
    if field.kind is FieldKind.DAY:
        return DAY
    if field.choices:
        return {"enum": list(field.choices)}
    return {**TEXT, "maxLength": field.max_length}


def parts_of(path: str) -> list[str]:
    """Return the names of a path's parts that are filled in."""
    return _PART.findall(path)
