"""Figures as small drawings: rows of numbers in, inline SVG out, for pages and for the console.

Answered is filled and pending only outlined, so that a black-and-white print tells them apart.
Every drawing has a title and a description, and a table of the same numbers stands beside it.
Texts are escaped here; what comes out may go into a page as it is. The colour is the text's own,
or the stylesheet's for `.hy-chart`.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH = 320
BARS_MOST = 12
ROWS_MOST = 8
# In half widths: a Chinese character takes up two of them.
_NAME_MOST = 34


class Bar(NamedTuple):
    """One bar: how many were received, and how many of them are answered."""

    name: str
    received: int
    answered: int


class Share(NamedTuple):
    """One rate: `percent` from 0 to 100, or None where n is too small, with what to say of it."""

    name: str
    percent: int | None
    note: str


def months(bars: Sequence[Bar], *, key: str, title: str, description: str) -> Markup:
    """Return upright bars, the first on the left, answered below and pending on top.

    At most `BARS_MOST` are drawn. `key` tells the drawings of one page apart.
    """
    drawn = bars[:BARS_MOST]
    highest = max((bar.received for bar in drawn), default=0)
    step = WIDTH / max(len(drawn), 6)
    width = round(step * 0.6)
    filled: list[str] = []
    hollow: list[str] = []
    texts: list[Markup] = []
    for number, bar in enumerate(drawn):
        left = round(step * number + step * 0.2)
        whole = _scaled(bar.received, highest, 100)
        done = _scaled(bar.answered, max(bar.received, 1), whole)
        filled.append(f"M{left} 120v-{done}h{width}v{done}z")
        hollow.append(f"M{left} {120 - done}v-{whole - done}h{width}v{whole - done}")
        centre = left + width // 2
        texts.append(text(centre, 137, bar.name, "middle"))
        texts.append(text(centre, 115 - whole, str(bar.received), "middle"))
    base = Markup('<path d="M0 120H{}"/>').format(WIDTH)
    return _drawing(
        142, key, title, description, _paths(filled, hollow) + base + Markup().join(texts)
    )


def rows(bars: Sequence[Bar], *, key: str, title: str, description: str) -> Markup:
    """Return lying bars, one below the other, each under its name; at most `ROWS_MOST`."""
    drawn = bars[:ROWS_MOST]
    highest = max((bar.received for bar in drawn), default=0)
    paths = []
    for number, bar in enumerate(drawn):
        whole = _scaled(bar.received, highest, WIDTH - 2)
        done = _scaled(bar.answered, max(bar.received, 1), whole)
        y = 40 * number + 20
        paths.append((_filled(y, done), f"M{1 + done} {y}h{whole - done}v12h-{whole - done}"))
    named = [(bar.name, f"{bar.answered}/{bar.received}") for bar in drawn]
    return _lying(named, paths, key, title, description)


def shares(lines: Sequence[Share], *, key: str, title: str, description: str) -> Markup:
    """Return a rule from 0 to 100 % for each rate; one with too small an n is told in words."""
    paths = []
    for number, line in enumerate(lines):
        y = 40 * number + 20
        if line.percent is not None:
            done = _scaled(line.percent, 100, WIDTH - 2)
            paths.append((_filled(y, done), f"M1 {y}h{WIDTH - 2}v12H1z"))
    named = [(line.name, line.note) for line in lines]
    return _lying(named, paths, key, title, description)


def _filled(y: int, done: int) -> str:
    return f"M1 {y}h{done}v12h-{done}z"


def _lying(
    lines: Iterable[tuple[str, str]],
    paths: Sequence[tuple[str, str]],
    key: str,
    title: str,
    description: str,
) -> Markup:
    """A drawing of lying bars, filled and hollow, below the name and the note of each line."""
    texts: list[Markup] = []
    for number, (name, note) in enumerate(lines):
        y = 40 * number + 15
        texts += [text(1, y, _short(name)), text(WIDTH, y, note, "end")]
    filled, hollow = zip(*paths, strict=True) if paths else ((), ())
    inside = _paths(filled, hollow) + Markup().join(texts)
    return _drawing(20 * len(texts), key, title, description, inside)


def _scaled(part: int, whole: int, length: int) -> int:
    """Return how long `part` is where `whole` is `length`; what is not nothing can be seen."""
    if part <= 0 or whole <= 0:
        return 0
    return max(1, round(length * min(part, whole) / whole))


def _short(name: str) -> str:
    left = _NAME_MOST
    for place, character in enumerate(name):
        left -= 1 if character < "\u2e80" else 2
        if left < 0:
            return f"{name[: place - 1]}…"
    return name


def _paths(filled: Iterable[str], hollow: Iterable[str]) -> Markup:
    return Markup('<path d="{}"/><path class="hy-full" d="{}"/>').format(
        "".join(hollow), "".join(filled)
    )


def text(x: int, y: int, words: str, anchor: str = "") -> Markup:
    """Return words that stand at a place of a drawing; `anchor` is SVG's."""
    where = Markup(' text-anchor="{}"').format(anchor) if anchor else Markup()
    return Markup('<text x="{}" y="{}"{}>{}</text>').format(x, y, where, words)


def _drawing(height: int, key: str, title: str, description: str, inside: Markup) -> Markup:
    return Markup(
        '<svg class="hy-chart" viewBox="0 0 {width} {height}" role="img" '
        'aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{title}</title>'
        '<desc id="{key}-d">{description}</desc>{inside}</svg>'
    ).format(
        width=WIDTH,
        height=height,
        key=key,
        title=escape(title),
        description=escape(description),
        inside=inside,
    )
