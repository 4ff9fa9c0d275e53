"""Sheets and the document that they are bound into; everything on them is escaped."""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from matters.receipts import spoken_number
from publisher import wording
from server.paper.county import PaperCounty

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
    found = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["spoken"] = spoken_number
    found.filters["visible"] = wording.visible
    found.filters["week_day"] = wording.week_day
    found.globals["SLOGAN"] = SLOGAN
    return found


def sheet(template: str, name: str, county: PaperCounty, /, **values: Any) -> Sheet:
    """Return a sheet as a template draws it."""
    html = _environment().get_template(template).render(
        county=county.found.county, site=county.typed_address, **values
    )
    return Sheet(name, Markup(html))


def document(sheets: Sequence[Sheet], size: Size) -> str:
    """Return the HTML of a document of these sheets, one after the other."""
    return (
        _environment()
        .get_template("document.html")
        .render(sheets=sheets, size=size, unit=f"{_MILLIMETRES[size]}mm")
    )


def size_class(text: str, steps: Sequence[int]) -> str:
    """Return the class of a line that has to fit: `fit0`, or `fit1` … past each step's length.

    Latin letters count half.
    """
    width = sum(1.0 if ord(character) > 0x2E7F else 0.55 for character in text)
    return f"fit{sum(width > step for step in steps)}"
