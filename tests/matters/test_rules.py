"""Who may do what, and when: every cell of role × command × state, read off the one table."""

import pytest

from matters.actors import VILLAGER, Actor
from matters.command import Command
from matters.commands import COMMANDS
from matters.lifecycle import decide, fold, possible
from matters.matter import Matter
from matters.refusals import (
    BadFields,
    NoConsent,
    NotFromThisState,
    NotThisRole,
    Refusal,
    Stale,
)
from matters.terms import Publicity, Role, State
from tests.matters.county import (
    ADMIN,
    DEPUTY,
    DEPUTY_ELSEWHERE,
    GOOD_FIELDS,
    KNOWN,
    LIAISON,
    LIAISON_ELSEWHERE,
    OFFICE,
    ROADS,
    WATER,
    History,
)

BY_ROLE = {
    Role.VILLAGER: VILLAGER,
    Role.LIAISON: LIAISON,
    Role.DEPUTY: DEPUTY,
    Role.OFFICE: OFFICE,
    Role.UNIT: ROADS,
    Role.ADMIN: ADMIN,
    Role.SYSTEM: Actor(Role.SYSTEM),
}
# No command leads to `merged` yet; a matter in that state is made by hand.
REACHABLE = [state for state in State if state is not State.MERGED]


def matter_in(state: State) -> Matter:
    """Return a matter in a state, with consent, published and with `roads` as its lead."""
    if state is State.MERGED:
        matter = fold(History(publish=True).at("assigned").events)
        matter.state = State.MERGED
    else:
        matter = fold(History(publish=True).at(state).events)
    assert matter.state is state and not matter.contested
    matter.lead, matter.publicity = "roads", Publicity.PUBLISHED
    return matter


def outcome(
    matter: Matter, command: Command, actor: Actor, seen: int | None = None
) -> type[Refusal] | None:
    """Return what refuses the command, or None where it gives its one draft."""
    fields = GOOD_FIELDS.get(command.name, {})
    try:
        draft = decide(matter, command, fields, actor=actor, known=KNOWN, seen=seen)
    except Refusal as refusal:
        return type(refusal)
    assert (draft.type, draft.subject) == (command.type, matter.id)
    assert not draft.secret and not set(draft.words) & set(draft.data)
    return None


@pytest.mark.req("L01")
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("role", Role)
def test_every_cell_of_the_table(role: Role, name: str, state: State) -> None:
    command, matter, actor = COMMANDS[name], matter_in(state), BY_ROLE[role]
    found = outcome(matter, command, actor)
    if role not in command.roles:
        assert found is NotThisRole and NotThisRole.status == 403
    elif state not in command.states:
        assert found is NotFromThisState and NotFromThisState.status == 409
    else:
        assert found is None
    assert possible(matter, command, actor) is (found is None)


@pytest.mark.parametrize("state", REACHABLE)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_was_decided_leads_where_the_table_says(name: str, state: State) -> None:
    command = COMMANDS[name]
    history = History(publish=True).at(state)
    if name == "withdraw" and state in COMMANDS["publish"].states:
        history.add("matter.published")
    before = fold(history.events)
    after = fold(history.add(command.type, {"lead": "roads", "limit": "P1M"}).events)
    if state in command.states and not (name == "withdraw" and before.publicity != "published"):
        assert after.state is (command.to or state) and not after.contested
    else:
        assert after.state is before.state
        assert [step.type for step in after.contested] == [command.type]
    assert after.version == before.version + 1


def test_refusals_come_in_one_order() -> None:
    received, command = matter_in(State.RECEIVED), COMMANDS["reply"]
    # Neither role nor page nor state is right: the role is told first, then the page.
    assert outcome(received, command, WATER, seen=9) is NotThisRole
    assert outcome(received, command, ROADS, seen=9) is Stale and Stale.status == 409
    assert outcome(received, command, ROADS, seen=0) is NotFromThisState
    reported = matter_in(State.REPLIED)
    reported.publish = False
    assert outcome(reported, COMMANDS["publish"], OFFICE) is NoConsent
    with pytest.raises(NoConsent):
        decide(reported, COMMANDS["publish"], {}, actor=OFFICE, known=KNOWN)
    with pytest.raises(BadFields):
        decide(matter_in(State.ASSIGNED), command, {}, actor=ROADS, known=KNOWN)


@pytest.mark.parametrize("seen", [-1, 0, 1, 2, 3, 4])
def test_a_stale_page_is_noticed(seen: int) -> None:
    matter = matter_in(State.REPLIED)
    assert matter.version == 2
    expected = None if seen == 2 else Stale
    assert outcome(matter, COMMANDS["close"], OFFICE, seen) is expected


@pytest.mark.parametrize("name", [name for name in COMMANDS if Role.UNIT in COMMANDS[name].roles])
def test_only_the_lead_unit_decides(name: str) -> None:
    command = COMMANDS[name]
    matter = matter_in(State.ASSIGNED)
    matter.assisting = ("water",)
    assert outcome(matter, command, ROADS) is None
    assert outcome(matter, command, WATER) is (NotThisRole if command.only_lead else None)
    for stranger in (Actor(Role.UNIT, "u3", unit="schools"), Actor(Role.UNIT, "u4")):
        assert outcome(matter, command, stranger) is NotThisRole


@pytest.mark.parametrize("name", ["answer", "rate"])
def test_a_liaison_officer_acts_for_their_own_station_and_areas(name: str) -> None:
    matter = matter_in(State.RECEIVED if name == "answer" else State.REPLIED)
    assert outcome(matter, COMMANDS[name], LIAISON) is None
    assert outcome(matter, COMMANDS[name], LIAISON_ELSEWHERE) is NotThisRole
    matter.area = ""
    assert outcome(matter, COMMANDS[name], LIAISON) is None
    matter.station = ""
    for actor in (LIAISON, LIAISON_ELSEWHERE, Actor(Role.LIAISON, stations=frozenset({""}))):
        assert outcome(matter, COMMANDS[name], actor) is NotThisRole


@pytest.mark.parametrize("name", ["adopt", "answer", "rate"])
def test_a_deputy_acts_for_their_own_people(name: str) -> None:
    matter = matter_in(State.REPLIED if name == "rate" else State.RECEIVED)
    assert outcome(matter, COMMANDS[name], DEPUTY) is None
    assert outcome(matter, COMMANDS[name], DEPUTY_ELSEWHERE) is NotThisRole
    matter.deputy = "wang"
    assert outcome(matter, COMMANDS[name], DEPUTY_ELSEWHERE) is None


def test_withdrawing_needs_something_to_withdraw() -> None:
    matter = matter_in(State.REPLIED)
    for publicity, expected in (
        (Publicity.PUBLISHED, None),
        (Publicity.DRAFT, None),
        (Publicity.NONE, NotFromThisState),
        (Publicity.WITHDRAWN, NotFromThisState),
    ):
        matter.publicity = publicity
        assert outcome(matter, COMMANDS["withdraw"], OFFICE) is expected


def test_the_table_covers_every_type_that_a_command_writes() -> None:
    assert set(GOOD_FIELDS) | {"accept"} == set(COMMANDS)
    assert all(command.name == name for name, command in COMMANDS.items())
    types = [command.type for command in COMMANDS.values()]
    assert len(set(types)) == len(types)
