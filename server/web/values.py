"""What a field or a part of an address stands for: a version, an id."""

from typing import Any

from acts.refusals import N_, BadFields
from matters.refusals import NotFound


def read_seen(value: Any) -> int | None:
    """Return the version that a form or client was made from, None where it names none.

    Raises BadFields where it is not a whole number.
    """
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        return int(value)
    raise BadFields.of("seen", "not-a-number", N_("版本号要是整数。"))


def read_subject(text: str) -> bytes:
    """Return the subject that an id in an address stands for. Raises NotFound where it is none."""
    try:
        return bytes.fromhex(text.replace("-", ""))
    except ValueError as error:
        raise NotFound from error
