"""What the interface's own description promises of every operation."""

from typing import Any

from server.application import routes
from server.openapi import document


def operations() -> list[dict[str, Any]]:
    """Return every operation of the interface."""
    return [one for path in document(routes())["paths"].values() for one in path.values()]


def test_whatever_needs_a_token_says_what_comes_without_one_and_at_a_locked_station() -> None:
    secured = [one for one in operations() if one.get("security")]
    assert len(secured) > 40
    for one in secured:
        assert {"401", "423"} <= set(one["responses"]), one["summary"]


def test_every_operation_says_what_success_is() -> None:
    for one in operations():
        assert {"200", "201", "204"} & set(one["responses"]), one["summary"]
