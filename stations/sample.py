"""The sample county's areas and stations: invented, and read from `roster/` beside this file."""

from functools import cache
from pathlib import Path

from stations.areas import AREAS, Area
from stations.registers import Registers
from stations.roster_files import read_roster, read_table_roster
from stations.stations import STATIONS, Station

ROSTER = Path(__file__).with_name("roster")


@cache
def _areas() -> tuple[Area, ...]:
    return tuple(read_table_roster(AREAS, ROSTER / "areas.csv", Registers()))


@cache
def _stations() -> tuple[Station, ...]:
    return tuple(read_roster(STATIONS, ROSTER))


def sample_areas() -> list[Area]:
    """Return the sample county, its townships and villages, each after the one above it."""
    return list(_areas())


def sample_stations() -> list[Station]:
    """Return the sample county's stations and points, by id."""
    return list(_stations())
