"""The OpenAPI document of the interface: what its routes say of themselves."""

from collections.abc import Iterable
from typing import Any

from server.people.interface import InterfaceRoute
from server.web.operation import parts_of
from server.web.routes import RoomRoute


def document(routes: Iterable[RoomRoute[Any]]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the interface that has these routes."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Huiyin (回音)", "version": "1"},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": _collected(routes),
    }


def _collected(routes: Iterable[RoomRoute[Any]]) -> dict[str, dict[str, Any]]:
    """Return what routes carry of themselves, by path and method."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operations = route.operations
        if operations is None:
            continue
        act = parts_of(route.path)[-1] if callable(operations) else ""
        by_act = operations() if callable(operations) else {"": operations}
        for name, operation in by_act.items():
            path = route.path.replace("{" + act + "}", name) if act else route.path
            paths.setdefault(path, {})[route.method.lower()] = operation.as_openapi(
                path, secured=isinstance(route, InterfaceRoute)
            )
    return paths
