"""What the rules may ask of the county: its ids, its limits, its working days."""

from collections.abc import Callable, Container, Mapping
from typing import NamedTuple

from matters.matter import Matter
from matters.registers.routes import Route
from matters.registers.rules import DEFAULT_RULES, Rules
from stations.working_days import WEEKENDS_ONLY, WorkingDays


def _no_matter(number: str) -> Matter | None:
    return None


class Known(NamedTuple):
    """What a county knows; the rules ask for nothing more of the registers.

    `body_of_deputy` and `body_of_area` say with which body a suggestion is filed; `matter` finds
    another matter by its number, for merging; `unit_names` is each unit's name by its id,
    `area_codes` the code of each area whose name is unique.
    """

    units: Container[str] = frozenset()
    categories: Container[str] = frozenset()
    areas: Container[str] = frozenset()
    stations: Container[str] = frozenset()
    deputies: Container[str] = frozenset()
    bodies: Container[str] = frozenset()
    routes: Mapping[str, Route] = {}
    body_of_deputy: Mapping[str, str] = {}
    body_of_area: Mapping[str, str] = {}
    rules: Rules = DEFAULT_RULES
    calendar: WorkingDays = WEEKENDS_ONLY
    unit_names: Mapping[str, str] = {}
    area_codes: Mapping[str, str] = {}
    matter: Callable[[str], Matter | None] = _no_matter
