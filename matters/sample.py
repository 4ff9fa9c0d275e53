"""The sample county itself, what it keeps in `matters`, and its registers all together."""

from pathlib import Path

from deputies.activities import ACTIVITIES
from deputies.deputies import DEPUTIES
from deputies.sample import sample_activities, sample_deputies, sample_shifts
from deputies.shifts import SHIFTS
from matters.registers.bodies import BODIES, Body
from matters.registers.categories import CATEGORIES, Category
from matters.registers.county import COUNTIES, County
from matters.registers.pages import PAGES, Page
from matters.registers.routes import ROUTES, Route
from matters.registers.rules import DEFAULT_RULES, RULES
from matters.registers.templates import TEMPLATES, ReplyTemplate
from matters.registers.units import UNITS, Unit
from stations.areas import AREAS
from stations.registers import Registers
from stations.roster_files import read_roster, read_table_roster
from stations.sample import sample_areas, sample_days, sample_stations
from stations.stations import STATIONS
from stations.working_days import DAYS

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


def sample_bodies() -> list[Body]:
    """Return the sample county's standing committee, and the presidium of each township."""
    areas = Registers().with_records(AREAS, sample_areas())
    return read_table_roster(BODIES, ROSTER / "bodies.csv", areas)


def sample_routes() -> list[Route]:
    """Return where the sample county's people go with what the county can't settle."""
    return read_table_roster(ROUTES, ROSTER / "routes.csv", Registers())


def sample_templates() -> list[ReplyTemplate]:
    """Return the sample county's templates for replies, most of them for every unit."""
    units = Registers().with_records(UNITS, sample_units())
    return read_table_roster(TEMPLATES, ROSTER / "templates.csv", units)


def sample_pages() -> list[Page]:
    """Return the pages that the sample county writes about its campaign, by id."""
    return read_roster(PAGES, ROSTER / "pages")


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
        .with_records(BODIES, sample_bodies())
        .with_records(ROUTES, sample_routes())
        .with_records(TEMPLATES, sample_templates())
        .with_records(RULES, [DEFAULT_RULES])
        .with_records(DAYS, sample_days())
        .with_records(SHIFTS, sample_shifts())
        .with_records(ACTIVITIES, sample_activities())
        .with_records(PAGES, sample_pages())
    )
