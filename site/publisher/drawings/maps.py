"""Sketches of where a station stands, as small inline SVG drawn from what is on the registers.

Where the coordinates of neighbouring stations are known, they stand round it by the compass;
else the areas that it serves branch off below it, like stops of a bus. Well under 1 KB each.
"""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from publisher.drawings.charts import text
from stations.stations import Station

WIDTH = 320
STOPS_MOST = 16
_SIGN = 18
_WORDS = re.compile(
    "(?:人大|行业)*代表(?:联络站|联络点|之家|工作室)?|联络站|联络点|工作室|立法联系点"
)
# Cells of three by three round the middle, from the north clockwise: column and row.
_ROUND = ((1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1), (0, 0))
_KM_PER_DEGREE = 111.2


class Stop(NamedTuple):
    """An area that a station serves; whether one of its points stands there."""

    name: str
    point: bool


def branches(name: str, stops: Sequence[Stop]) -> Markup | None:
    """A station above the areas that it serves; None where there are none to draw."""
    if not stops:
        return None
    drawn = stops[:STOPS_MOST]
    rows = (len(drawn) + 1) // 2
    last = 30 + 32 * rows
    lines = [f"M160 34V{last}"]
    marks: list[str] = []
    texts = [_plate(160, 17, name.replace("人大代表", ""), 16)]
    for n, stop in enumerate(drawn):
        y = 62 + 32 * (n // 2)
        left = n % 2 == 0
        lines.append(f"M160 {y}h{-18 if left else 18}")
        if stop.point:
            marks.append(f"M{136 if left else 172} {y - 6}h12v12h-12z")
        texts.append(_text(130 if left else 190, y + 6, stop.name, "end" if left else "", 7))
    notes = []
    if marks:
        notes.append("■ 有联络点")
    if len(stops) > len(drawn):
        notes.append(f"共 {len(stops)} 处")
    if notes:
        texts.append(_text(160, last + 32, "　".join(notes), "middle", 20))
    described = f"服务{'、'.join(stop.name for stop in stops)}"
    if marks:
        described += f"；{'、'.join(stop.name for stop in stops if stop.point)}有联络点"
    return _drawing(last + (40 if notes else 2), described, lines, marks, texts)


def compass(station: Station, others: Sequence[Station]) -> Markup | None:
    """A station with its nearest neighbours round it; None where coordinates are wanting."""
    if station.latitude is None or station.longitude is None:
        return None
    near = sorted(
        (found for other in others if (found := _from(station, other)) is not None),
        key=lambda found: (found[0], found[2].id),
    )
    taken: dict[int, tuple[float, str]] = {}
    for km, bearing, other in near:
        sector = round(bearing / 45) % 8
        if km and sector not in taken:
            taken[sector] = (km, _WORDS.sub("", other.name) or other.name)
    if not taken:
        return None
    lines, texts = [], [_plate(160, 100, "本站", 4), _text(160, 20, "北", "middle", 2)]
    described = []
    for sector, (km, name) in sorted(taken.items()):
        column, row = _ROUND[sector]
        x, y = 54 + 106 * column, 46 + 64 * row
        lines.append(f"M{160 + (x - 160) // 4} {100 + (y - 100) // 4}L{x} {y - 4 + 8 * (row < 2)}")
        far = f"{km:.1f}公里"
        top = y - 20 if row == 0 else y + 8 if row == 1 else y + 14
        texts += [_text(x, top, name, "middle", 5), _text(x, top + 20, far, "middle", 8)]
        described.append(f"{name}在{'北东南西'[sector // 2]}" if sector % 2 == 0 else "")
        described[-1] = described[-1] or f"{name}在{('东北', '东南', '西南', '西北')[sector // 2]}"
        described[-1] += f"边{far}"
    return _drawing(216, "；".join(described), lines, [], texts)


def _from(station: Station, other: Station) -> tuple[float, float, Station] | None:
    """How far (km, along a straight line) and in which direction (degrees) another stands."""
    if other.id == station.id or other.latitude is None or other.longitude is None:
        return None
    assert station.latitude is not None and station.longitude is not None
    north = (other.latitude - station.latitude) * _KM_PER_DEGREE
    shrunk = math.cos(math.radians(station.latitude))
    east = (other.longitude - station.longitude) * _KM_PER_DEGREE * shrunk
    return math.hypot(north, east), math.degrees(math.atan2(east, north)), other


def _plate(x: int, y: int, words: str, most: int) -> Markup:
    words = _cut(words, most)
    width = _SIGN * len(words) + 20
    return Markup('<path d="M{} {}h{}v34h-{}z"/>').format(
        x - width // 2, y - 16, width, width
    ) + _text(x, y + 7, words, "middle", most)


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _text(x: int, y: int, words: str, anchor: str, most: int) -> Markup:
    return text(x, y, _cut(words, most), anchor)


def _drawing(
    height: int, described: str, lines: Sequence[str], marks: Sequence[str], texts: Sequence[Markup]
) -> Markup:
    full = Markup('<path class="hy-full" d="{}"/>').format("".join(marks)) if marks else Markup()
    return Markup(
        '<svg class="hy-chart hy-map" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path d="{}"/>{}{}</svg>'
    ).format(WIDTH, height, f"示意图：{described}", "".join(lines), full, Markup().join(texts))
