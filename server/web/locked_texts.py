"""What people and programs are told in place of a text that is locked, as told from an erased one.

Readers get `eventlog.words.LOCKED` for such a text; here it becomes words on a page and null in
JSON. What stands in the place of a text must never be sent back as that text.
"""

from collections.abc import Callable
from typing import Any

from eventlog.words import LOCKED
from server.web.languages import translated
from server.web.wording import LOCKED_TEXT


def shown(language: str) -> Callable[[Any], Any]:
    """Return the last step of a template's expressions: it puts words for what is locked."""
    phrase = translated(language, LOCKED_TEXT)

    def finalize(value: Any) -> Any:
        return (
            value.replace(LOCKED, phrase) if isinstance(value, str) and LOCKED in value else value
        )

    return finalize


def as_json(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with null for each locked text, and `locked` where there is any."""
    return {**_without(answer), "locked": True} if _is_in(answer) else answer


def _is_in(value: Any) -> bool:
    if isinstance(value, str):
        return LOCKED in value
    if isinstance(value, dict):
        return any(map(_is_in, value.values()))
    return isinstance(value, list | tuple) and any(map(_is_in, value))


def _without(value: Any) -> Any:
    if isinstance(value, str):
        return None if LOCKED in value else value
    if isinstance(value, dict):
        return {name: _without(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without(one) for one in value]
    return value
