"""Who may do what, and when: every cell of role × command × state, and what else a rule asks.

What is expected stands in `table.py`, written down from CONTRACT and not read off the code.
"""

import pytest

from acts.refusals import BadFields, NotThisRole, Refusal, Stale
from eventlog.projections import encode_state
from matters.actors import Actor
from matters.commands import COMMANDS
from matters.lifecycle import decide, fold, possible
from matters.matter import Matter
from matters.terms import Desk, Role, State
from tests.eventlog.notes import START_MS
from tests.matters.county import (
    DEPUTY,
    DEPUTY_ELSEWHERE,
    GOOD_FIELDS,
    KNOWN,
    LIAISON,
    LIAISON_ELSEWHERE,
    OFFICE,
    ROADS,
    History,
)
from tests.matters.table import (
    ANY,
    ASSIGNED,
    CASES,
    PEOPLE,
    TABLE,
    Case,
    Person,
    history_of,
    matter_of,
    now_of,
    refusal_of,
)

OTHER = fold(History(number="0000000017").events)
WORLD = KNOWN._replace(matter=lambda number: OTHER if number == OTHER.number else None)
MATTERS = {case: matter_of(case) for case in CASES}


def outcome(
    matter: Matter, name: str, actor: Actor, now_ms: int = START_MS, seen: int | None = None
) -> str:
    """Return the code of what refuses the command, "" where it gives its one draft."""
    command, fields = COMMANDS[name], GOOD_FIELDS.get(name, {})
    try:
        draft = decide(matter, command, fields, actor=actor, known=WORLD, now_ms=now_ms, seen=seen)
    except Refusal as refusal:
        return refusal.code
    assert (draft.type, draft.subject) == (command.type, matter.id)
    assert not draft.secret and not set(draft.words) & set(draft.data)
    return ""


def test_the_table_says_what_the_code_offers() -> None:
    assert set(TABLE) == set(COMMANDS) == set(GOOD_FIELDS) | {"accept"}
    assert {person.actor.role for person in PEOPLE.values()} == set(Role)
    assert {case.state for case in CASES} == set(ANY.split()) == set(State)
    types = [command.type for command in COMMANDS.values()]
    assert len(set(types)) == len(types)
    assert all(command.name == name for name, command in COMMANDS.items())


@pytest.mark.req("L01")
@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("name", TABLE)
def test_every_cell_of_the_table(name: str, person: str) -> None:
    found: dict[Case, str] = {}
    expected: dict[Case, str] = {}
    for case, matter in MATTERS.items():
        actor, now_ms = PEOPLE[person].actor, now_of(case)
        before = encode_state(matter)
        found[case] = outcome(matter, name, actor, now_ms)
        expected[case] = refusal_of(PEOPLE[person], name, case)
        offered = possible(matter, COMMANDS[name], actor, WORLD, now_ms)
        assert offered is (found[case] in ("", "bad-fields")), case
        # To ask, and to be refused, changes nothing.
        assert encode_state(matter) == before, case
    assert found == expected


@pytest.mark.parametrize("name", TABLE)
def test_what_was_decided_leads_where_the_table_says(name: str) -> None:
    roles, states, to = TABLE[name]
    doers = [person.actor for person in PEOPLE.values() if not refused_by_who(person, name)]
    went = 0
    for case in CASES:
        history, now_ms = history_of(case), now_of(case)
        before = fold(history.events)
        fields = GOOD_FIELDS.get(name, {})
        try:
            draft = decide(
                before, COMMANDS[name], fields, actor=doers[0], known=WORLD, now_ms=now_ms
            )
        except Refusal:
            if case.state not in states.split():
                # An event that nobody could decide here, as from another node, is contested.
                after = fold(history.add(COMMANDS[name].type, ASSIGNED, at=now_ms).events)
                assert (after.state, after.desk) == (before.state, before.desk)
                assert len(after.contested) == len(before.contested) + 1
            continue
        after = fold(history.add(draft.type, dict(draft.data), at=now_ms).events)
        if name == "resolve":
            to = "replied" if case.state == "received" else "adopted"
            assert not after.contested
        assert after.state == (to or case.state), case
        assert len(after.contested) == len(before.contested) - (name == "resolve"), case
        assert after.version == before.version + 1
        went += 1
    assert went and roles


def refused_by_who(person: Person, name: str) -> bool:
    dispatched = Case("in_hand" if name != "accept" else "assigned")
    return refusal_of(person, name, dispatched) == "not-this-role"


def test_refusals_come_in_one_order() -> None:
    received = MATTERS[Case("received", answered=True)]
    # Neither role nor page nor state is right: the role is told first, then the page.
    assert outcome(received, "close", ROADS, seen=9) == "not-this-role"
    assert outcome(received, "close", OFFICE, seen=9) == "stale" and Stale.status == 409
    assert outcome(received, "close", OFFICE, seen=received.version) == "not-from-this-state"
    assert NotThisRole.status == 403 and BadFields.status == 422
    without = MATTERS[Case("replied", consent=False)]
    for fields in ({}, GOOD_FIELDS["publish"]):
        with pytest.raises(Refusal) as caught:
            decide(
                without,
                COMMANDS["publish"],
                fields,
                actor=OFFICE,
                known=WORLD,
                now_ms=START_MS,
            )
        assert caught.value.code == "no-consent"


@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
def test_a_stale_page_is_noticed(off: int) -> None:
    matter = MATTERS[Case("replied")]
    expected = "" if off == 0 else "stale"
    assert outcome(matter, "close", OFFICE, seen=matter.version + off) == expected


def test_a_liaison_officer_and_a_deputy_act_for_their_own() -> None:
    matter = fold(History().events)
    assert outcome(matter, "answer", LIAISON) == outcome(matter, "answer", DEPUTY) == ""
    matter.area = ""
    assert outcome(matter, "answer", LIAISON) == ""
    assert outcome(matter, "answer", DEPUTY) == "not-this-role"
    matter.station = ""
    for actor in (LIAISON, LIAISON_ELSEWHERE, Actor(Role.LIAISON, stations=frozenset({""}))):
        assert outcome(matter, "answer", actor) == "not-this-role"
    matter.deputy = "wang"
    assert outcome(matter, "answer", DEPUTY_ELSEWHERE) == ""


def test_no_matter_that_has_not_ended_is_on_no_desk() -> None:
    ended = {"closed", "referred", "declined"}
    for case, matter in MATTERS.items():
        told = case.state == "merged" and case.answered
        assert (matter.desk is Desk.NONE) == (case.state in ended or told), case
