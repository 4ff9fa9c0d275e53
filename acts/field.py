"""A field of an act: what it asks for, and so how it is read and shown."""

from enum import StrEnum
from typing import NamedTuple

YES_NO = ("yes", "no")


class FieldKind(StrEnum):
    """How a field is read, and how the console asks for it.

    A DAY is kept as yyyy-mm-dd, the day UNTIL which something is to be done as its end, ms, UTC.
    """

    WORDS = "words"
    LINE = "line"
    TEXTS = "texts"
    CHOICE = "choice"
    COUNT = "count"
    LIMIT = "limit"
    DAY = "day"
    UNTIL = "until"
    UNIT = "unit"
    UNITS = "units"
    PARTS = "parts"
    CATEGORY = "category"
    AREA = "area"
    BODY = "body"
    STATION = "station"
    DEPUTY = "deputy"
    DEPUTIES = "deputies"
    MATTER = "matter"
    MATTERS = "matters"
    EVENT = "event"
    QUESTION = "question"
    PROMISE = "promise"
    ENTRY = "entry"
    PICTURES = "pictures"


# Of what a field names several.
SEVERAL = {
    FieldKind.UNITS: FieldKind.UNIT,
    FieldKind.DEPUTIES: FieldKind.DEPUTY,
    FieldKind.MATTERS: FieldKind.MATTER,
}
# What may come more than once in a form; of matters, many numbers stand in one text.
REPEATED = (FieldKind.UNITS, FieldKind.DEPUTIES, FieldKind.TEXTS, FieldKind.PICTURES)


class Field(NamedTuple):
    """One field. Words, lines and texts are free text and stand beside the log.

    `insisted` asks the console to insist on it, though the interface does not. A day `past` is
    one that has been: without a year it is the last such day, and 十天 is ten days ago.
    """

    name: str
    kind: FieldKind
    label: str
    required: bool = True
    choices: tuple[str, ...] = ()
    max_length: int = 10_000
    hint: str = ""
    insisted: bool = False
    past: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the value is free text, which never stands in an event."""
        return self.kind in (FieldKind.WORDS, FieldKind.LINE)
