"""Reading an event's data: values of the shape that our versions write, or WrongShape.

What came from another node may hold anything; what is kept in a matter, and goes from there into
tables and pages, is of the right shape or is not taken.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

Choice = TypeVar("Choice", bound=StrEnum)

# From the year 6 to the year 8307: whatever is added to such a time, calendars can show it.
_EARLIEST_MS = -62_000_000_000_000
_LATEST_MS = 200_000_000_000_000


class WrongShape(ValueError):
    """A value that no version of ours writes there."""


def text_in(data: Mapping[str, Any], field: str, otherwise: str = "") -> str:
    """Return a text, or `otherwise` where the field is not there."""
    value = data.get(field)
    if value is None:
        return otherwise
    if not isinstance(value, str):
        raise WrongShape(field)
    return value


def bytes_in(data: Mapping[str, Any], field: str, otherwise: bytes = b"") -> bytes:
    """Return bytes, or `otherwise` where the field is not there."""
    value = data.get(field)
    if value is None:
        return otherwise
    if not isinstance(value, bytes):
        raise WrongShape(field)
    return value


def texts_in(data: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return the texts of a list, or none where the field is not there."""
    value = data.get(field, ())
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        raise WrongShape(field)
    return tuple(value)


def maps_in(data: Mapping[str, Any], field: str) -> tuple[dict[str, Any], ...]:
    """Return the maps of a list, or none where the field is not there."""
    value = data.get(field, ())
    if not isinstance(value, list | tuple):
        raise WrongShape(field)
    for item in value:
        if not isinstance(item, dict) or not all(isinstance(name, str) for name in item):
            raise WrongShape(field)
    return tuple(value)


def time_of(value: Any) -> int:
    """Return a time in milliseconds since 1970, UTC, that calendars can show."""
    if type(value) is not int or not _EARLIEST_MS < value < _LATEST_MS:
        raise WrongShape("time")
    return value


def time_in(data: Mapping[str, Any], field: str, otherwise: int | None) -> int | None:
    """Return a time in milliseconds, UTC, or `otherwise` where the field is not there."""
    value = data.get(field)
    return otherwise if value is None else time_of(value)


def number_in(data: Mapping[str, Any], field: str, otherwise: int) -> int:
    """Return a whole number, or `otherwise` where the field is not there."""
    value = data.get(field)
    if value is None:
        return otherwise
    if type(value) is not int:
        raise WrongShape(field)
    return value


def all_bytes_in(data: Mapping[str, Any], field: str) -> tuple[bytes, ...]:
    """Return the byte strings of a list, or none where the field is not there."""
    value = data.get(field, ())
    if not isinstance(value, list | tuple) or not all(isinstance(part, bytes) for part in value):
        raise WrongShape(field)
    return tuple(value)


def known(kind: type[Choice], value: Any, otherwise: Choice) -> Choice:
    """Return the member of a closed list, or `otherwise` for a value of a newer version."""
    member = kind._value2member_map_.get(value) if isinstance(value, str) else None
    return member if isinstance(member, kind) else otherwise
