"""What the registers say of places, by which a station is sent what its people may see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputies.deputies import Deputy, Level
from matters.actors import may_see
from matters.matter import Matter
from matters.nodes.concerns import REACH, reaches_all, stations_of
from matters.terms import Role
from server.command_line.folders import opened
from server.county.county_registers import (
    ALL,
    CountyRegisters,
    RegisterCache,
    places_of,
    read_all,
)
from server.data_folder import projections
from server.people.accounts import Account
from server.people.actors import actor_for
from server.registers.sample import seed_sample
from stations.areas import Area, AreaKind
from stations.register_log import set_record
from stations.stations import STATIONS as STATION_REGISTER
from stations.stations import Station, StationKind
from tests.matters.nodes.test_concerns import COUNTY, FAR, NORTH, PLACES, SOUTH, TOWN

AREAS = {
    code: Area(id=code, name=code, kind=AreaKind.VILLAGE, parent=parent)
    for code, parent in {
        COUNTY: "",
        TOWN: COUNTY,
        NORTH: TOWN,
        SOUTH: TOWN,
        FAR: COUNTY,
        "loop": "loop",
    }.items()
}
STATIONS = {
    id: Station(id=id, name=id, kind=StationKind.STATION, area=TOWN, serves=serves, parent=parent)
    for id, serves, parent in (
        ("town", (TOWN,), ""),
        ("north", (NORTH,), "town"),
        ("south", (), ""),
        ("house", (COUNTY,), ""),
        ("trade", (), ""),
        ("looping", ("loop",), ""),
    )
}
DEPUTIES = {
    id: Deputy(id=id, name=id, level=Level.COUNTY, constituency="", areas=(), stations=stations)
    for id, stations in (("li", ("north",)), ("wang", ("south", "trade")), ("zhao", ()))
}


def account(role: Role, *, station: str = "", deputy: str = "") -> Account:
    return Account("1", "甲", role, station, "", deputy, "", "", False)


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> CountyRegisters:
    """The registers of an empty county, with these places."""
    with opened(tmp_path_factory.mktemp("empty")) as log, log.reading() as connection:
        found = read_all(connection)
    return found._replace(areas=AREAS, stations=STATIONS, deputies=DEPUTIES)


def test_places_are_made_of_the_registers() -> None:
    assert places_of(AREAS, STATIONS, DEPUTIES) == PLACES


matters = st.builds(
    Matter,
    id=st.just(b"m" * 16),
    station=st.sampled_from(["", "unheard-of", *STATIONS]),
    area=st.sampled_from(["", "990199001001", *AREAS]),
    deputy=st.sampled_from(["", "nobody", *DEPUTIES]),
)


@given(matter=matters)
def test_a_station_has_what_its_people_may_see(registers: CountyRegisters, matter: Matter) -> None:
    concerned = stations_of(matter, PLACES)
    seats = PLACES.seats.get(matter.deputy, frozenset())
    seen = {
        station
        for station in (*STATIONS, "unheard-of")
        if may_see(actor_for(registers, account(Role.LIAISON, station=station)), matter)
    }
    # No station less, and none more than those at which the deputy sits whom it names.
    assert seen | seats == concerned
    if seats:
        assert may_see(actor_for(registers, account(Role.DEPUTY, deputy=matter.deputy)), matter)


def test_every_noun_that_a_node_folds_has_a_reach() -> None:
    assert {projection.noun for projection in projections()} <= set(REACH)
    assert all(reaches_all(register.noun) for register in ALL)
    assert sum(map(reaches_all, REACH)) == len(ALL)


def test_they_change_with_the_registers(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("sample")
    with opened(folder) as log:
        seed_sample(log, folder)
        cache = RegisterCache(log)
        before = cache.current().places
        assert before.seats and before.serving and before.parents and before.above
        assert cache.current().places is before
        new = Station(id="new", name="新站", kind=StationKind.STATION, area="", serves=(NORTH,))
        log.write(lambda t: set_record(t, STATION_REGISTER.noun, new, by="system"))
        cache.changed()
        assert cache.current().places.serving[NORTH] == {"new"}
