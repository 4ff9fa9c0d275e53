"""The answer of a matter in words, wherever in its life it was given."""

from collections.abc import Mapping

from matters.matter import Matter

# The texts that an answer can stand in, in the order in which they are read.
_FIELDS = ("text", "answer", "to", "reason", "address", "route", "outcome")


def answer_in(matter: Matter, texts: Mapping[tuple[bytes, str], str]) -> str:
    """Return the answer in words, "" where there is none or its text was erased.

    `texts` are the matter's, by (event id, field).
    """
    if not matter.answer:
        return ""
    fields: tuple[str, ...] = _FIELDS
    if matter.answer_imported:
        # A row of an old file: its text is what was asked.
        fields = ("answer",)
    words = [texts.get((matter.answer, field), "") for field in fields]
    return "\n".join(text for text in words if text)
