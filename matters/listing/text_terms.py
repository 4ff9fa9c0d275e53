"""The terms of a text: its words; of Chinese, which has no spaces, each one and two characters.

A trigram index would find nothing for words of two characters, of which Chinese mostly consists
(DESIGN decision 12). What is longer is narrowed by its pairs and then looked for in the text.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from acts.text import folded

TERM_MOST = 40
_HAN_SET = r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN = re.compile(f"[{_HAN_SET}]")
# Runs of Han characters, and runs of letters and digits of every other script.
_RUN = re.compile(rf"[{_HAN_SET}]+|[^\W_{_HAN_SET}]+")


class Wanted(NamedTuple):
    """What a search asks for: terms that a matter must hold, and phrases to be seen in its text.

    A phrase is given only where the terms alone do not prove that it is there.
    """

    terms: frozenset[str]
    phrases: tuple[str, ...]


def terms_of(text: str) -> set[str]:
    """Return every term of a text."""
    terms: set[str] = set()
    for run in _RUN.findall(folded(text)):
        if _HAN.match(run):
            terms.update(run)
            terms.update(map("".join, pairwise(run)))
        else:
            terms.add(run[:TERM_MOST])
    return terms


def wanted(query: str) -> Wanted:
    """Return what the words of a query ask for; words are parted by spaces, and all must be there.

    No terms at all means that nothing can be found.
    """
    terms: set[str] = set()
    phrases: list[str] = []
    for word in folded(query).split():
        runs = _RUN.findall(word)
        for run in runs:
            if len(run) == 1 or not _HAN.match(run):
                terms.add(run[:TERM_MOST])
            else:
                terms.update(map("".join, pairwise(run)))
        if len(runs) > 1 or any(_HAN.match(run) and len(run) > 2 for run in runs):
            phrases.append(word)
    return Wanted(frozenset(terms), tuple(phrases))


def fits(search: Wanted, texts: list[str]) -> bool:
    """Return whether the texts of a matter hold what is asked."""
    plain = [folded(text) for text in texts]
    if not all(any(phrase in text for text in plain) for phrase in search.phrases):
        return False
    held: set[str] = set()
    for text in plain:
        held |= terms_of(text)
    return search.terms <= held
