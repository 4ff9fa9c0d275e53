"""The sample county's deputies: invented, and read from `roster/` beside this file."""

from functools import cache
from pathlib import Path

from deputies.activities import ACTIVITIES, Activity
from deputies.deputies import DEPUTIES, Deputy
from deputies.shifts import SHIFTS, Shift
from stations.registers import Registers
from stations.roster_files import read_roster, read_table_roster
from stations.sample import sample_stations
from stations.stations import STATIONS

ROSTER = Path(__file__).with_name("roster")


@cache
def sample_deputies() -> tuple[Deputy, ...]:
    """Return the sample county's deputies of all five levels, by id."""
    return tuple(read_roster(DEPUTIES, ROSTER))


def _registers() -> Registers:
    return (
        Registers()
        .with_records(STATIONS, sample_stations())
        .with_records(DEPUTIES, sample_deputies())
    )


def sample_shifts() -> list[Shift]:
    """Return the sample county's substitutions."""
    return read_table_roster(SHIFTS, ROSTER / "shifts.csv", _registers())


def sample_activities() -> list[Activity]:
    """Return what the sample county's deputies did."""
    return read_table_roster(ACTIVITIES, ROSTER / "activities.csv", _registers())
