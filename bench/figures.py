"""Figures, and the table that shows them beside their peers and aims."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = ("what", "figure", "peer", "ratio", "aim", "holds?")


@dataclass(frozen=True)
class Figure:
    """One line: a figure of ours (or of a peer) in `unit`, and its peer's in the same unit.

    `holds` is None where there is no aim. `missing` says why there is no figure. `paired` is the
    ratio where it is the median over rounds and not that of the two medians. `more` goes to the
    JSON only.
    """

    what: str
    figure: float | None
    unit: str
    peer: float | None = None
    aim: str = ""
    holds: bool | None = None
    missing: str = ""
    paired: float | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """The figure in terms of its peer's."""
        if self.paired is not None:
            return self.paired
        if self.figure is None or not self.peer:
            return None
        return self.figure / self.peer


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table of text, ending with a line break."""
    return rows_as_text([COLUMNS, *(_row(figure) for figure in figures)])


def rows_as_text(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows, the first being their head, as a table; all but the first column to the right.

    A column headed `holds?` stands to the left as well.
    """
    head = rows[0]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for row in rows:
        cells = [
            _pad(cell, width, left=column == 0 or head[column] == COLUMNS[-1])
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(" | ".join(cells).rstrip())
    lines.insert(1, "-+-".join("-" * width for width in widths))
    return "\n".join(lines) + "\n"


def write_json(path: Path, figures: Sequence[Figure], about: dict[str, Any]) -> None:
    """Write the figures, with what does not fit into the table, to a file."""
    found = [{**asdict(figure), "ratio": figure.ratio} for figure in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({**about, "figures": found}, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )


def _row(figure: Figure) -> tuple[str, ...]:
    ratio = figure.ratio
    return (
        figure.what,
        figure.missing or _number(figure.figure, figure.unit),
        "" if figure.peer is None else _number(figure.peer, figure.unit),
        "" if ratio is None else f"{ratio:.2f}" if ratio >= 0.095 else f"{ratio:.4f}",
        figure.aim,
        {None: "", True: "yes", False: "NO"}[figure.holds],
    )


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}"
    return f"{text} {unit}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _pad(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text
