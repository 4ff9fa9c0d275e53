"""The sample county's areas, stations and calendar, read from `roster/` beside this file.

The county is invented; the days off are the true ones.
"""

from functools import cache
from pathlib import Path

from stations.areas import AREAS, Area
from stations.registers import Registers
from stations.roster_files import read_roster, read_table_roster
from stations.stations import STATIONS, Station
from stations.working_days import DAYS, SpecialDay

ROSTER = Path(__file__).with_name("roster")


@cache
def sample_areas() -> tuple[Area, ...]:
    """Return the sample county, its townships and villages, each after the one above it."""
    return tuple(read_table_roster(AREAS, ROSTER / "areas.csv", Registers()))


@cache
def sample_stations() -> tuple[Station, ...]:
    """Return the sample county's stations and points, by id."""
    return tuple(read_roster(STATIONS, ROSTER))


@cache
def sample_days() -> tuple[SpecialDay, ...]:
    """Return the days off and make-up workdays of 2026, and the fixed days off of 2027."""
    # 2026 is whole: the State Council's arrangement, 国办发明电〔2025〕7号. Of 2027 only the days
    # off that the regulation itself fixes (国务院令第795号) are in it, without the days that are
    # moved and worked for them: the arrangement was not out when this was written.
    return tuple(read_table_roster(DAYS, ROSTER / "days.csv", Registers()))
