"""Showing where a text holds the words that were searched for."""

import re
from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from acts.text import folded
from matters.public.notices import Notice
from publisher.words import wording

BEFORE = 14
SHOWN = 64
_folded = lru_cache(4096)(folded)


def snippet(notice: Notice, words: Sequence[str]) -> str:
    """Return the part of a notice's text or answer where the first of the words stands."""
    texts = [" ".join(wording.visible(text).split()) for text in (notice.text, notice.answer)]
    for text in texts:
        at = _first(text, words)
        if at is not None:
            return _cut(text, max(0, at - BEFORE))
    return _cut(texts[0], 0)


def _cut(text: str, start: int) -> str:
    end = start + SHOWN
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _first(text: str, words: Sequence[str]) -> int | None:
    """Return where one of the words stands first; most texts hold it just as it was typed."""
    plain = [at for at in (text.find(word) for word in words) if at >= 0]
    if plain:
        return min(plain)
    spans = _spans(text, words)
    return spans[0][0] if spans else None


def marked(text: str, words: Sequence[str]) -> Markup:
    """Return a text, escaped, with the words in <mark>."""
    shown = wording.visible(text)
    parts: list[str] = []
    at = 0
    for start, end in _spans(shown, words):
        if end > at:
            parts += (escape(shown[at:start]), "<mark>", escape(shown[max(at, start) : end]))
            parts.append("</mark>")
            at = end
    return Markup("".join([*parts, escape(shown[at:])]))


def _spans(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Return where the words stand in a text, however they are written, in order."""
    plain = folded(text)
    # Of each folded character, the place of the one that it comes from.
    places: Sequence[int] = range(len(text))
    if len(plain) != len(text):
        pieces = [_folded(character) for character in text]
        places = [at for at, piece in enumerate(pieces) for _ in piece]
        plain = "".join(pieces)
    return sorted(
        (places[match.start()], places[match.end() - 1] + 1)
        for word in words
        for match in re.finditer(re.escape(word), plain)
    )
