"""What the hub takes in of a station's events, by a table that is written down by hand."""

from typing import Any

import msgspec
import pytest

from deputies.activities import Activity
from deputies.shifts import Shift
from eventlog.events import Event
from matters.commands import COMMANDS
from matters.documents.document import DocumentEvent
from matters.nodes.acceptance import why_not
from matters.sessions.acts import SessionEvent
from matters.terms import MatterEvent, RecordEvent, Role
from stations.register_log import subject_of
from tests.eventlog.notes import START_MS
from tests.matters.nodes.test_concerns import PLACES
from tests.matters.table import TABLE

# What stands beside commands: by whom a station may write it.
FACTS = {
    "matter.raised": "villager liaison deputy",
    "matter.messaged": "villager liaison deputy",
    "matter.echoed": "liaison deputy",
    "matter.echo_rated": "villager liaison deputy",
    "attempt.refused": "liaison deputy",
    "contact.read": "liaison",
}
HUB_ONLY = [
    *("matter.imported", "matter.answer_imported", "matter.joined", "matter.parted"),
    *("matter.limit_moved", "matter.escalated", "matter.lapsed", "matter.renumbered"),
    "matter.timed",
    *("import.started", "import.approved", "handover.held"),
    *(str(one) for one in (*SessionEvent, *DocumentEvent)),
]
AT_STATIONS = ("villager", "liaison", "deputy")


def event(type: str, by: str, *, subject: bytes = b"s" * 16, **data: Any) -> Event:
    return Event(
        1, b"l" * 8, 1, bytes(32), b"i" * 16, subject, type, 3, START_MS, by, data, {}
    )  # fmt: skip


def judged(type: str, by: str, **more: Any) -> str:
    return why_not(event(type, by), station="town", places=PLACES, **more)


def expected_of(roles: str, role: str) -> str:
    if not set(roles.split()) & set(AT_STATIONS):
        return "hub-only"
    return "" if role in AT_STATIONS and role in roles.split() else "not-a-stations-role"


@pytest.mark.parametrize("name", sorted(COMMANDS))
@pytest.mark.parametrize("role", Role)
def test_a_station_writes_what_its_people_may(name: str, role: str) -> None:
    expected = expected_of(TABLE[name][0], role)
    for by in (role, f"{role}:a1"):
        assert judged(COMMANDS[name].type, by) == expected


@pytest.mark.parametrize("role", [*Role, "", "mayor"])
def test_facts_and_records(role: str) -> None:
    for type, roles in FACTS.items():
        assert judged(type, f"{role}:a1") == expected_of(roles, role), type
    for type in HUB_ONLY:
        assert judged(type, f"{role}:a1") == "hub-only", type


def test_the_tables_hold_every_type() -> None:
    types = {str(command.type) for command in COMMANDS.values()} | set(FACTS) | set(HUB_ONLY)
    assert {*MatterEvent, *RecordEvent} <= types


@pytest.mark.parametrize("type", ["matter.sung", "weather.told", "account.added", "shift.sung", ""])
@pytest.mark.parametrize("role", ["liaison:l1", "office:o1", "emperor"])
def test_what_is_not_known_here_is_taken_in(type: str, role: str) -> None:
    assert judged(type, role) == ""


def test_a_subject_stays_what_it_is_at_the_hub() -> None:
    for type in ("matter.raised", "matter.sung", "attempt.refused"):
        assert judged(type, "liaison:l1", noun="county") == "wrong-subject"
    assert judged("matter.raised", "liaison:l1", noun="matter") == ""
    assert judged("weather.told", "liaison:l1", noun="county") == ""


def json_of(record: msgspec.Struct) -> str:
    return msgspec.json.encode(record).decode()


def edited(
    verb: str, record: Any, *, by: str = "liaison:l1", noun: str = "shift", **more: Any
) -> str:
    """Return the judgement on a change of a record with the id `x`."""
    found = event(f"{noun}.{verb}", by, subject=subject_of(noun, "x"), id="x")
    texts: dict[str, Any] = {
        name: value if value is None or isinstance(value, str) else json_of(value)
        for name, value in {"record": record, **more}.items()
    }
    return why_not(found, station="town", places=PLACES, **texts)


def shift(station: str, id: str = "x") -> Shift:
    return Shift(id=id, station=station, date="2026-12-02")


def activity(station: str) -> Activity:
    return Activity(id="x", date="2026-12-02", title="走访", station=station)


@pytest.mark.parametrize("station", ["town", "north"])
def test_a_liaison_officer_edits_what_is_of_the_own_station(station: str) -> None:
    assert edited("set", shift(station)) == ""
    assert edited("set", activity(station), noun="activity") == ""
    assert edited("set", shift(station), standing=shift("town")) == ""
    assert edited("removed", None, standing=shift(station)) == ""
    assert edited("removed", None) == ""


@pytest.mark.parametrize("station", ["trade", "house", ""])
def test_what_is_of_another_station_is_none_of_theirs(station: str) -> None:
    assert edited("set", activity(station), noun="activity") == "other-station"
    assert edited("set", shift("town"), standing=shift(station)) == "other-station"
    assert edited("removed", None, standing=shift(station)) == "other-station"


def test_an_edit_that_can_not_be_judged_is_not_folded() -> None:
    assert edited("set", None) == edited("set", "{") == edited("set", '{"id": 5}') == "no-record"
    assert edited("set", shift("town", id="y")) == "no-record"
    assert edited("set", shift("town"), standing="[]") == "no-record"
    elsewhere = event("shift.set", "liaison:l1", id="x")
    found = why_not(elsewhere, station="town", places=PLACES, record=json_of(shift("town")))
    assert found == "wrong-subject"


def test_the_county_s_own_registers_are_not_for_stations() -> None:
    for noun in ("station", "deputy", "rule", "county", "page", "day"):
        for verb in ("set", "removed"):
            assert edited(verb, shift("town"), noun=noun) == "hub-only"
    for by in ("office:o1", "deputy:d1", "villager", "system", "admin:a1"):
        assert edited("set", shift("town"), by=by) == "not-a-stations-role"
