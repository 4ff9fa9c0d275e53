"""Sheets and the document that they are bound into; everything on them is escaped."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from matters.intake.receipts import spoken_number
from server.paper.county import PaperCounty
from server.web.languages import CHINESE
from server.web.locked_texts import shown

_FOLDER = Path(__file__).parents[1] / "templates" / "paper"
SLOGAN = "事事有着落、件件有回音"


class Size(StrEnum):
    """A paper size."""

    A4 = "A4"
    A3 = "A3"


# Sheets are measured in `rem`, which on A4 is a millimetre; A3 is the same drawn larger.
_MILLIMETRES = {Size.A4: 1.0, Size.A3: 1.4142}


class Sheet(NamedTuple):
    """One page or several that belong together. `name` is fit for a file's name."""

    name: str
    html: Markup


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown(CHINESE),
    )
    environment.filters["spoken"] = spoken_number
    environment.globals["SLOGAN"] = SLOGAN
    return environment


def sheet(template: str, name: str, county: PaperCounty, /, **values: Any) -> Sheet:
    """Return a sheet as a template draws it."""
    html = (
        _environment()
        .get_template(template)
        .render(
            county=county.found.county,
            site=county.typed_address,
            site_fit=size_class(county.typed_address, (18, 24)),
            **values,
        )
    )
    # An id may have come in by sync: a file named after it stays in its folder.
    return Sheet(re.sub(r"[^\w-]", "_", name), Markup(html))


def document(sheets: Sequence[Sheet], size: Size) -> str:
    """Return the HTML of a document of these sheets, one after the other."""
    return (
        _environment()
        .get_template("document.html")
        .render(sheets=sheets, size=size, unit=f"{_MILLIMETRES[size]}mm")
    )


def width_of(text: str) -> float:
    """Return how wide a line is, in Chinese characters; Latin letters count half."""
    return sum(1.0 if ord(character) > 0x2E7F else 0.55 for character in text)


def size_class(text: str, steps: Sequence[int]) -> str:
    """Return the class of a line that has to fit: `fit0`, or `fit1` … past each step's width."""
    return f"fit{sum(width_of(text) > step for step in steps)}"


def lines_of(text: str, across: float) -> int:
    """Return in how many lines a text stands, with so many characters to a line."""
    return sum(max(1, ceil(width_of(line) / across)) for line in text.split("\n"))


def cut_to_lines(text: str, across: float, lines: int) -> str:
    """Return as much of a text as stands in so many lines, with an ellipsis where it is cut."""
    if lines_of(text, across) <= lines:
        return text
    fitting: list[str] = []
    for line in text.split("\n"):
        room = lines - sum(lines_of(kept_line, across) for kept_line in fitting)
        if lines_of(line, across) >= room:
            return "\n".join([*fitting, cut_to(line + "…", across * room - 1)])
        fitting.append(line)
    return text


def cut_to(text: str, across: float) -> str:
    """Return as much of a text as stands in a line, with an ellipsis where it is cut."""
    width, fitting = 0.0, 0
    for place, character in enumerate(text):
        width += width_of(character)
        if width <= across - 1:
            fitting = place + 1
        if width > across:
            return text[:fitting] + "…"
    return text
