"""The OpenAPI document, made from the table of commands and the lists of terms."""

from collections.abc import Iterable
from typing import Any

from matters.commands import COMMANDS
from matters.handovers import HANDING_OVER
from matters.intake.intake import TEXT_MOST
from matters.listing.filters import ADDRESSED
from matters.terms import Channel, Grade, Kind, Rating
from server.ledger.ledger_queries import SCOPE_NAMES
from server.people.interface import InterfaceRoute
from server.web.operation import SEEN, TEXT, TEXTS, created, operation_of, parts_of

_REFUSED = {
    "403": {"description": "not this role, unit or place"},
    "404": {"description": "no such matter"},
    "409": {"description": "not from this state, or stale; kept as an attempt on record"},
    "422": {"description": "bad fields: {errors: [{field, code, message}]}"},
}


def document(routes: Iterable[Any]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the interface that has these routes."""
    paths: dict[str, Any] = {
        "/matters": {"post": _submission()},
        "/m/{number}": {
            "get": {
                **_operation("Follow a matter", [_path("number"), _query("key")], secured=False),
                "description": "A step that was written at a station with a wrong clock has its "
                "time there as `at`; `received_at` is when the county had it, from which limits "
                "count, and `clock` says so in words.",
            }
        },
        "/m/{number}/rating": {
            "post": _villager(
                "Rate the answer",
                {
                    "reply_rating": {"enum": list(Rating)},
                    "result_rating": {"enum": list(Rating)},
                    "comment": {"type": "string"},
                },
            )
        },
        "/m/{number}/message": {"post": _villager("Add something", {"text": {"type": "string"}})},
        "/api/v1/openapi.json": {"get": _operation("This document", [], secured=False)},
        "/api/v1/units": {"get": _operation("Handling units", [])},
        "/api/v1/handovers": {
            "get": _operation("Handovers: many matters dispatched at once", []),
            "post": _handover(),
        },
        "/api/v1/handovers/{id}": {"get": _operation("A handover with its matters", [_path("id")])},
        "/api/v1/imports": {"get": _operation("Imports of old files", [])},
        "/api/v1/imports/{id}/approve": {
            "post": _operation("Let a whole import be public", [_path("id")])
        },
        "/api/v1/matters": {
            "get": _operation(
                "A page of matters, newest first",
                [
                    _query(name)
                    for name in (
                        *ADDRESSED,
                        *SCOPE_NAMES,
                        "counted",
                    )
                ],
            )
        },
        "/api/v1/matters/{number}": {"get": _operation("One matter", [_path("number")])},
        "/api/v1/matters/{number}/contact": {
            "get": _operation("Contact details; the look is on record", [_path("number")])
        },
    }
    for command in COMMANDS.values():
        path = f"/api/v1/matters/{{number}}/{command.name}"
        paths[path] = {"post": operation_of(command, seen=SEEN).as_openapi(path, secured=True)}
    paths.update(_collected(routes))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Huiyin (回音)", "version": "1"},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": paths,
    }


def _collected(routes: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Return what routes carry of themselves, by path and method."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operations = getattr(route, "operations", None)
        if operations is None:
            continue
        act = parts_of(route.path)[-1] if callable(operations) else ""
        each = operations() if callable(operations) else {"": operations}
        for name, operation in each.items():
            path = route.path.replace("{" + act + "}", name) if act else route.path
            paths.setdefault(path, {})[route.method.lower()] = operation.as_openapi(
                path, secured=isinstance(route, InterfaceRoute)
            )
    return paths


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string"}}


def _operation(
    summary: str, parameters: list[dict[str, Any]], *, secured: bool = True
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": summary,
        "parameters": parameters,
        "responses": {"200": {"description": "done"}},
    }
    if secured:
        found["security"] = [{"token": []}]
        found["responses"]["401"] = {"description": "not signed in"}
        found["responses"]["423"] = {
            "description": "locked: a station's texts, until somebody signs in there"
        }
    return found


def _body(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _submission() -> dict[str, Any]:
    yes_no = {"enum": ["yes", "no"]}
    properties: dict[str, Any] = {
        "id": {"type": "string", "format": "uuid"},
        "text": {"type": "string", "minLength": 1, "maxLength": TEXT_MOST},
        "kind": {"enum": list(Kind)},
        "channel": {"enum": list(Channel)},
        "people": {"type": "string", "description": "how many bring it, 1 to 99999; staff only"},
        "slip": {
            "type": "string",
            "description": "the number of the letterbox slip it was written on, which becomes the "
            "matter's; staff only",
        },
        "grade": {"enum": list(Grade), "description": "staff only"},
        "under_14": yes_no,
        "guardian": {"type": "string", "description": "who agrees for one under 14"},
        "guardian_consent": yes_no,
        "share_phone": yes_no,
        "publish": yes_no,
    }
    for name in ("category", "area", "place", "station", "deputy", "name", "phone"):
        properties[name] = {"type": "string"}
    found = _operation("Raise a matter", [], secured=False)
    found["requestBody"] = _body(properties, ["text"])
    found["responses"] = {
        "201": {"description": "{id, number, key, safety, url}"},
        "200": {"description": "the same submission again: the same receipt"},
        "422": _REFUSED["422"],
        "503": {"description": "busy; Retry-After"},
        "507": {"description": "no room; nothing was taken"},
    }
    return found


def _handover() -> dict[str, Any]:
    row: dict[str, Any] = {"number": TEXT, "lead": TEXT, "limit": TEXT, "assisting": TEXTS}
    row["seen"] = {"type": "integer"}
    operation = operation_of(
        HANDING_OVER,
        "Dispatch many matters at once",
        answers=created("{id, dispatched, refused: [{number, errors}]}"),
        matters={"type": "array", "items": {"type": "object", "properties": row}},
    )
    operation = operation._replace(required=(*operation.required, "matters"))
    return operation.as_openapi("/api/v1/handovers", secured=True)


def _villager(summary: str, properties: dict[str, Any]) -> dict[str, Any]:
    found = _operation(summary, [_path("number")], secured=False)
    required = [name for name in properties if name != "comment"]
    found["requestBody"] = _body({"key": {"type": "string"}, **properties}, ["key", *required])
    found["responses"].update({code: _REFUSED[code] for code in ("404", "409", "422")})
    return found
