"""Cells: what people type into a table, made into values, and values written back as cells.

Every parser takes the text of one cell and raises `CellError` where it can't be read; every
formatter gives text that its parser reads back as the same value.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from acts import day
from acts.refusals import N_, Message
from acts.text import clean_line, clean_words, plain_digits

E = TypeVar("E", bound=StrEnum)

_ESCAPE = re.compile(r"_x00([01][0-9A-Fa-f])_")
_LIST = re.compile("[\u3001,\uff0c;\uff1b|\n]")
_ID = re.compile("[a-z0-9]+(?:-+[a-z0-9]+)*")
_NO_PHONE = frozenset({"无", "暂无", "没有", "/", "-", "--", "none", "n/a"})
_PHONE = re.compile(r"\+?[0-9(][0-9()+\-/、, ]*(?:(?:转|ext\.?) ?[0-9]+)?", re.IGNORECASE)
# Nothing that could end an attribute or hide where a link leads: no user before the host.
_HTTPS = re.compile(
    r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9/?#=&%._~:,;+!*()-]*)?",
    re.IGNORECASE,
)


class CellError(ValueError):
    """A cell that can't be read. `message` says more than what its column expects, or nothing."""

    def __init__(self, message: str = "", **values: Any) -> None:
        super().__init__(message)
        self.message = Message(message, values)


def clean_text(text: str) -> str:
    """Return `text` without what spreadsheets leave around the words.

    Excel's `_x000D_` escapes become what they stand for; every kind of space (U+3000, U+00A0,
    tab) becomes one plain space, none at the ends of a line; more than one blank line becomes
    one. The rest is `clean_words`. Cleaning twice changes nothing.
    """
    before = None
    while before != text:
        before = text
        text = clean_words(_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text))
    lines = (clean_line(line) for line in text.split("\n"))
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()


def parse_id(text: str) -> str:
    """Return an id: lowercase ASCII letters, digits and hyphens, at most 64."""
    value = plain_digits(text).lower()
    if len(value) > 64 or not _ID.fullmatch(value):
        raise CellError
    return value


def parse_phone(text: str) -> str:
    """Return a phone number as text with plain digits, or "" where the cell says there is none.

    An extension (转 802, ext. 802) and several numbers in one cell are kept as they are.
    """
    value = plain_digits(text)
    if value.lower() in _NO_PHONE:
        return ""
    if re.fullmatch(r"[0-9]+\.0", value):  # A number that went through a float.
        value = value[:-2]
    digits = sum(character.isdigit() for character in value)
    if not 3 <= digits <= 40 or not _PHONE.fullmatch(value):
        raise CellError
    return value


def parse_area_code(text: str) -> str:
    """Return a 12-digit area code; the 6 digits of a county and 9 of a township are filled up."""
    value = plain_digits(text).removesuffix(".0").replace(" ", "")
    if not re.fullmatch(r"[1-9]\d{5}(?:\d{3}){0,2}", value, re.ASCII):
        raise CellError
    return value.ljust(12, "0")


def parse_picture(text: str) -> str:
    """Return the SHA-256 of a picture's bytes, by which it is kept, as 64 hexadecimal digits.

    Raises `CellError`.
    """
    cleaned = text.strip().lower()
    if cleaned and not re.fullmatch("[0-9a-f]{64}", cleaned):
        raise CellError
    return cleaned


def parse_web_address(text: str) -> str:
    """Return an https address as it was typed. Raises `CellError` for any other."""
    value = clean_line(text)
    if not _HTTPS.fullmatch(value) or len(value) > 500:
        raise CellError
    return value


def parse_list(text: str) -> list[str]:
    """Return the parts of a cell that lists several things, by 、 , ; | or line breaks."""
    parts = (clean_line(part) for part in _LIST.split(clean_text(text)))
    return [part for part in parts if part]


def format_list(values: tuple[str, ...]) -> str:
    """Return several things as one cell."""
    return "、".join(values)


def parse_whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a parser of whole numbers from `lowest` to `highest`."""

    def parse(text: str) -> int:
        value = plain_digits(text).removesuffix(".0")
        if not re.fullmatch("-?[0-9]{1,12}", value) or not lowest <= int(value) <= highest:
            raise CellError
        return int(value)

    return parse


def parse_day(text: str) -> date:
    """Return the day of 2026-10-01, 2026/10/1, 2026.10.1 or 2026年10月1日."""
    try:
        return day.parse_day(text)
    except day.NoSuchDay:
        raise CellError(N_("没有这一天")) from None
    except day.BadDay:
        raise CellError from None


def parse_degrees(limit: float) -> Callable[[str], float]:
    """Return a parser of WGS 84 degrees from -`limit` to `limit`."""

    def parse(text: str) -> float:
        value = plain_digits(text).rstrip("°")
        if not re.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:e-?[0-9]{1,3})?", value, re.IGNORECASE):
            raise CellError
        if abs(float(value)) > limit:
            raise CellError
        return float(value)

    return parse


def format_degrees(value: float | None) -> str:
    """Return degrees with every digit that they have, or "" for None."""
    return "" if value is None else repr(value)


def parse_yes(text: str) -> bool:
    """Return True for 是, yes, true, 1 and √, and False for 否, no, false and 0."""
    value = plain_digits(text).lower()
    if value in {"是", "yes", "y", "true", "1", "√", "有"}:
        return True
    if value in {"否", "no", "n", "false", "0", "×", "无", "不是"}:
        return False
    raise CellError


def format_yes(value: bool) -> str:
    """Return 是 or 否."""
    return "是" if value else "否"


def choice(words: Mapping[E, tuple[str, ...]]) -> tuple[Callable[[str], E], Callable[[E], str]]:
    """Return a parser and a formatter of a closed list.

    `words` gives each member its words, the one to write first; the member's own value is
    understood as well. Case, spaces and hyphens don't matter.
    """

    def key(text: str) -> str:
        return re.sub(r"[\s_-]+", "", plain_digits(text)).casefold()

    members = {
        key(word): member for member, written in words.items() for word in (member.value, *written)
    }

    def parse(text: str) -> E:
        try:
            return members[key(text)]
        except KeyError:
            raise CellError from None

    return parse, lambda member: words[member][0]


def parse_labels(text: str) -> dict[str, str]:
    """Return labels by their class: `A:已解决;B:正在解决` → {"A": "已解决", …}, in order."""
    labels: dict[str, str] = {}
    for part in re.split("[;\uff1b\n]", clean_text(text)):
        if not part.strip():
            continue
        name, _, label = part.replace("\uff1a", ":").partition(":")
        name, label = plain_digits(name).upper(), clean_line(label)
        if not re.fullmatch("[A-Z]", name) or not label or name in labels:
            raise CellError
        labels[name] = label
    return labels


def format_labels(labels: Mapping[str, str]) -> str:
    """Return labels as one cell."""
    return ";".join(f"{name}:{label}" for name, label in labels.items())


def without_format(value: Any) -> str:
    """Return a text value as its own cell."""
    return str(value)
