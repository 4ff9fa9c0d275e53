"""The sample county's deputies: invented, and read from `roster/` beside this file."""

from functools import cache
from pathlib import Path

from deputies.deputies import DEPUTIES, Deputy
from stations.roster_files import read_roster

ROSTER = Path(__file__).with_name("roster")


@cache
def _deputies() -> tuple[Deputy, ...]:
    return tuple(read_roster(DEPUTIES, ROSTER))


def sample_deputies() -> list[Deputy]:
    """Return the sample county's deputies of all five levels, by id."""
    return list(_deputies())
