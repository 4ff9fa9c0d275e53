"""Which stations a matter concerns, what goes to all of them, and what to a higher hub."""

from pathlib import Path
from typing import Any

import pytest

from matters.lifecycle import fold
from matters.matter import Matter
from matters.nodes.concerns import REACH, Places, Reach, is_referred_up, reaches_all, stations_of
from matters.registers.routes import Route, RouteKind
from matters.terms import MatterEvent
from tests.matters.county import KNOWN, History, commanded, matter_of, open_county, raised

COUNTY, TOWN, NORTH, SOUTH, FAR = (
    *("990102000000", "990102001000", "990102001001", "990102001002"),
    "990102002001",
)
PLACES = Places(
    parents={"north": "town"},
    above={TOWN: COUNTY, NORTH: TOWN, SOUTH: TOWN, FAR: COUNTY, "loop": "loop"},
    serving={
        TOWN: frozenset({"town"}),
        NORTH: frozenset({"north"}),
        COUNTY: frozenset({"house"}),
        "loop": frozenset({"looping"}),
    },
    seats={"li": frozenset({"north"}), "wang": frozenset({"south", "trade"})},
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"station": "trade"}, "trade"),
        # A point's matters are its station's, but not the other way round.
        ({"station": "north"}, "north town"),
        ({"station": "town"}, "town"),
        ({"station": "unheard-of"}, "unheard-of"),
        ({"area": NORTH}, "north town house"),
        ({"area": SOUTH}, "town house"),
        ({"area": TOWN}, "town house"),
        ({"area": COUNTY}, "house"),
        ({"area": FAR}, "house"),
        ({"area": "990199001001"}, ""),
        ({"area": "loop"}, "looping"),
        ({"deputy": "wang"}, "south trade"),
        ({"deputy": "nobody"}, ""),
        ({"deputy": "li", "station": "trade", "area": FAR}, "north trade house"),
    ],
)
def test_which_stations_a_matter_concerns(fields: dict[str, Any], expected: str) -> None:
    assert stations_of(Matter(id=b"m" * 16, **fields), PLACES) == set(expected.split())


def test_where_the_registers_are_empty_only_its_own_station_is_concerned() -> None:
    nowhere = Places({}, {}, {}, {})
    assert stations_of(Matter(id=b"m" * 16, area=NORTH, deputy="li"), nowhere) == set()
    assert stations_of(Matter(id=b"m" * 16, station="town"), nowhere) == {"town"}


def test_a_point_is_of_its_station() -> None:
    assert PLACES.is_of("north", "town") and PLACES.is_of("town", "town")
    assert not PLACES.is_of("town", "north") and not PLACES.is_of("", "") and PLACES.is_of("x", "x")


def test_registers_go_everywhere_and_matters_where_they_concern() -> None:
    nouns = (
        *("area", "station", "deputy", "unit", "category", "county", "body"),
        *("route", "template", "rule", "day", "shift", "activity", "page"),
    )
    assert {noun for noun in REACH if reaches_all(noun)} == {*nouns}
    assert {noun for noun, reach in REACH.items() if reach is Reach.BY_MATTER} == {"matter"}
    assert not reaches_all("weather")


@pytest.mark.parametrize("kind", [RouteKind.HIGHER, RouteKind.PETITION])
def test_what_is_referred_to_a_higher_level_goes_up(tmp_path: Path, kind: RouteKind) -> None:
    log = open_county(tmp_path)
    route = Route(id="city", name="市人大常委会", kind=kind)
    known = KNOWN._replace(routes={route.id: route})
    for to, on_the_list in ((route.id, True), (route.name, True), ("省里", False)):
        number = raised(log).number
        assert not is_referred_up(matter_of(log, number))
        matter = commanded(log, number, "refer", known=known, to=to, reason="不归县里管")
        assert is_referred_up(matter) == (on_the_list and kind is RouteKind.HIGHER)
    log.stop()


def test_a_contested_referral_goes_up_only_once_it_is_kept() -> None:
    history = History().at("assigned")
    history.add(MatterEvent.REFERRED, {"higher": True}, id=b"\x01" * 16)
    assert not is_referred_up(fold(history.events))
    history.add(MatterEvent.RESOLVED, {"event": b"\x01" * 16, "keep": "yes"})
    assert is_referred_up(fold(history.events))
