"""Invented texts as long and as hard to pack as villagers' own: seeded, varied, none repeated.

No line of them was ever sent by anybody: sentences are put together at random from short words,
names, numbers and days, and what a text speaks of comes again in it. Sense is not the point, the
bytes are: packed one by one with brotli 11 they take 1.7 bytes a character, real messages of the
same length 1.65 to 1.75. Between each other they are more alike than real ones: packed together, as
morango does, they take a fifth less than real ones would, and a dictionary trained on one half of
254 saves 34 % of the other, where it saves 16 % of real ones. So what a shared dictionary is worth
can't be told by them, and a peer that packs many together looks better than it is.
"""

import random
import re
from functools import cache

from bench.exchange.text_words import (
    DOINGS,
    ENDINGS,
    GIVEN,
    KINDS,
    MIDDLES,
    OPENINGS,
    PLAIN,
    SURNAMES,
    THINGS,
    WORDS,
)

MEDIAN_CHARACTERS = 160
LONE_CHARACTERS = 164
_SPREAD = 0.45
_SHORTEST, _LONGEST = 40, 600
# What a text speaks of comes again in it, as often as not.
_TOPICS = {
    *("who", "spot", "firm", "land", "place", "thing", "office"),
    *("noun", "verb", "money_case", "crop", "name"),
}
_AGAIN = 0.65
# Words without a name of their own, put together from two characters, are as often met.
_MADE_UP = 0.6
_SLOT = re.compile(r"\{(\w+)\}")


def texts(count: int, seed: int) -> list[str]:
    """Return so many texts, all different, half of them shorter than `MEDIAN_CHARACTERS`."""
    draw = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_text(draw)] = None
    return list(found)


def lone_text(seed: int) -> str:
    """Return a text of `LONE_CHARACTERS` common characters of which none comes twice."""
    return "".join(random.Random(seed).sample(_common_characters(), LONE_CHARACTERS))


@cache
def _common_characters() -> tuple[str, ...]:
    """The 3,755 characters of GB 2312's first level, which are those in common use."""
    pairs = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return tuple(pair.decode("gb2312") for pair in pairs if pair < b"\xd7\xfa")


def _text(draw: random.Random) -> str:
    wanted = MEDIAN_CHARACTERS * draw.lognormvariate(0, _SPREAD)
    wanted = min(max(wanted, _SHORTEST), _LONGEST)
    said: dict[str, str] = {}
    body = _filled(draw, draw.choice(OPENINGS), said)
    ending = _filled(draw, draw.choice(ENDINGS), said)
    # Stopping half a sentence early keeps the median.
    while len(body) + len(ending) < wanted - 11:
        body += _filled(draw, draw.choice(MIDDLES), said)
    return body + ending


def _filled(draw: random.Random, clause: str, said: dict[str, str]) -> str:
    """Return a clause with its slots filled; `said` has what the text speaks of already."""

    def fill(slot: re.Match[str]) -> str:
        name = slot[1]
        if name in said and draw.random() < _AGAIN:
            return said[name]
        word = _filled(draw, _word(draw, name), said)
        if name in _TOPICS:
            said.setdefault(name, word)
        return word

    return _SLOT.sub(fill, clause)


def _word(draw: random.Random, slot: str) -> str:
    match slot:
        case "plain":
            return draw.choice(PLAIN)
        case "verb" if draw.random() < _MADE_UP:
            return "".join(draw.sample(DOINGS, 2))
        case "noun" if draw.random() < _MADE_UP:
            return draw.choice(KINDS) + draw.choice(THINGS)
        case "surname":
            return draw.choice(SURNAMES)
        case "name":
            return draw.choice(SURNAMES) + "".join(draw.choices(GIVEN, k=draw.choice((1, 2, 2))))
        case "land":
            return "".join(draw.sample(_common_characters(), 2))
        case "number":
            return str(draw.randrange(11, 10 ** draw.randrange(2, 5)))
        case "money":
            return str(draw.randrange(3, 100) * 10 ** draw.randrange(1, 4) + draw.randrange(10))
        case "age":
            return str(draw.randrange(24, 90))
        case "year":
            return str(draw.randrange(1985, 2027))
        case "month" | "hour":
            return str(draw.randrange(1, 13))
        case "day":
            return str(draw.randrange(1, 29))
        case _:
            return draw.choice(_choices(slot))


@cache
def _choices(slot: str) -> tuple[str, ...]:
    return tuple(WORDS[slot].split())
