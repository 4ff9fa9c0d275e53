"""The sample county itself, its units and categories, and its registers all together."""

from pathlib import Path

from deputies.deputies import DEPUTIES
from deputies.sample import sample_deputies
from matters.categories import CATEGORIES, Category
from matters.county import COUNTIES, County
from matters.units import UNITS, Unit
from stations.areas import AREAS
from stations.registers import Registers
from stations.roster_files import read_roster, read_table_roster
from stations.sample import sample_areas, sample_stations
from stations.stations import STATIONS

ROSTER = Path(__file__).with_name("roster")


def sample_county() -> County:
    """Return the sample county, marked as a sample."""
    return read_roster(COUNTIES, ROSTER)[0]


def sample_units() -> list[Unit]:
    """Return the sample county's handling units, in the order of its list."""
    areas = Registers().with_records(AREAS, sample_areas())
    return read_table_roster(UNITS, ROSTER / "units.csv", areas)


def sample_categories() -> list[Category]:
    """Return the sample county's categories, in the order of its list."""
    return read_table_roster(CATEGORIES, ROSTER / "categories.csv", Registers())


def sample_registers() -> Registers:
    """Return all registers of the sample county."""
    return (
        Registers()
        .with_records(AREAS, sample_areas())
        .with_records(STATIONS, sample_stations())
        .with_records(DEPUTIES, sample_deputies())
        .with_records(UNITS, sample_units())
        .with_records(CATEGORIES, sample_categories())
        .with_records(COUNTIES, [sample_county()])
    )
